import { NOT_FOR_SESSIONS } from "../recipe/names";
import { PROBE, PROBE_COMMENT } from "../recipe/probe";
import { type UnfitTable, unfitness } from "../recipe/schema/engines";
import type { Server } from "./server";

export interface Table {
  readonly database: string;
  readonly table: string;
}

/** What holds rows of its own: no views, no sequences, and not what a proof leaves when it is cut off. */
const HOLDS_ROWS = `TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND NOT (TABLE_NAME LIKE '%${PROBE}%' AND TABLE_COMMENT = '${PROBE_COMMENT}')`;

/** The patterns of the tables that this server takes from its peer. None: it takes all. */
export async function replicatedPatterns(server: Server): Promise<string[]> {
  const filters = await server.value("SELECT @@GLOBAL.replicate_wild_do_table");
  return [...new Set(filters.split(",").filter((pattern) => pattern !== ""))];
}

/** The tables that this server's own filters replicate; none when it has no filters. */
export async function replicatedTables(server: Server, database?: string): Promise<Table[]> {
  const rows = await covered(server, await replicatedPatterns(server), database);
  return rows.map(({ database, table }) => ({ database, table }));
}

/** Replicated tables of these engines, by the patterns of this server's own filters and by further ones. */
export async function tablesOfEngines(
  server: Server,
  engines: readonly string[],
  { database, patterns = [] }: { readonly database?: string; readonly patterns?: readonly string[] },
): Promise<UnfitTable[]> {
  const all = [...new Set([...(await replicatedPatterns(server)), ...patterns])];
  const found = (await covered(server, all, database)).filter(({ engine }) => engines.includes(engine));
  return found.map(({ database, table, engine }) => ({ table: [database, table].map(quoted).join("."), engine }));
}

/** As a statement takes the name. */
const quoted = (name: string): string => (/^[\w$]+$/.test(name) ? name : `\`${name.replaceAll("`", "``")}\``);

async function covered(server: Server, patterns: readonly string[], database?: string) {
  if (patterns.length === 0) return [];
  const matches = patterns.map(() => "CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) LIKE ?").join(" OR ");
  const rows = await server.query(
    `SELECT TABLE_SCHEMA, TABLE_NAME, ENGINE FROM information_schema.TABLES
      WHERE ${HOLDS_ROWS} AND (${matches}) AND TABLE_SCHEMA ${database === undefined ? "NOT IN (?)" : "= ?"} ORDER BY 1, 2`,
    [...patterns, database ?? NOT_FOR_SESSIONS],
  );
  return rows.map((row) => ({
    database: String(row["TABLE_SCHEMA"]),
    table: String(row["TABLE_NAME"]),
    engine: String(row["ENGINE"]).toUpperCase(),
  }));
}

/** Settings of the server with which a new table gets an engine that does not keep its rows. */
export async function unfitDefaults(server: Server): Promise<string[]> {
  const row = await server.row(
    "SELECT @@GLOBAL.default_storage_engine AS default_storage_engine, @@GLOBAL.enforce_storage_engine AS enforce_storage_engine",
  );
  return Object.entries(row ?? {}).flatMap(([name, engine]) =>
    unfitness(String(engine)) ? [`${name}=${engine}`] : [],
  );
}

/** All tables whose rows reach the peer: those of the filters, and without any filter those of all databases. */
export async function tablesWithReach(server: Server): Promise<Table[]> {
  const isFiltered = (await replicatedPatterns(server)).length > 0;
  return isFiltered ? replicatedTables(server) : usersTables(server);
}

/** All databases except the server's own and ours. */
export async function usersDatabases(server: Server): Promise<string[]> {
  const rows = await server.query(
    "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN (?) ORDER BY 1",
    [NOT_FOR_SESSIONS],
  );
  return rows.map((row) => String(row["SCHEMA_NAME"]));
}

/** All tables except the server's own and ours. */
export async function usersTables(server: Server): Promise<Table[]> {
  const databases = await usersDatabases(server);
  return databases.length === 0 ? [] : baseTables(server, databases);
}

export async function hasRows(server: Server, { database, table }: Table): Promise<boolean> {
  return (await server.row("SELECT 1 FROM ??.?? LIMIT 1", [database, table])) !== undefined;
}

/** True when there are rows in any table except the server's own and ours. */
export async function holdsRows(server: Server): Promise<boolean> {
  for (const table of await usersTables(server)) {
    if (await hasRows(server, table)) return true;
  }
  return false;
}

/** Tables that keep the history of their rows. */
export async function versionedTables(server: Server, databases: readonly string[]): Promise<string[]> {
  const rows = await server.query(
    "SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) AS name FROM information_schema.TABLES WHERE TABLE_TYPE = 'SYSTEM VERSIONED' AND TABLE_SCHEMA IN (?)",
    [databases],
  );
  return rows.map((row) => String(row["name"]));
}

/** All tables of these databases that hold rows of their own. */
export async function baseTables(server: Server, databases: readonly string[]): Promise<Table[]> {
  const rows = await server.query(
    `SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE ${HOLDS_ROWS} AND TABLE_SCHEMA IN (?)`,
    [databases],
  );
  return rows.map((row) => ({ database: String(row["TABLE_SCHEMA"]), table: String(row["TABLE_NAME"]) }));
}

/** Names of all tables and views of a database. */
export async function allTables(server: Server, database: string): Promise<string[]> {
  const rows = await server.query("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?", [
    database,
  ]);
  return rows.map((row) => String(row["TABLE_NAME"]));
}
