import { refuseSettings } from "../../provider/src/mariadb/refusedSettings";
import type { Server } from "../../provider/src/mariadb/server";
import { RECIPE_DATABASE, RECIPE_PATTERNS, wildDoTables } from "../../provider/src/recipe/filters";
import { likelyMisspelt, nodeSettings, settingRefusals } from "../../provider/src/recipe/settings/ofNode";
import { parseOptionFile } from "../../provider/src/recipe/settings/optionFile";
import { optionName, profileValues, SETTINGS, settingOf } from "../../provider/src/recipe/settings/table";
import { refusal, sameValue, toValue } from "../../provider/src/recipe/settings/values";
import { Version } from "../../provider/src/recipe/version";
import { optionFile } from "../support/recipeText";

const NUMBERS = [1, 2] as const;
const node = (nodeNumber: number) => ({
  nodeNumber,
  bindAddress: "*",
  patterns: wildDoTables([RECIPE_DATABASE], RECIPE_PATTERNS),
});

/** The recipe's file as the server reads it: values by option, those of an option given several times together. */
function recipeValues(number: 1 | 2): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const item of parseOptionFile("my.cnf", optionFile(number))) {
    if ("option" in item) values.set(item.option, [...(values.get(item.option) ?? []), item.value ?? "ON"]);
  }
  return values;
}

describe.each(NUMBERS)("the vendor profile of node %d", (number) => {
  const recipe = recipeValues(number);
  const vendor = profileValues("vendor", node(number));

  test("the recipe's file was read whole", () => {
    const lines = optionFile(number)
      .split("\n")
      .filter((line) => /^\w/.test(line));
    expect([...recipe.values()].flat().length).toBe(lines.length);
    expect(lines.length).toBeGreaterThan(20);
  });

  test.each([...recipe])("has the recipe's %s", (option, values) => {
    const kind = settingOf(option)?.kind;
    const wanted = vendor.get(option);
    if (!kind || wanted === undefined) throw new Error(`the profile lacks ${option}`);
    expect({
      wanted,
      same: sameValue(kind, toValue(kind, values.length > 1 ? values : (values[0] ?? "")), wanted),
    }).toEqual({
      wanted,
      same: true,
    });
  });

  test("adds to the recipe only what it needs in order to work", () => {
    expect([...vendor.keys()].filter((option) => !recipe.has(option))).toEqual([
      "slave_connections_needed_for_purge",
      "bind_address",
    ]);
  });
});

test("the two nodes differ in the three lines that the recipe marks, and in no other", () => {
  const [one, two] = NUMBERS.map((number) => profileValues("vendor", node(number)));
  const differing = [...(one ?? [])].filter(([option, value]) => String(two?.get(option)) !== String(value));
  expect(differing.map(([option]) => option)).toEqual(["server_id", "gtid_domain_id", "auto_increment_offset"]);
});

test("the hardened profile changes no value of the recipe, it only sets what the recipe leaves open", () => {
  const vendor = profileValues("vendor", node(1));
  const hardened = profileValues("hardened", node(1));
  for (const [option, value] of vendor) expect([option, hardened.get(option)]).toEqual([option, value]);
  expect([...hardened.keys()].filter((option) => !vendor.has(option)).sort()).toEqual([
    "gtid_strict_mode",
    "innodb_lock_wait_timeout",
    "rpl_semi_sync_master_timeout",
    "rpl_semi_sync_master_wait_point",
    "slave_net_timeout",
    "sync_binlog",
  ]);
});

describe("each row of the table", () => {
  test.each(SETTINGS.map((setting) => [setting.option, setting] as const))(
    "%s says why it is there and where it comes from",
    (_option, setting) => {
      expect(setting.why.length).toBeGreaterThan(10);
      expect(setting.why).not.toMatch(/[\n\r]/);
      expect(setting.source).not.toBe("");
    },
  );

  test("has a name of its own, in the form in which names are looked up", () => {
    const names = SETTINGS.map(({ option }) => option);
    expect(new Set(names).size).toBe(names.length);
    expect(names.map(optionName)).toEqual(names);
  });

  const VALUES = SETTINGS.flatMap(({ option, kind, vendor, hardened, refuses }) =>
    NUMBERS.flatMap((number) => [vendor?.(node(number)), hardened?.(node(number))])
      .filter((value) => value !== undefined)
      .map((value) => ({ option, kind, value, refuses })),
  );
  test.each(VALUES)(
    "$option: no profile has a value that the table itself refuses: $value",
    ({ kind, value, refuses }) => {
      expect(refusal(kind, value)).toBeUndefined();
      expect(typeof value === "string" ? refuses?.(value) : undefined).toBeUndefined();
    },
  );

  test("that bounds another or has a severity names an option of the table, and a risk", () => {
    for (const { atMost } of SETTINGS) expect(atMost === undefined || settingOf(atMost) !== undefined).toBe(true);
    for (const { option, risk } of SETTINGS.filter(({ severity }) => severity)) {
      expect([option, risk]).toEqual([option, expect.any(String)]);
    }
  });

  test("that has a better value than the recipe's says what the recipe's costs", () => {
    for (const { option, risk } of SETTINGS.filter(({ hardened }) => hardened)) {
      expect([option, risk]).toEqual([option, expect.any(String)]);
    }
  });
});

test("the isolation level is looked for under the name that the server's version has for it", () => {
  const name = (version: string) => settingOf("transaction_isolation")?.variable?.(Version.parse(version));
  expect(["10.5.23", "10.11.19", "11.1.1", "11.8.6"].map(name)).toEqual([
    "tx_isolation",
    "tx_isolation",
    "transaction_isolation",
    "transaction_isolation",
  ]);
});

test("log_basename is read back only where log and index are the files that it names", () => {
  const shown = (log: string, index = `${log}.index`) =>
    settingOf("log_basename")?.readBack?.(log, (name) => (name === "datadir" ? "/var/lib/mysql/" : index));
  expect(shown("/var/lib/mysql/mariadbmaster-bin")).toBe("mariadbmaster");
  for (const log of ["/var/log/mysql/mariadbmaster-bin", "/var/lib/mysql/mariadbmaster", "/var/lib/mysql-bin"]) {
    expect(shown(log)).toBe(log);
  }
  expect(shown("/var/lib/mysql/mariadbmaster-bin", "/var/log/other.index")).toBe("/var/lib/mysql/mariadbmaster-bin");
});

test("all addresses of IPv4 are as good as all; those of IPv6 alone are not", () => {
  const kind = settingOf("bind_address")?.kind ?? { is: "text" };
  expect(["", "*", "0.0.0.0", "::", "10.0.0.1"].map((text) => sameValue(kind, text, "*"))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});

test("users' values go before the profile's, under either spelling of the name, and other options are added", () => {
  const settings = nodeSettings(
    "vendor",
    { "max-connections": 500, BINLOG_FORMAT: "row", innodb_deadlock_detect: true, max_allowed_packet: "64M" },
    node(1),
  );
  expect(settings).toMatchObject({
    max_connections: "500",
    binlog_format: "ROW",
    innodb_deadlock_detect: "ON",
    max_allowed_packet: "64M",
    slave_exec_mode: "IDEMPOTENT",
  });
  expect(Object.keys(settings).filter((option) => /-|[A-Z]/.test(option))).toEqual([]);
});

describe("a binary log in InnoDB, which no version that the tests run offers, is refused by name:", () => {
  test("as a setting", () => {
    expect(settingRefusals({ "binlog-storage-engine": "innodb" })).toMatchObject([
      { option: "binlog-storage-engine", reason: expect.stringContaining("excludes semi-sync") },
    ]);
  });

  test.each(["12.3.2", "13.0.1"])("on a server of %s that runs with it", async (number) => {
    const server = {
      name: "db1",
      version: Version.parse(number),
      value: async () => "innodb",
      query: async () => [],
      row: async () => undefined,
    };
    await expect(refuseSettings(server as unknown as Server, {})).rejects.toThrow(
      /^nothing was touched: settings.binlog_storage_engine: db1 runs with innodb: .* Before it joins a pair, remove that line/,
    );
    await expect(
      refuseSettings({ ...server, value: async () => "" } as unknown as Server, {}),
    ).resolves.toBeUndefined();
  });
});

test("an option that is given in two spellings is refused, whatever its values are", () => {
  expect(settingRefusals({ MAX_CONNECTIONS: 60, "max-connections": 60 })).toEqual([
    { option: "max-connections", reason: "is there twice, in two spellings" },
  ]);
});

test("a decimal number is compared by the six digits that a server keeps", () => {
  const kind = { is: "number", isDecimal: true } as const;
  expect(sameValue(kind, "0.1234567", "0.123457")).toBe(true);
  expect(sameValue(kind, "0.123456", "0.123457")).toBe(false);
});

test("a name that looks like a slip of the pen is asked about where no server can be asked yet; others are not", () => {
  expect(likelyMisspelt({ max_conections: "5", innodb_buffer_pool_size: "1G", max_connections: "5" })).toEqual([
    { option: "max_conections", meant: "max_connections" },
  ]);
});
