import fc from "fast-check";
import { refuseSettings } from "../../provider/src/mariadb/refusedSettings";
import { setRunning, settingChanges } from "../../provider/src/mariadb/settings";
import { settingRefusals } from "../../provider/src/recipe/settings/ofNode";
import { renderOptionFile } from "../../provider/src/recipe/settings/optionFile";
import { settingOf } from "../../provider/src/recipe/settings/table";
import type { SettingInput, SettingValue } from "../../provider/src/recipe/settings/values";
import { toValue } from "../../provider/src/recipe/settings/values";
import { type TestServer, testServer } from "../support/local/testServer";
import { ORACLE_TIMEOUT, oracleTest } from "../support/oracle";

/** Values of settings, as programs give them: the server says which it takes, and by what it has then whether they mean the same. */

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly min: string;
  readonly max: string;
  readonly choices: readonly string[];
}

let server: TestServer;
let catalogue: Variable[];

beforeAll(async () => {
  server = await testServer();
  const rows = await server.root.query(
    `SELECT LOWER(VARIABLE_NAME) AS name, VARIABLE_TYPE AS type, NUMERIC_MIN_VALUE AS min, NUMERIC_MAX_VALUE AS max, ENUM_VALUE_LIST AS choices
       FROM information_schema.SYSTEM_VARIABLES WHERE READ_ONLY = 'NO' AND GLOBAL_VALUE IS NOT NULL AND COMMAND_LINE_ARGUMENT IS NOT NULL ORDER BY 1`,
  );
  catalogue = rows
    .map((row) => ({
      name: String(row["name"]),
      type: String(row["type"]),
      min: String(row["min"]),
      max: String(row["max"]),
      choices: String(row["choices"] ?? "").split(","),
    }))
    .filter(({ name, type }) => type !== "VARCHAR" && !UNTRIED.test(name) && !hasNarrowerLimits(name));
}, 60_000);
afterAll(() => server?.[Symbol.asyncDispose]());

/** They take effect on the session that asks, on the machine, or when they are set; or only a server of a certain make has them. */
const UNTRIED =
  /^(debug|event_scheduler|query_cache_|thread_pool_size|lc_|key_|gtid_|wsrep|read_only|secure|tcp_|innodb_(encrypt|log_file_buffering|compression_algorithm|max_purge_lag_wait|max_undo|buffer_pool|fil_make|trx_purge|disable|log_checkpoint|master_thread|page_cleaner|saved|simulate|force|limit_optimistic|log_file_size|data_file)|max_(user_connections|session_mem|statement|password))/;

/** The pair takes less of them than a server, or one value only. */
const hasNarrowerLimits = (name: string): boolean =>
  settingOf(name)?.only !== undefined || settingOf(name)?.kind.is === "number";

type Case = readonly [option: string, value: SettingInput];

const valuesOf = ({ name, type, min, max, choices }: Variable): fc.Arbitrary<SettingInput> => {
  switch (type) {
    case "BOOLEAN":
      return fc.constantFrom<SettingInput>("ON", "off", true, false, 1, 0, "1", "True", "2", "", "maybe");
    case "ENUM":
      return fc.oneof(
        fc.constantFrom(...choices, "utf8mb3", "latin1_bin", "utf8mb4_uca1400_ai_ci", "UTF8MB4", "nosuch"),
        fc.constantFrom(...choices).map((choice) => choice.toLowerCase()),
        fc.constantFrom("0", "1", "none", "ON", "off", ""),
      );
    case "SET":
    case "FLAGSET":
      return fc
        .uniqueArray(
          fc.constantFrom(...choices.filter((choice) => choice !== "default"), ...(type === "SET" ? ["nosuch"] : [])),
          {
            minLength: name === "log_output" ? 1 : 0,
            maxLength: 3,
          },
        )
        .map((some) => (type === "FLAGSET" ? some.map((one) => `${one}=on`) : some).join(","));
    case "DOUBLE":
      return fc.constantFrom<SettingInput>("1", "0.5", "2.0", 7, 0.25, "-1", "1e3", "many", "1.2.3", " 8 ");
    default:
      return fc.oneof(
        fc.constantFrom(
          min,
          max,
          `${min}0`,
          `${max}0`,
          "1",
          "0",

          "2K",
          "1k",
          "3M",
          "1G",
          "1.5",
          "1e3",
          "+5",
          "007",
          "0x10",
          " 8 ",
          "8 K",
          "many",
          "1P",
        ),
        fc.nat({ max: 100_000 }).map(String),
        fc.nat({ max: 1_000_000_000 }),
        fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String),
      );
  }
};

async function ours([option, given]: Case): Promise<string> {
  const refused = await refuseSettings(server.root, { [option]: kept(option, given) }).catch((error: Error) => error);
  return refused instanceof Error ? "refused" : "taken";
}

const kept = (option: string, given: SettingInput): SettingValue =>
  toValue(settingOf(option)?.kind ?? { is: "text" }, given);

async function servers(cases: readonly Case[]): Promise<string[]> {
  const answers: string[] = [];
  for (const [option, given] of cases) {
    const wanted = { [option]: kept(option, given) };
    const before = await server.root.value(`SELECT @@GLOBAL.${option}`);
    const changes = async () =>
      (await settingChanges(server.root, [], wanted)).filter((change) => change.option === option);
    const set = await Promise.all((await changes()).map((change) => setRunning(server.root, change))).catch(
      (error: Error) => error,
    );
    answers.push(set instanceof Error || (await changes()).length > 0 ? "refused" : "taken");
    await server.root
      .query(`SET GLOBAL ${option} = ?`, [/^-?[0-9.]+$/.test(String(before)) ? Number(before) : before])
      .catch(() => undefined);
  }
  return answers;
}

oracleTest("a value is taken where the server has it then, and refused where it would have another", {
  get cases(): fc.Arbitrary<Case> {
    return fc.constantFrom(...catalogue).chain((variable) => fc.tuple(fc.constant(variable.name), valuesOf(variable)));
  },
  oracle: servers,
  ours,
});

/** What another option or a limit of the system changes, or a start reads otherwise: log_warnings=3M is 3 there. */
const CHANGED_ELSEWHERE =
  /^(table_|binlog_expire|max_connections|slave_parallel_workers|flush_time|innodb_io_|innodb_max_dirty|query_cache|thread_cache|tmp_|log_warnings|old_alter_table|alter_algorithm|old$|old_mode|log_slow_|log_queries_not)/;

/** Needs a restart, so there is one for many values at once. */
test(
  "what was taken while it ran is taken from the option file at a start too",
  async () => {
    const rounds = Math.ceil(Number(process.env["ORACLE_TIMES"] ?? 1) * 3);
    for (let round = 1; round <= rounds; round++) {
      const wanted: Record<string, SettingValue> = {};
      for (const [index, variable] of catalogue.entries()) {
        if (CHANGED_ELSEWHERE.test(variable.name)) continue;
        const [given = ""] = fc.sample(valuesOf(variable), { numRuns: 1, seed: round * 1000 + index });
        if ((await ours([variable.name, given])) === "taken") wanted[variable.name] = kept(variable.name, given);
      }
      expect(Object.keys(wanted).length).toBeGreaterThan(50);
      await server.stop();
      await server.writeOptions(renderOptionFile(wanted));
      await server.start();
      const changes = await settingChanges(server.root, [], wanted);
      expect(changes.map(({ option, wanted: value }) => [option, value])).toEqual([]);
    }
  },
  ORACLE_TIMEOUT,
);

/** Variables of any text, of which the server makes nothing at its start. Some only a start sets. */
const TEXTS = ["init_connect", "init_slave", "report_host", "report_user", "report_password", "ft_stopword_file"];

/** What is read otherwise somewhere: by the reader of option files, in SQL, in the catalogue, or by our own comparison. */
const TEXT = fc.oneof(
  fc.stringMatching(/^[ -~]{0,40}$/),
  fc.stringMatching(/^[\\"'# =;![\]nstrb%_?@,./-]{0,12}$/),
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom(
    "on",
    "ON",
    "1",
    "0",
    "1.0",
    "abc",
    "ABC",
    "a,b",
    "b,a",
    "",
    " ",
    "\u00a0",
    "\u00e0",
    "/tmp/x/",
    "'",
    '"',
    '"a"',
    "a\u0301",
  ),
  fc.constantFrom(
    "\ufeffx",
    "\u200b",
    "\u202e",
    "\ufffd",
    "\u{1f600}",
    "\ud800",
    "\x7f",
    "\u0085",
    "\u2028",
    "ſ",
    "ß",
    "İ",
  ),
  fc
    .tuple(fc.constantFrom("x", "é", '"', "\\", "x "), fc.constantFrom(2040, 2048, 2049, 3000, 4070, 4094, 5000))
    .map(([one, length]) => one.repeat(length)),
);

test(
  "a text that is taken is what the server has, set while it runs and from the option file, and shows no drift",
  async () => {
    const rounds = Math.ceil(Number(process.env["ORACLE_TIMES"] ?? 1) * 4);
    const has = (option: string) => server.root.value(`SELECT @@GLOBAL.${option}`);
    for (let round = 1; round <= rounds; round++) {
      const wanted: Record<string, SettingValue> = {};
      for (const [index, option] of TEXTS.entries()) {
        for (const given of fc.sample(TEXT, { numRuns: 30, seed: round * 1000 + index })) {
          if (settingRefusals({ [option]: given }).length > 0 || (await ours([option, given])) === "refused") continue;
          wanted[option] = kept(option, given);
          if (!option.startsWith("init_")) continue;
          for (const change of await settingChanges(server.root, [], { [option]: wanted[option] }))
            if (change.option === option) await setRunning(server.root, change);
          expect([option, await has(option)]).toEqual([option, wanted[option]]);
        }
      }
      expect(Object.keys(wanted)).toEqual(TEXTS);
      await server.stop();
      await server.writeOptions(renderOptionFile(wanted));
      await server.start();
      const seen = await Promise.all(TEXTS.map(async (option) => [option, await has(option)]));
      expect(seen).toEqual(Object.entries(wanted));
      expect(await settingChanges(server.root, [], wanted)).toEqual([]);
    }
  },
  ORACLE_TIMEOUT,
);
