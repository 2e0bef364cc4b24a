import { PROBE, PROBE_COMMENT } from "../recipe/probe";
import type { Row, Server } from "./server";
import type { Table } from "./tables";

/** Tables that prove that rows arrive. */

const IS_OURS = "TABLE_NAME LIKE ? AND TABLE_COMMENT = ?";
const like = (number: string) => [`%${PROBE.replaceAll("_", "\\_")}${number}\\_%`, PROBE_COMMENT];

/** Those on this server that a proof from the source with this number has left. */
export async function probeTables(server: Server, number: string): Promise<Table[]> {
  const rows = await server.query(
    `SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE ${IS_OURS} ORDER BY 1, 2`,
    like(number),
  );
  return rows.map(tableOf);
}

export async function createProbe(server: Server, { database, table }: Table): Promise<void> {
  // Numbers only: no character set of a database takes part.
  await server.query("CREATE TABLE ??.?? (id BIGINT UNSIGNED PRIMARY KEY) ENGINE=InnoDB COMMENT=?", [
    database,
    table,
    PROBE_COMMENT,
  ]);
}

export async function dropProbes(server: Server, tables: readonly Table[]): Promise<void> {
  if (tables.length === 0) return;
  const marks = tables.map(() => "??.??").join(", ");
  await server.query(
    `DROP TABLE IF EXISTS ${marks}`,
    tables.flatMap(({ database, table }) => [database, table]),
  );
}

/** A row in each, in one transaction, written as the proxies' are: as a row, not as a statement. */
export async function insertInProbes(server: Server, tables: readonly Table[], id: string): Promise<void> {
  await server.query("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
  await server.query("START TRANSACTION");
  for (const { database, table } of tables) await server.query("INSERT INTO ??.?? VALUES (?)", [database, table, id]);
  await server.query("COMMIT");
}

export async function hasProbeRow(server: Server, { database, table }: Table, id: string): Promise<boolean> {
  return (await server.row("SELECT 1 FROM ??.?? WHERE id = ?", [database, table, id])) !== undefined;
}

/** The tables that exist under these names, also those of other people. */
export async function existing(server: Server, tables: readonly Table[]): Promise<Table[]> {
  if (tables.length === 0) return [];
  const rows = await server.query(
    "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE (TABLE_SCHEMA, TABLE_NAME) IN (?)",
    [tables.map(({ database, table }) => [database, table])],
  );
  return rows.map(tableOf);
}

const tableOf = (row: Row): Table => ({ database: String(row["TABLE_SCHEMA"]), table: String(row["TABLE_NAME"]) });
