import type { Server } from "../mariadb/server";
import { connectedUsers } from "../mariadb/sessions";
import { versionedTables } from "../mariadb/tables";
import { compareUnreplicated, otherHoldsAll, type RowComparison, type TableRows, writtenBy } from "./rows";

/** How an operator goes on where two servers' histories differ. Followed to the letter, no advice destroys the last copy of a row. */

/** The server that is to be seeded again, and the one that has to hold every row of it before. */
export interface Seeding {
  readonly node: Server;
  readonly from: Server;
}

/** @param rows the node's (`one`) beside those of the server it is to be seeded from */
export async function wayOut(seeding: Seeding, rows: RowComparison): Promise<string> {
  const node = seeding.node.name;
  const from = seeding.from.name;
  if (!otherHoldsAll(rows)) return carryOverFirst(node, from, rows.tables);
  const unreplicated = await compareUnreplicated(seeding.node, seeding.from);
  if (!otherHoldsAll({ tables: unreplicated })) {
    return `Of the tables that replicate, ${from} holds every row of ${node}. ${carryOverFirst(node, from, unreplicated)}`;
  }
  const busy = await whyBusy(seeding.node, rows);
  if (busy) {
    return (
      `${from} holds every row that ${node} had when they were compared, but ${busy}. Let the proxies write to ${from} only, and end their sessions ` +
      `on ${node}; then run \`pulumi up\` again, which looks once more whether the data of ${node} are still needed.`
    );
  }
  return (
    `${from} holds every row of ${node}; nobody else is connected to ${node}, and nothing was written there during the comparison. ` +
    `${await unseenHistory(seeding.node, [...rows.tables, ...unreplicated])}` +
    `Keep the proxies away from ${node}; if one has written there since, run \`pulumi up\` again first. Then stop ${node}, move its data directory away, and run ` +
    `\`pulumi up\`, which seeds it from ${from}.`
  );
}

/** Why a row may be on the node that the comparison has not seen. */
async function whyBusy(node: Server, { written }: RowComparison): Promise<string | undefined> {
  // In this order: what a session has written that ends in between is seen all the same.
  const users = await connectedUsers(node);
  const hasWritten = (await writtenBy(node)) !== written.one;
  if (users.length > 0) return `others are connected to ${node.name} and may write to it (${users.join(", ")})`;
  return hasWritten ? `${node.name} was written to meanwhile` : undefined;
}

async function unseenHistory(node: Server, tables: readonly TableRows[]): Promise<string> {
  if (tables.length === 0) return "";
  const versioned = await versionedTables(
    node,
    tables.map(({ database }) => database),
  );
  if (versioned.length === 0) return "";
  return (
    `Former versions of rows (SYSTEM VERSIONING of ${versioned.join(", ")}) were not compared and are not copied: save what ${node} has of them, ` +
    "if they matter. "
  );
}

function carryOverFirst(node: string, from: string, tables: readonly TableRows[]): string {
  const unlike = tables.filter(({ onlyOne, differing }) => onlyOne + differing > 0);
  const uncertain = tables.filter(({ notComparable }) => notComparable !== undefined);
  return [
    ...(unlike.length > 0
      ? [`${node} has what ${from} does not: ${unlike.map(counts).join(", ")}. ${carryOver(node, from, unlike)}`]
      : []),
    ...uncertain.map(
      ({ database, table, notComparable }) =>
        `${database}.${table} can't be compared, because ${notComparable}: look at it on both.`,
    ),
    `Leave the data of ${node} until \`pulumi up\`, run again, says that ${from} holds every row of it.`,
  ].join(" ");
}

/** What the other server has beyond the one: `1207 rows of replicated_session_store.session`. */
export function lacks({ tables }: RowComparison): string {
  const some = tables.filter(({ onlyOther }) => onlyOther > 0);
  return some.map(({ database, table, onlyOther }) => `${rowsOf(onlyOther)} of ${database}.${table}`).join(", ");
}

function counts({ database, table, onlyOne, differing }: TableRows): string {
  const parts = [
    ...(onlyOne > 0 ? [`${rowsOf(onlyOne)} more`] : []),
    ...(differing > 0 ? [`${rowsOf(differing)} with other contents`] : []),
  ];
  return `${parts.join(" and ")} in ${database}.${table}`;
}

const rowsOf = (count: number): string => `${count} ${count === 1 ? "row" : "rows"}`;

/** Commands that add rows and overwrite none, unless they are told to. */
function carryOver(node: string, from: string, tables: readonly TableRows[]): string {
  const databases = [...new Set(tables.map(({ database }) => database))];
  const commands = databases.map((database) => {
    const names = tables.filter((table) => table.database === database).map(({ table }) => quoted(table));
    // Rows and nothing else. A lock on the whole table, as ALTER TABLE .. DISABLE KEYS takes it, waits for transactions that the replica applies;
    // earlier ones then wait behind that lock, and the later ones wait for these: for ever.
    const dump =
      "mariadb-dump --single-transaction --hex-blob --no-create-info --skip-triggers --skip-add-locks --skip-disable-keys --insert-ignore";
    const load = "mariadb --binary-mode --init-command='SET SESSION sql_log_bin=0'";
    return `\`${dump} ${quoted(database)} ${names.join(" ")} | ${load} ${quoted(database)}\``;
  });
  const differ = tables.some(({ differing }) => differing > 0);
  return (
    `Let the proxies write to ${from} only, then carry it over, the first command on ${node}, the second on ${from}: ${commands.join("; ")}. ` +
    `It adds rows and changes none; sessions that ended on ${from} meanwhile come back.` +
    (differ
      ? ` Of the rows with other contents, decide: with --replace in place of --insert-ignore ${from} takes those of ${node}; the same with --replace in ` +
        `the other direction gives ${node} those of ${from}, and is safe only after the first.`
      : "")
  );
}

/** For a shell. */
const quoted = (name: string): string => (/^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`);
