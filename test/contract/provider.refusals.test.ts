import { existsSync } from "node:fs";
import { ProviderProcess, UNKNOWN, type Values } from "../support/engine/providerProcess";
import { type TestServer, testServer } from "../support/local/testServer";

/** Bad input, as `pulumi preview` meets it: the real plugin process refuses it by its property before anything is touched. */

const SECRET = "s3cret-of-the-test";
const admin = { password: `${SECRET}-admin` };
const at = (address: string, port = 3306) => ({
  host: { kind: "local", directory: `/nowhere/${port}` },
  address,
  port,
  admin,
});
const db1 = at("db1");
const db2 = at("db2");
const accounts = {
  node: db1,
  proxy: { password: `${SECRET}-proxy` },
  replication: { password: `${SECRET}-replication` },
  binaryLog: { password: `${SECRET}-binlog` },
};
const RIGHT: Record<string, Values> = {
  LocalMariaDb: { directory: "/nowhere", port: 3306 },
  MariaDbNode: { connection: db1, peer: db2, nodeNumber: 1 },
  SessionStoreDatabase: { node: db1, peer: db2 },
  SessionStoreUsers: accounts,
  ReplicationLink: { replica: db1, source: db2, password: `${SECRET}-replication` },
  SessionStoreSchema: { first: db1, second: db2, script: "CREATE TABLE IF NOT EXISTS session (id INT PRIMARY KEY);" },
};

let provider: ProviderProcess;
beforeAll(async () => {
  provider = await ProviderProcess.start();
}, 30_000);
afterAll(() => provider?.[Symbol.asyncDispose]());

/** All that was said of what is wrong. */
const said: string[] = [];

const reasons = async (type: string, changes: Values) => {
  const { failures } = await provider.check(type, { ...RIGHT[type], ...changes });
  // The engine prints the value of a property that a failure names, secrets included.
  expect(failures.map(({ property }) => property)).toEqual(failures.map(() => ""));
  const given = failures.map(({ reason }) => reason);
  said.push(...given);
  return given;
};

test.each(Object.keys(RIGHT))("%s: what is right is taken", async (type) => {
  expect(await reasons(type, {})).toEqual([]);
});

const settings = (given: Values) => ({ settings: given });
const long = "n".repeat(65);

describe("refused by its property:", () => {
  test.each<[string, string, Values, RegExp]>([
    [
      "an admin that is MariaDB's own",
      "MariaDbNode",
      { connection: { ...db1, admin: { ...admin, user: "root" } } },
      /^connection\.admin\.user: belongs to MariaDB itself/,
    ],
    ["node number 3", "MariaDbNode", { nodeNumber: 3 }, /^nodeNumber: must be 1 or 2/],
    ["node number as text", "MariaDbNode", { nodeNumber: "1" }, /^nodeNumber: /],
    ["no node number", "MariaDbNode", { nodeNumber: undefined }, /^nodeNumber: /],
    ["the same server as its peer", "MariaDbNode", { peer: db1 }, /^peer: is the same server as "connection"/],
    ["a profile that isn't there", "MariaDbNode", { profile: "fast" }, /^profile: /],
    ["a database name with a blank", "MariaDbNode", { databases: ["a b"] }, /^databases\[0\]: may have letters/],
    ["a database name too long", "MariaDbNode", { databases: ["ok", long] }, /^databases\[1\]: .*64/],
    ["no database", "MariaDbNode", { databases: [] }, /^databases: /],
    ["no pattern", "MariaDbNode", { tables: [] }, /^tables: must name at least one pattern/],
    ["a pattern with a comma", "MariaDbNode", { tables: ["%session", "a,b"] }, /^tables\[1\]: .*comma/],
    ["a pattern with a blank", "MariaDbNode", { tables: ["a b"] }, /^tables\[0\]: .*blank/],
    ["a pattern with a quote", "MariaDbNode", { tables: ['a"b'] }, /^tables\[0\]: /],
    ["a pattern with a database in it", "MariaDbNode", { tables: ["db.session"] }, /^tables\[0\]: .*more than one dot/],
    ["an empty pattern", "MariaDbNode", { tables: [""] }, /^tables\[0\]: /],
    ["a bind address of two words", "MariaDbNode", { bindAddress: "a b" }, /^bindAddress: /],
    ["the binary log off", "MariaDbNode", settings({ log_bin: "OFF" }), /^settings\.log_bin: only ON/],
    ["the binary log off, with a dash", "MariaDbNode", settings({ "log-bin": false }), /^settings\.log-bin: only ON/],
    ["STRICT", "MariaDbNode", settings({ slave_exec_mode: "STRICT" }), /^settings\.slave_exec_mode: only IDEMPOTENT/],
    ["STATEMENT", "MariaDbNode", settings({ binlog_format: "STATEMENT" }), /^settings\.binlog_format: .*1665/],
    ["relaying", "MariaDbNode", settings({ log_slave_updates: 1 }), /^settings\.log_slave_updates: /],
    ["read-only", "MariaDbNode", settings({ read_only: true }), /^settings\.read_only: /],
    [
      "an offset beyond the step",
      "MariaDbNode",
      settings({ auto_increment_offset: 3 }),
      /^settings\.auto_increment_offset: 3 exceeds/,
    ],
    [
      "too few connections",
      "MariaDbNode",
      settings({ max_connections: 1 }),
      /^settings\.max_connections: .*smallest value, 10/,
    ],
    [
      "too large a log",
      "MariaDbNode",
      settings({ max_binlog_size: "2G" }),
      /^settings\.max_binlog_size: .*largest value/,
    ],
    [
      "a number that is none",
      "MariaDbNode",
      settings({ max_connections: "many" }),
      /^settings\.max_connections: .*not a number/,
    ],
    [
      "an isolation level that isn't there",
      "MariaDbNode",
      settings({ transaction_isolation: "NONE" }),
      /^settings\.transaction_isolation: /,
    ],
    [
      "a line break in a value",
      "MariaDbNode",
      settings({ sql_mode: "ANSI\nport=1" }),
      /^settings\.sql_mode: .*line breaks/,
    ],
    [
      "a setting of the host",
      "MariaDbNode",
      settings({ datadir: "/x" }),
      /^settings\.datadir: belongs to where the server runs/,
    ],
    [
      "a name that is no option's",
      "MariaDbNode",
      settings({ "a b": 1 }),
      /^settings\.a b: .*not the name of an option/,
    ],
    [
      "an empty admin password",
      "MariaDbNode",
      { connection: { ...db1, admin: { password: "" } } },
      /^connection\.admin\.password: must not be empty/,
    ],
    ["no admin", "MariaDbNode", { connection: { ...db1, admin: undefined } }, /^connection\.admin: /],
    ["a port of 0", "MariaDbNode", { connection: { ...db1, port: 0 } }, /^connection\.port: /],
    ["an address with a blank", "MariaDbNode", { connection: at("a b") }, /^connection\.address: must be a host name/],
    [
      "a host of an unknown kind",
      "MariaDbNode",
      { connection: { ...db1, host: { kind: "cloud", directory: "/x" } } },
      /^connection\.host/,
    ],
    [
      "a misspelt property",
      "MariaDbNode",
      { nodeNumbr: 1 },
      /no property "nodeNumbr"; did you mean "nodeNumber"\? There are: connection, peer, nodeNumber/,
    ],
    ["a relative directory", "LocalMariaDb", { directory: "here" }, /^directory: must be an absolute path/],
    [
      "a directory too long for a socket",
      "LocalMariaDb",
      { directory: `/${"d".repeat(95)}` },
      /^directory: is too long/,
    ],
    [
      "a directory that breaks the option file",
      "LocalMariaDb",
      { directory: '/a"b' },
      /^directory: must not have quotes/,
    ],
    ["port 70000", "LocalMariaDb", { port: 70000 }, /^port: /],
    ["a database of the server's own", "SessionStoreDatabase", { name: "mysql" }, /^name: belongs to MariaDB itself/],
    ["a database name with a slash", "SessionStoreDatabase", { name: "a/b" }, /^name: may have letters/],
    [
      "a collation of another character set",
      "SessionStoreDatabase",
      { collation: "latin1_swedish_ci" },
      /^collation: .*does not belong/,
    ],
    [
      "SQL for a character set",
      "SessionStoreDatabase",
      { characterSet: "utf8mb4; DROP" },
      /^characterSet: must be a name/,
    ],
    ["a link from a server to itself", "ReplicationLink", { source: db1 }, /^source: is the same server as "replica"/],
    ["an empty replication password", "ReplicationLink", { password: "" }, /^password: must not be empty/],
    ["a user name too long", "ReplicationLink", { user: "u".repeat(200) }, /^user: /],
    ["a GTID mode that isn't there", "ReplicationLink", { useGtid: "no" }, /^useGtid: /],
    ["no time between tries", "ReplicationLink", { connectRetry: 0 }, /^connectRetry: /],
    [
      "an empty proxy password",
      "SessionStoreUsers",
      { proxy: { password: "" } },
      /^proxy\.password: must not be empty/,
    ],
    ["no proxy", "SessionStoreUsers", { proxy: undefined }, /^proxy: /],
    [
      "the same account twice",
      "SessionStoreUsers",
      { binaryLog: { user: "nevisproxy_user", password: SECRET } },
      /^binaryLog\.user: .*there twice/,
    ],
    [
      "a plain CREATE TABLE",
      "SessionStoreSchema",
      { script: "-- tables\nCREATE TABLE session (id INT);" },
      /^script: line 2: /,
    ],
    [
      "a table that no filter has",
      "SessionStoreSchema",
      { script: "CREATE TABLE IF NOT EXISTS other (id INT);" },
      /^script: line 1: /,
    ],
    ["both ends the same", "SessionStoreSchema", { second: db1 }, /^second: is the same server as "first"/],
  ])("%s (%s)", async (_what, type, changes, reason) => {
    const found = await reasons(type, changes);
    expect(found).toEqual([expect.stringMatching(reason)]);
  });

  test("all that is wrong at once, so that it is mended at once", async () => {
    const found = await reasons("MariaDbNode", {
      nodeNumber: 3,
      bindAddress: "a b",
      settings: { log_bin: 0, read_only: 1 },
    });
    expect(found.map((reason) => reason.split(":")[0]).sort()).toEqual([
      "bindAddress",
      "nodeNumber",
      "settings.log_bin",
      "settings.read_only",
    ]);
  });
});

test("no refusal has said a password", () => {
  expect(said.length).toBeGreaterThan(50);
  expect([...said, ...provider.printed].filter((text) => text.includes(SECRET))).toEqual([]);
});

describe("what a preview does not know yet is let through:", () => {
  test.each(Object.entries(RIGHT).flatMap(([type, given]) => Object.keys(given).map((name) => [type, name] as const)))(
    "%s without its %s",
    async (type, name) => {
      const { inputs, failures } = await provider.check(type, { ...RIGHT[type], [name]: UNKNOWN });
      expect(failures).toEqual([]);
      expect(inputs[name]).toBe(UNKNOWN);
    },
  );

  test("a password, an address or a port somewhere inside", async () => {
    for (const part of [{ admin: { password: UNKNOWN } }, { address: UNKNOWN }, { port: UNKNOWN }, { host: UNKNOWN }]) {
      const { failures } = await provider.check("MariaDbNode", {
        ...RIGHT["MariaDbNode"],
        connection: { ...db1, ...part },
      });
      expect(failures).toEqual([]);
    }
  });
});

describe("refused by the word of the server itself:", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await testServer();
  }, 60_000);
  afterAll(() => server?.[Symbol.asyncDispose]());

  const onServer = (given: Values) => reasons("MariaDbNode", { connection: { ...server.connection }, settings: given });

  test.each<[string, Values, RegExp]>([
    [
      "a misspelt setting, with the name that is meant",
      { max_conections: 5 },
      /^settings\.max_conections: .*no such option; did you mean "max_connections"\?/,
    ],
    [
      "a beginning of names",
      { max_conn: 5 },
      /^settings\.max_conn: .*did you mean "max_connections" or "max_connect_errors"\?/,
    ],
    [
      "an option that is switched off by its name",
      { skip_log_bin: true },
      /^settings\.skip_log_bin: .*; give log_bin: false/,
    ],
    [
      "a name that may be ignored",
      { "loose-max_connections": 5 },
      /^settings\.loose_max_connections: .*; give max_connections/,
    ],
    [
      "a variable whose option has another name",
      { time_zone: "SYSTEM" },
      /^settings\.time_zone: .*; give the option "default_time_zone"/,
    ],
    ["an option without a variable", { sysdate_is_now: true }, /^settings\.sysdate_is_now: .*option file of your own/],
    [
      "a value that the server itself changes",
      { open_files_limit: 5000 },
      /^settings\.open_files_limit: .*LimitNOFILE/,
    ],
    [
      "a character that no variable keeps",
      { init_connect: "SET @a = '😀'" },
      /^settings\.init_connect: has the character U\+1F600, which/,
    ],
    [
      "a setting of other versions",
      { innodb_log_files_in_group: 2 },
      /^settings\.innodb_log_files_in_group: db1 \(MariaDB [\d.]+\) has no such option/,
    ],
    [
      "a value beyond what the server takes",
      { table_open_cache: "9999999999" },
      /^settings\.table_open_cache: .*above the largest value/,
    ],
    [
      "a word where the server takes a number",
      { max_allowed_packet: "big" },
      /^settings\.max_allowed_packet: .*not a number/,
    ],
    [
      "a choice that the server doesn't have",
      { innodb_flush_method: "never" },
      /^settings\.innodb_flush_method: .*not one of/,
    ],
    [
      "neither on nor off",
      { innodb_file_per_table: "perhaps" },
      /^settings\.innodb_file_per_table: .*neither ON nor OFF/,
    ],
  ])("%s", async (_what, given, reason) => {
    expect(await onServer(given)).toEqual([expect.stringMatching(reason)]);
  });

  test("and nothing was touched by asking: no option file, no account, no running value", async () => {
    expect(
      existsSync(`${(server.connection.host as { directory: string }).directory}/conf.d/99-session-store.cnf`),
    ).toBe(false);
    expect(await server.root.value("SELECT @@GLOBAL.server_id")).toBe("1");
    expect(await server.root.value("SELECT @@GLOBAL.log_bin")).toBe("0");
    expect(await server.root.value("SELECT COUNT(*) FROM mysql.global_priv WHERE User LIKE 'nevis%'")).toBe("0");
  });

  test("settings that it has are taken, in every spelling", async () => {
    expect(
      await onServer({ max_allowed_packet: "64M", "innodb-file-per-table": 1, sql_mode: "STRICT_TRANS_TABLES" }),
    ).toEqual([]);
  });
});
