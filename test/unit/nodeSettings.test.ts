import { nearest } from "../../provider/src/recipe/nearest";
import {
  collisions,
  type GivenSettings,
  nodeSettings,
  pairRefusals,
  settingRefusals,
  tlsRefusals,
} from "../../provider/src/recipe/settings/ofNode";
import { SETTINGS } from "../../provider/src/recipe/settings/table";
import type { SettingInput } from "../../provider/src/recipe/settings/values";

const NAMES = SETTINGS.map(({ option }) => option);
const facts = (nodeNumber: number) => ({ nodeNumber, bindAddress: "*", patterns: ["d.%session"] });

describe("refused, by the option's name as the user wrote it:", () => {
  test.each<[string, SettingInput, RegExp]>([
    ["log_bin", "OFF", /only ON is possible here: the peer replicates from the binary log/],
    ["log-bin", false, /only ON/],
    ["slave_exec_mode", "STRICT", /only IDEMPOTENT is possible.*1032, 1062/],
    ["binlog_format", "statement", /error 1665; use MIXED or ROW/],
    ["log_slave_updates", true, /only OFF is possible/],
    ["read_only", 1, /both nodes take sessions/],
    ["read-only", "OFF", /without being said: both nodes take sessions/],
    ["transaction_read_only", true, /both nodes take sessions/],
    ["innodb_read_only", true, /both nodes take sessions/],
    ["innodb_force_recovery", 1, /InnoDB keeps rows/],
    ["sql_safe_updates", true, /change rows without a key/],
    ["skip-networking", "ON", /come over the network/],
    ["replicate_do_db", "app", /keeps rows from the other node; .*"databases" and "tables" say/],
    ["binlog-ignore-db", ["app"], /keeps rows from the other node/],
    ["log_basename", "/var/log/other", /a file name without a path/],
    ["log_basename", "", /a file name without a path/],
    ["log_basename", "host.example", /without a dot/],
    ["log_bin", "mariadb-bin", /neither ON nor a whole path/],
    ["log_bin", "/var/log/mysql/", /neither ON nor a whole path/],
    ["log_bin_index", "/var/log/mysql/bin.index", /belongs to a log_bin with a path/],
    ["max_connections", 9, /9 is below the smallest value, 10/],
    ["max_connections", "1G", /above the largest value, 100000/],
    ["max_binlog_size", "2G", /above the largest value/],
    ["max_connections", "lots", /"lots" is not a number/],
    ["expire_logs_days", -1, /below the smallest value, 0/],
    ["auto_increment_increment", 1, /below the smallest value, 2/],
    ["server_id", 0, /below the smallest value, 1/],
    ["transaction_isolation", "NONE", /not one of READ-UNCOMMITTED, READ-COMMITTED/],
    ["innodb_deadlock_detect", "maybe", /neither ON nor OFF/],
    ["sql_mode", "ANSI\n[client]", /line breaks/],
    ["binlog_expire_logs_seconds", 3600, /give expire_logs_days/],
    ["port", 3307, /belongs to where the server runs/],
    ["datadir", "/elsewhere", /belongs to where the server runs/],
    ["pid-file", "/elsewhere", /belongs to where the server runs/],
    ["max connections", 5, /"max connections" is not the name of an option/],
    ["[client]\npassword", "x", /is not the name of an option/],
  ])("%s = %j", (option, value, reason) => {
    expect(settingRefusals({ [option]: value })).toEqual([{ option, reason: expect.stringMatching(reason) }]);
  });

  test("each one by itself: none hides another, and what is right is not named", () => {
    const refused = settingRefusals({ log_bin: false, max_connections: 500, slave_exec_mode: "STRICT" });
    expect(refused.map(({ option }) => option)).toEqual(["log_bin", "slave_exec_mode"]);
  });
});

test("a log_bin with a path takes the place of log_basename, which would move other log files too, and says where its index is", () => {
  const log = (given: GivenSettings) =>
    Object.entries(nodeSettings("vendor", given, facts(1))).filter(([option]) => /^log_b/.test(option));
  expect(log({})).toEqual([
    ["log_bin", "ON"],
    ["log_basename", "mariadbmaster"],
  ]);
  expect(log({ "log-bin": "/var/log/mysql/bin.log" })).toEqual([
    ["log_bin", "/var/log/mysql/bin.log"],
    ["log_bin_index", "/var/log/mysql/bin.index"],
  ]);
  const both = { log_bin: "/a/bin", log_bin_index: "/b/list" };
  expect(log(both)).toEqual(Object.entries(both));
  expect(settingRefusals(both)).toEqual([]);
  expect(settingRefusals({ log_bin: "/a/bin", log_basename: "b" }).map(({ option }) => option)).toEqual([
    "log_basename",
  ]);
});

test("taken: everything that the recipe itself says, and options that only the server knows", () => {
  const { replicate_wild_do_table, ...settings } = nodeSettings("hardened", {}, facts(2));
  expect(settingRefusals(settings)).toEqual([]);
  expect(replicate_wild_do_table).toEqual(["d.%session"]);
  expect(settingRefusals({ max_allowed_packet: "64M", innodb_flush_method: "O_DIRECT" })).toEqual([]);
});

test("an offset beyond the step is refused, because the server would ignore it", () => {
  expect(pairRefusals(nodeSettings("vendor", { auto_increment_offset: 3 }, facts(1)))).toEqual([
    { option: "auto_increment_offset", reason: expect.stringMatching(/3 exceeds auto_increment_increment \(2\)/) },
  ]);
  for (const number of [1, 2]) expect(pairRefusals(nodeSettings("vendor", {}, facts(number)))).toEqual([]);
});

test("settings that follow from the certificates may not be given beside them, in either spelling", () => {
  const given = { "ssl-ca": "/a", ssl_cert: "/c", SSL_KEY: "/k", ssl_cipher: "AES", max_connections: 500 };
  expect(tlsRefusals(given)).toEqual(
    ["ssl-ca", "ssl_cert", "SSL_KEY"].map((option) => ({ option, reason: 'follows from "tls"; give one of the two' })),
  );
});

describe("two nodes must differ in their identity:", () => {
  const pair = (one: Record<string, SettingInput>, other: Record<string, SettingInput>) =>
    collisions(nodeSettings("vendor", one, facts(1)), nodeSettings("vendor", other, facts(2)));

  test("the profile's values do", () => {
    expect(pair({}, {})).toEqual([]);
  });

  test.each(["server_id", "gtid_domain_id", "auto_increment_offset"])(
    "the same %s is refused with its value",
    (option) => {
      expect(pair({ [option]: 2 }, {})).toEqual([{ option, reason: `both nodes have ${option}=2; it must differ` }]);
    },
  );

  test("also when the same number is spelled in two ways", () => {
    expect(pair({ server_id: "1K" }, { server_id: 1024 }).map(({ option }) => option)).toEqual(["server_id"]);
    expect(pair({ server_id: "2" }, { server_id: "02" }).map(({ option }) => option)).toEqual(["server_id"]);
  });
});

test.each([
  ["max_conections", "max_connections"],
  ["slave_skip_error", "slave_skip_errors"],
  ["rpl_semisync_master_enabled", "rpl_semi_sync_master_enabled"],
  ["expire_log_days", "expire_logs_days"],
])("a mistyped %s is taken for %s", (typed, meant) => {
  expect(nearest(typed, NAMES)).toBe(meant);
});

test("a name that is like no other is taken for none", () => {
  for (const typed of ["server_audit_logging", "tls_version", "plugin_load_add"])
    expect(nearest(typed, NAMES)).toBeUndefined();
});
