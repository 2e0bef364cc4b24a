import { rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { openServer } from "../../provider/src/mariadb/open";
import { MariaDbNode } from "../../provider/src/operations/MariaDbNode";
import { type TestServer, testServer } from "../support/local/testServer";

/** Settings in every spelling that users choose, on a real server: what is as wanted is never shown as changed. */

type State = Awaited<ReturnType<typeof MariaDbNode.create>>["outs"];

let server: TestServer;
let state: State;

beforeAll(async () => {
  server = await testServer();
}, 60_000);
afterAll(() => server?.[Symbol.asyncDispose]());

async function wanted(settings: Record<string, string | number | boolean>) {
  const { inputs, failures } = await MariaDbNode.check({}, { connection: server.connection, nodeNumber: 1, settings });
  expect(failures).toEqual([]);
  return inputs;
}

/** The settings that a preview would show as different, with what is seen. */
async function drift(settings: Record<string, string | number | boolean>): Promise<Record<string, unknown>> {
  const inputs = await wanted(settings);
  const seen = await MariaDbNode.read("", state);
  if (!("id" in seen)) throw new Error("the node is said to be gone");
  const live = seen.props.settings;
  return Object.fromEntries(
    Object.keys(inputs.settings)
      .filter((option) => String(live[option]) !== String(inputs.settings[option]))
      .map((option) => [option, live[option]]),
  );
}

/** A restart would end the session. */
const sameSession = () => server.root.value("SELECT CONNECTION_ID()");

/** Each is read back by the server in another spelling, or rounded. */
const SPELLED = {
  character_set_server: "UTF8MB4",
  collation_server: "UTF8MB4_general_ci",
  default_storage_engine: "innodb",
  expire_logs_days: 0.5,
  innodb_flush_method: "o_direct",
  innodb_io_capacity: "2K",
  "innodb-file-per-table": 1,
  join_buffer_size: 1000,
  key_buffer_size: 10_000_000,
  log_output: "table,file",
  long_query_time: "0.50",
  max_allowed_packet: 1_000_000,
  max_binlog_cache_size: "18446744073709547520",
  max_binlog_size: 5000,
  optimizer_switch: "mrr=on",
  secure_file_priv: "/tmp",
  slave_skip_errors: "all",
  sql_mode: "ansi",
};

test("what the server spells otherwise, or rounds, is as wanted", async () => {
  const made = await MariaDbNode.create(await wanted(SPELLED));
  state = made.outs;
  await server.start();
  expect(await drift(SPELLED)).toEqual({});
  // The values did reach it.
  expect(await server.root.value("SELECT @@GLOBAL.max_allowed_packet")).toBe("999424");
  expect(await server.root.value("SELECT @@GLOBAL.sql_mode")).toContain("PIPES_AS_CONCAT");
  expect(await server.root.value("SELECT @@GLOBAL.max_binlog_cache_size")).toBe("18446744073709547520");
}, 60_000);

test.each([
  ["sql_mode", "SET GLOBAL sql_mode = 'ANSI_QUOTES'", "ANSI_QUOTES"],
  ["optimizer_switch", "SET GLOBAL optimizer_switch = 'mrr=off'", expect.stringContaining("mrr=off")],
  ["max_allowed_packet", "SET GLOBAL max_allowed_packet = 1001472", "1001472"],
  ["character_set_server", "SET GLOBAL character_set_server = latin1", "latin1"],
  ["log_output", "SET GLOBAL log_output = 'FILE'", "FILE"],
  ["max_binlog_cache_size", "SET GLOBAL max_binlog_cache_size = 18446744073709543424", "18446744073709543424"],
])("a changed %s is seen, and put right without a restart", async (option, statement, seen) => {
  const session = await sameSession();
  await server.root.query(statement);
  expect(await drift(SPELLED)).toMatchObject({ [option]: seen });
  state = (await MariaDbNode.update("", state, await wanted(SPELLED))).outs;
  expect(await drift(SPELLED)).toEqual({});
  expect(await sameSession()).toBe(session);
});

test("what is no longer wanted goes back to the server's default, and what stays is kept", async () => {
  const session = await sameSession();
  const { sql_mode, max_allowed_packet, ...rest } = SPELLED;
  state = (await MariaDbNode.update("", state, await wanted(rest))).outs;
  expect(await drift(rest)).toEqual({});
  expect(await server.root.value("SELECT @@GLOBAL.max_allowed_packet")).toBe("16777216");
  expect(await server.root.value("SELECT @@GLOBAL.sql_mode")).toContain("STRICT_TRANS_TABLES");
  expect(await sameSession()).toBe(session);
});

test.each([
  [
    { init_connect: "SET @a = 1; SET @b = nosuch" },
    /init_connect: fails on .*nobody but its admin could log in: .*nosuch/,
  ],
  [{ sql_mode: "ANSI", init_connect: 'SET @a="x"' }, /init_connect: fails on /],
  [{ bind_address: "127.0.0.2" }, /bind_address: .* would listen at 127\.0\.0\.2 only, .* reach it at 127\.0\.0\.1/],
])("what would keep the peer and the proxies out is refused: %j", async (settings, reason) => {
  const { failures } = await MariaDbNode.check({}, { connection: server.connection, nodeNumber: 1, settings });
  expect(failures.map((one) => one.reason)).toEqual([expect.stringMatching(reason)]);
  // What would change more than its session is not tried, and those that work are taken.
  const before = await server.root.value("SELECT @@GLOBAL.max_connections");
  await wanted({ init_connect: "SET @a = 1, GLOBAL max_connections = 33" });
  await wanted({ init_connect: "SET @a = 1, @@global.max_connections = 33" });
  expect(await server.root.value("SELECT @@GLOBAL.max_connections")).toBe(before);
  await wanted({ init_connect: "SET @a = 1; SET NAMES utf8mb4", bind_address: "127.0.0.1,127.0.0.2" });
});

test("a value that takes effect at once, but with which the next start would fail, is refused, and the server starts again", async () => {
  // Its base option file has a collation of another character set.
  const settings = { ...SPELLED, character_set_server: "latin1", collation_server: "utf8mb4_general_ci" };
  await expect(MariaDbNode.update("", state, await wanted(settings))).rejects.toThrow(
    /would not start again with the new settings: COLLATION .* is not valid for CHARACTER SET 'latin1'\. The former option file was put back\./,
  );
  await server.stop();
  await server.start();
  expect(await server.root.value("SELECT @@GLOBAL.character_set_server")).toBe("utf8mb4");
}, 60_000);

test.each(["EMPTY_STRING_IS_NULL", "ORACLE,EMPTY_STRING_IS_NULL", "ANSI,NO_BACKSLASH_ESCAPES"])(
  "a server whose sql_mode is %s lets us in",
  async (mode) => {
    await server.root.query("SET GLOBAL sql_mode = ?", [mode]);
    const seen = await MariaDbNode.read("", state);
    expect(seen).toMatchObject({ props: { state: "running" } });
    await using admin = await openServer(server.connection);
    await server.root.query("SET GLOBAL sql_mode = DEFAULT");
    expect(await admin.value("SELECT CONCAT('a', '', @@session_track_system_variables)")).toBe("a");
  },
);

test("an option whose variable has another name is set, read back and taken away", async () => {
  const settings = { ...SPELLED, default_time_zone: "+01:00" };
  state = (await MariaDbNode.update("", state, await wanted(settings))).outs;
  expect(await server.root.value("SELECT @@GLOBAL.time_zone")).toBe("+01:00");
  await server.stop();
  await server.start();
  expect(await drift(settings)).toEqual({});
  state = (await MariaDbNode.update("", state, await wanted(SPELLED))).outs;
  expect(await server.root.value("SELECT @@GLOBAL.time_zone")).toBe("SYSTEM");
}, 60_000);

test("a later line that says of the log what its basename says is no override, for the server either", async () => {
  const place = () => server.root.row("SELECT @@log_bin_basename AS log, @@log_bin_index AS `index`");
  const before = await place();
  const late = path.join(path.dirname(String(state.configFile)), "zz.cnf");
  await writeFile(
    late,
    "[mariadbd]\nlog-bin=mariadbmaster-bin\nlog_bin_index=mariadbmaster-bin.index\nmax_binlog_size=4097\n",
  );
  await server.stop();
  await server.start();
  expect(await place()).toEqual(before);
  const seen = await MariaDbNode.read("", state);
  expect(seen).toMatchObject({ props: { overriddenBy: [] } });
  expect(await drift(SPELLED)).toEqual({});
  await rm(late);
}, 60_000);

test("a value of which the server itself makes another at its start ends the update, which says what it runs with", async () => {
  // The file system tells large letters from small ones.
  const settings = { ...SPELLED, lower_case_table_names: 2 };
  await expect(MariaDbNode.update("", state, await wanted(settings))).rejects.toThrow(
    /db1 has restarted and runs with lower_case_table_names=0 where its option file says 2.*give the value with which it runs/,
  );
}, 60_000);
