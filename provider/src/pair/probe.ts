import { createProbe, dropProbes, existing, hasProbeRow, insertInProbes, probeTables } from "../mariadb/probeTables";
import type { Server } from "../mariadb/server";
import { replicatedPatterns, type Table, usersDatabases } from "../mariadb/tables";
import { matchesFilter } from "../recipe/filters";
import { isExact, literal, partsOf, probeName } from "../recipe/probe";
import type { Proof } from "../recipe/words";
import type { Ends } from "./ends";

/**
 * The proof of rows: a table for each pattern with a wildcard is made on the source, gets a row, and is removed, all of it through replication.
 * No table of anybody else is touched. A step is taken only after the one before it has arrived: a replica that got a row and not its table would
 * stop at it.
 */

/** Waits until the replica has applied the last of what the source wrote in this session. */
type Arrival = () => Promise<void>;

/** By pattern of the replica, how it is proved that rows under it arrive. */
export type Proofs = Record<string, Proof>;

/** @param arrived called within `source.logged` */
export async function proveRows(ends: Ends, arrived: Arrival): Promise<{ proved: Proofs; seconds: number }> {
  const { source, replica } = ends;
  const number = await numberOf(source);
  await removeLeftOver(ends, number, arrived);
  const { proofs, tables } = await plan(ends, number);
  if (tables.length === 0) return { proved: proofs, seconds: 0 };
  const id = String(Math.floor(Math.random() * Number.MAX_SAFE_INTEGER));
  let seconds = 0;
  await source.logged(async () => {
    try {
      for (const table of tables) await createProbe(source, table);
      await arrived();
      const there = (await existing(replica, tables)).map(nameOf);
      for (const table of tables) if (!there.includes(nameOf(table))) throw lost(ends, table, "a table");
      const start = Date.now();
      await insertInProbes(source, tables, id);
      await arrived();
      for (const table of tables) if (!(await hasProbeRow(replica, table, id))) throw lost(ends, table, "a row");
      seconds = (Date.now() - start) / 1000;
    } catch (error) {
      // After its table and row, the replica gets this too, whenever it goes on.
      await dropProbes(source, tables).catch(() => undefined);
      throw error;
    }
    await dropProbes(source, tables);
    await arrived();
  });
  // What was logged late by a run that was cut off has arrived by now too.
  await removeLeftOver(ends, number, arrived);
  return { proved: proofs, seconds };
}

/** What a proof that was cut off has left. The replica has applied all that the source has written by now. */
async function removeLeftOver({ source, replica }: Ends, number: string, arrived: Arrival): Promise<void> {
  const there = await probeTables(source, number);
  if (there.length > 0) {
    await source.logged(async () => {
      await dropProbes(source, there);
      await arrived();
    });
  }
  // Where the source had lost them already, or did not log that they went.
  await dropProbes(replica, await probeTables(replica, number));
}

/** Names of the tables that a proof of this direction has left, on either node. */
export async function leftOver(ends: { replica: Server; source: Server }): Promise<string[]> {
  const number = await numberOf(ends.source);
  const found = await Promise.all(
    [ends.source, ends.replica].map(async (server) =>
      (await probeTables(server, number)).map((table) => `${nameOf(table)} on ${server.name}`),
    ),
  );
  return found.flat();
}

const numberOf = (source: Server): Promise<string> => source.value("SELECT @@GLOBAL.server_id");

async function plan({ source, replica }: Ends, number: string): Promise<{ proofs: Proofs; tables: Table[] }> {
  const others = await usersDatabases(source);
  const both = (await usersDatabases(replica)).filter((database) => others.includes(database));
  const proofs: Proofs = {};
  const named = new Map<string, Table>();
  for (const pattern of await replicatedPatterns(replica)) {
    const database = databaseFor(pattern, both);
    const table = database === undefined ? undefined : probeName(pattern, database, number);
    if (isExact(partsOf(pattern).table)) proofs[pattern] = "filters compared, the name is exact";
    else if (database === undefined) proofs[pattern] = "filters compared, no database for it on both nodes";
    else if (table === undefined) proofs[pattern] = "filters compared, no name for it";
    else named.set(pattern, { database, table });
  }
  // What was left over is gone by now: a table of that name is somebody's own.
  const wanted = [...named.values()];
  const taken = [...(await existing(source, wanted)), ...(await existing(replica, wanted))].map(nameOf);
  for (const [pattern, table] of named) {
    const isFree = !taken.includes(nameOf(table));
    proofs[pattern] = isFree ? "a row arrived" : "filters compared, no name for it";
  }
  const free = wanted.filter((table) => !taken.includes(nameOf(table)));
  return { proofs, tables: [...new Map(free.map((table) => [nameOf(table), table])).values()] };
}

/** A database that the pattern covers; the one that it spells, if that is there. */
function databaseFor(pattern: string, databases: readonly string[]): string | undefined {
  const { database } = partsOf(pattern);
  const spelled = databases.find((name) => name === literal(database));
  return spelled ?? databases.find((name) => matchesFilter(`${database}.x`, name, "x"));
}

const nameOf = ({ database, table }: Table): string => `${database}.${table}`;

const lost = ({ source, replica }: Ends, table: Table, what: string): Error =>
  new Error(
    `${what} that ${source.name} wrote in ${nameOf(table)} did not reach ${replica.name}, though its transaction did: something keeps rows back there. ` +
      `Compare the filters of both nodes (SHOW ALL SLAVES STATUS on ${replica.name}, SHOW MASTER STATUS on ${source.name}); the table is removed again`,
  );
