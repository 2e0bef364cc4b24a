import { readdir, readFile } from "node:fs/promises";
import * as path from "node:path";
import { paths } from "../../../provider/src/hosts/local/files";
import { reconnectNow, replicaStatus } from "../../../provider/src/mariadb/replication";
import { semiSync } from "../../../provider/src/mariadb/semiSync";
import type { Server } from "../../../provider/src/mariadb/server";
import { OWN_DATABASES } from "../../../provider/src/recipe/names";
import { until } from "../../../provider/src/waiting";
import { PROOF } from "../proof";

/** All of a pair that has to be the same however often the way to it was cut off. */
export interface PairState {
  readonly db1: NodeState;
  readonly db2: NodeState;
}

export type NodeState = Record<
  "files" | "variables" | "accounts" | "replication" | "semiSync" | "rows" | "logged",
  unknown
>;

/** Where a server's binary log stood. */
export type LogMark = ReadonlyMap<string, number>;

const VOLATILE =
  /^(gtid_|timestamp|server_uid|log_bin_|last_gtid|rand_seed|pseudo_thread_id|error_count|warning_count)/;

export async function nodeState(server: Server, directory: string, since: LogMark): Promise<NodeState> {
  return {
    files: await filesOf(directory),
    variables: await variablesOf(server),
    accounts: await accountsOf(server),
    replication: await replicationOf(server, directory),
    semiSync: await semiSync(server),
    rows: await rowsOf(server),
    logged: await loggedSince(server, since),
  };
}

/** Gives links a moment to come (back) into effect; what still isn't then is part of the state. */
export async function settle(replica: Server, source: Server): Promise<void> {
  const end = Date.now() + 10_000;
  await until({ what: `${replica.name} to replicate`, deadline: 60_000 }, async () => {
    const status = await replicaStatus(replica);
    if (!status || Date.now() > end) return { done: undefined };
    if (status.ioError) await reconnectNow(replica);
    const [here, there] = await Promise.all([semiSync(replica), semiSync(source)]);
    const works = status.ioThread === "Yes" && status.sqlThread === "Yes" && here.replicaActive && there.replicas === 1;
    return works ? { done: undefined } : { seen: `${status.ioThread}, ${status.sqlThread}` };
  });
}

export async function logMark(server: Server): Promise<LogMark> {
  if ((await server.value("SELECT @@GLOBAL.log_bin")) !== "1") return new Map();
  const logs = await server.query("SHOW BINARY LOGS");
  return new Map(logs.map((row) => [String(row["Log_name"]), Number(row["File_size"])]));
}

/** Every file of the library beside the data, with its text where it is an option file or a certificate. */
async function filesOf(directory: string): Promise<Record<string, string>> {
  const { data, temporary, log, includeFolder } = paths(directory);
  const texts: Record<string, string> = {};
  const certificates = path.join(directory, "tls");
  for (const folder of [directory, includeFolder, certificates]) {
    for (const name of await readdir(folder).catch(() => [])) {
      const file = path.join(folder, name);
      if ([data, temporary, log, includeFolder, certificates].includes(file)) continue;
      texts[path.relative(directory, file)] = /\.(cnf|pem)$/.test(name) ? await readFile(file, "utf8") : "";
    }
  }
  return texts;
}

async function variablesOf(server: Server): Promise<Record<string, string>> {
  const rows = await server.query("SHOW GLOBAL VARIABLES");
  const all = rows.map((row): [string, string] => [String(row["Variable_name"]), String(row["Value"])]);
  return Object.fromEntries(all.filter(([name]) => !VOLATILE.test(name)));
}

async function accountsOf(server: Server): Promise<unknown> {
  const rows = await server.query("SELECT User, Host, Priv FROM mysql.global_priv ORDER BY User, Host");
  const databases = await server.query("SELECT * FROM mysql.db ORDER BY User, Host, Db");
  const accounts = rows.map((row) => {
    const { password_last_changed: _, ...priv } = (
      typeof row["Priv"] === "string" ? JSON.parse(row["Priv"]) : row["Priv"]
    ) as Record<string, unknown>;
    return { ...row, Priv: priv };
  });
  return { accounts, databases };
}

async function replicationOf(server: Server, directory: string): Promise<unknown> {
  const [row] = await server.query("SHOW ALL SLAVES STATUS");
  if (!row) return "none";
  const shown = [
    ...["Master_Host", "Master_Port", "Master_User", "Using_Gtid", "Connect_Retry", "Slave_heartbeat_period"],
    ...["Slave_IO_Running", "Slave_SQL_Running", "Last_IO_Error", "Last_SQL_Error", "Replicate_Wild_Do_Table"],
  ];
  const text = await readFile(path.join(paths(directory).data, "master.info"), "utf8");
  return { ...Object.fromEntries(shown.map((name) => [name, row[name]])), password: text.split("\n")[5] };
}

/** Databases, their tables and all rows. */
async function rowsOf(server: Server): Promise<Record<string, unknown>> {
  const tables = await server.query(
    `SELECT SCHEMA_NAME AS db, TABLE_NAME AS name, CONCAT(DEFAULT_CHARACTER_SET_NAME, ' ', DEFAULT_COLLATION_NAME) AS charset
       FROM information_schema.SCHEMATA LEFT JOIN information_schema.TABLES ON TABLE_SCHEMA = SCHEMA_NAME
      WHERE SCHEMA_NAME NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY 1, 2`,
  );
  const all: Record<string, unknown> = {};
  for (const { db, name, charset } of tables) {
    all[`${db}`] = charset;
    if (name) all[`${db}.${name}`] = await server.query("SELECT * FROM ??.?? ORDER BY 1", [db, name]);
  }
  const { register } = OWN_DATABASES;
  if (all[`${register}.identity`]) all[`${register}.identity`] = "one";
  if (all[`${register}.claims`]) all[`${register}.claims`] = await claimsOf(server);
  // A run that was cut off after its change leaves the former value beside the new one, until the next change.
  if (all[`${register}.settings`])
    all[`${register}.settings`] = await server.query("SELECT DISTINCT name FROM ??.settings ORDER BY 1", [register]);
  return all;
}

/** Which run made a claim, and when, is another thing each time. */
const claimsOf = (server: Server): Promise<unknown> =>
  server.query("SELECT object, stack, resource FROM ??.claims ORDER BY 1, 2, 3", [OWN_DATABASES.register]);

/** The different statements in the binary log except those of proofs, of which there may be more or less, and in how many changes of tables rows were written. */
async function loggedSince(server: Server, mark: LogMark): Promise<{ statements: string[]; rowEvents: number }> {
  const statements = new Set<string>();
  let rowEvents = 0;
  for (const log of (await logMark(server)).keys()) {
    for (const row of await server.query("SHOW BINLOG EVENTS IN ?", [log])) {
      if (Number(row["Pos"]) < (mark.get(log) ?? 0)) continue;
      const text = String(row["Info"]);
      if (row["Event_type"] === "Query" && !PROOF.text.test(text)) statements.add(text);
      if (row["Event_type"] === "Table_map" && !PROOF.text.test(text)) rowEvents += 1;
    }
  }
  return { statements: [...statements].sort(), rowEvents };
}
