import type { Server } from "../../provider/src/mariadb/server";
import { type HandMadePair, handMadePair } from "../support/local/handMadePair";
import { Pair } from "../support/local/pair";

/**
 * The recipe is the judge: a pair made by executing its own text, and one made by our operations, side by side on this machine.
 * All that can be seen of them is compared. What differs must stand in a list below, with its reason.
 */

type Rows = Record<string, string | number | null>[];
type Look = (statement: string) => Promise<Rows>;

/** The recipe's own passwords, and where its proxy logs in from. */
const PASSWORDS = { proxy: "nevisproxypassword", replication: "replicationpassword", binaryLog: "binarylogspassword" };
const PROXY_FROM = ["%", "LocalHostName"];

const WRITTEN =
  "by hand, database and accounts go through the binary log to the peer, which filters them out; ours are unlogged, and one " +
  "proof per direction is written";

const VARIABLES: Record<string, string> = {
  GTID_BINLOG_POS: WRITTEN,
  GTID_BINLOG_STATE: WRITTEN,
  GTID_CURRENT_POS: WRITTEN,
  GTID_SLAVE_POS: WRITTEN,
  SERVER_UID: "made of the server's address and the time of its start",
};

const LINK: Record<string, string> = {
  Executed_log_entries: WRITTEN,
  Exec_Master_Log_Pos: WRITTEN,
  Gtid_IO_Pos: WRITTEN,
  Gtid_Slave_Pos: WRITTEN,
  Read_Master_Log_Pos: WRITTEN,
  Relay_Log_Pos: WRITTEN,
  Relay_Log_Space: WRITTEN,
  Slave_DDL_Groups: WRITTEN,
  Slave_Transactional_Groups: WRITTEN,
};

/** How often and how long; the states are what is compared. */
const COUNTS =
  /_(tx|wait_time|net_wait_time|net_waits|waits|avg_net_wait_time|tx_wait_time|tx_waits|no_times|ack|get_ack|avg_wait_time|traverse|times|failed)$/;

let hand: HandMadePair;
let ours: Pair;
const sessions: Server[] = [];

beforeAll(async () => {
  hand = await handMadePair();
  ours = await Pair.planned();
  await ours.up({ passwords: PASSWORDS, proxyFrom: PROXY_FROM });
  sessions.push(await ours.root(1), await ours.root(2));
}, 120_000);

afterAll(async () => {
  await hand?.[Symbol.asyncDispose]();
  await ours?.[Symbol.asyncDispose]();
}, 60_000);

/** Runs the same look on both servers of this number, without what follows from where they stand. */
async function both(number: 1 | 2, statement: string): Promise<{ recipe: Rows; own: Rows }> {
  const node = hand.nodes[number - 1];
  const session = sessions[number - 1];
  if (!node || !session) throw new Error("both pairs are up");
  const places = [hand.nodes, [1, 2].map((i) => ours.connection(i as 1 | 2))].map((pair) =>
    pair.map(({ port }) => port),
  );
  const recipe: Look = async (text) => (await node.rows(text)) as Rows;
  const own: Look = (text) => session.query(text);
  return {
    recipe: placeless(await recipe(statement), [node.directory, hand.folder], places[0] ?? []),
    own: placeless(await own(statement), [ours.directory(number), ours.folder], places[1] ?? []),
  };
}

/** Directories and ports are those of this machine, and chosen for the test. */
function placeless(rows: Rows, directories: string[], ports: number[]): Rows {
  const replaced = (value: string | number | null) => {
    if (value === null) return null;
    const port = ports.indexOf(Number(value));
    if (port >= 0) return `<port ${port + 1}>`;
    return directories.reduce((text, directory) => text.replaceAll(directory, "<directory>"), String(value));
  };
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, replaced(value)])));
}

const byName = (rows: Rows, name: string, value: string) =>
  Object.fromEntries(rows.map((row) => [String(row[name]), row[value]]));

/** What differs, each with both values. */
function differences(recipe: Record<string, unknown>, own: Record<string, unknown>): Record<string, unknown[]> {
  const names = [...new Set([...Object.keys(recipe), ...Object.keys(own)])];
  return Object.fromEntries(
    names.filter((name) => recipe[name] !== own[name]).map((name) => [name, [recipe[name], own[name]]]),
  );
}

const seen = new Set<string>();

/** The differences that have no reason on the list. */
function unexplained(found: Record<string, unknown[]>, list: Record<string, string>): Record<string, unknown[]> {
  for (const name of Object.keys(found)) seen.add(name);
  return Object.fromEntries(Object.entries(found).filter(([name]) => !(name in list)));
}

describe.each([1, 2] as const)("node %d is what the recipe's own text makes of it:", (number) => {
  test("all global variables", async () => {
    const { recipe, own } = await both(
      number,
      "SELECT VARIABLE_NAME AS name, GLOBAL_VALUE AS value FROM information_schema.SYSTEM_VARIABLES WHERE GLOBAL_VALUE IS NOT NULL",
    );
    expect(recipe.length).toBeGreaterThan(500);
    const found = differences(byName(recipe, "name", "value"), byName(own, "name", "value"));
    expect(unexplained(found, VARIABLES)).toEqual({});
  });

  test("all accounts, with their passwords and all that is in their rows", async () => {
    const look = `SELECT User, Host, CONVERT(Priv USING utf8mb4) AS Priv FROM mysql.global_priv WHERE User <> 'session_store_admin' ORDER BY 1, 2`;
    const { recipe, own } = await both(number, look);
    const timeless = (rows: Rows) =>
      rows.map((row) => ({ ...row, Priv: { ...JSON.parse(String(row["Priv"])), password_last_changed: "<time>" } }));
    expect(timeless(own)).toEqual(timeless(recipe));
    expect(recipe.map(({ User, Host }) => `${User}@${Host}`)).toEqual(
      expect.arrayContaining([
        "nevisproxy_user@%",
        "nevisproxy_user@localhostname",
        "replication_user@%",
        "binarylog_user@%",
      ]),
    );
  });

  test("all grants, on everything, on databases, tables and columns", async () => {
    for (const table of ["db", "tables_priv", "columns_priv", "procs_priv", "proxies_priv", "roles_mapping"]) {
      const { recipe, own } = await both(number, `SELECT * FROM mysql.${table} ORDER BY 1, 2, 3`);
      const timeless = (rows: Rows) => rows.map(({ Timestamp, ...row }) => row);
      expect([table, timeless(own)]).toEqual([table, timeless(recipe)]);
    }
    for (const account of [
      "nevisproxy_user",
      "'nevisproxy_user'@'localhostname'",
      "replication_user",
      "binarylog_user",
    ]) {
      const { recipe, own } = await both(number, `SHOW GRANTS FOR ${account}`);
      expect(own).toEqual(recipe);
    }
  });

  test("the only further account is the one that this library works with", async () => {
    const { recipe, own } = await both(number, "SELECT CONCAT(User, '@', Host) AS account FROM mysql.global_priv");
    const known = recipe.map(({ account }) => account);
    expect(own.map(({ account }) => account).filter((account) => !known.includes(account ?? null))).toEqual([
      "session_store_admin@localhost",
    ]);
  });

  test("all databases, their character sets and collations, and no table in them", async () => {
    const { recipe, own } = await both(number, "SELECT * FROM information_schema.SCHEMATA ORDER BY SCHEMA_NAME");
    const ofRecipe = own.filter(({ SCHEMA_NAME }) => SCHEMA_NAME !== "session_store_register");
    expect(own.length).toBe(ofRecipe.length + 1);
    expect(ofRecipe).toEqual(recipe);
    expect(recipe.find(({ SCHEMA_NAME }) => SCHEMA_NAME === "replicated_session_store")).toMatchObject({
      DEFAULT_CHARACTER_SET_NAME: "utf8mb4",
      DEFAULT_COLLATION_NAME: "utf8mb4_general_ci",
    });
    const tables = await both(number, "SHOW TABLES FROM replicated_session_store");
    expect(tables).toEqual({ recipe: [], own: [] });
  });

  test("all fields of replication", async () => {
    const { recipe, own } = await both(number, "SHOW ALL SLAVES STATUS");
    expect([recipe.length, own.length]).toEqual([1, 1]);
    // Each connection begins a file: how many it took to acknowledge is a matter of how busy the machine is.
    const withoutNumber = (row: Rows[number] = {}) => ({
      ...row,
      Relay_Log_File: String(row["Relay_Log_File"]).replace(/\d+$/, ""),
    });
    const found = differences(withoutNumber(recipe[0]), withoutNumber(own[0]));
    expect(unexplained(found, LINK)).toEqual({});
    expect(own[0]).toMatchObject({
      Slave_IO_Running: "Yes",
      Slave_SQL_Running: "Yes",
      Master_User: "replication_user",
    });
  });

  test("all of semi-sync that is not a count", async () => {
    const { recipe, own } = await both(number, "SHOW GLOBAL STATUS LIKE 'Rpl\\_semi\\_sync%'");
    const states = (rows: Rows) => rows.filter(({ Variable_name }) => !COUNTS.test(String(Variable_name)));
    expect(states(own)).toEqual(states(recipe));
    expect(byName(own, "Variable_name", "Value")).toMatchObject({
      Rpl_semi_sync_master_clients: "1",
      Rpl_semi_sync_master_status: "ON",
      Rpl_semi_sync_slave_status: "ON",
    });
  });

  test("all plugins and events", async () => {
    for (const look of [
      "SELECT PLUGIN_NAME, PLUGIN_STATUS FROM information_schema.ALL_PLUGINS ORDER BY 1",
      "SELECT * FROM information_schema.EVENTS",
    ]) {
      const { recipe, own } = await both(number, look);
      expect(own).toEqual(recipe);
    }
  });
});

test("the lists hold nothing that is the same on both pairs", () => {
  expect([...Object.keys(VARIABLES), ...Object.keys(LINK)].filter((name) => !seen.has(name))).toEqual([]);
});
