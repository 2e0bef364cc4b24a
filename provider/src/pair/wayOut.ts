import { otherHoldsAll, type RowComparison, type TableRows } from "./rows";

/** How an operator goes on where two servers' histories differ. Followed to the letter, no advice destroys the last copy of a row. */

/** The server that is to be seeded again, and the one that has to hold every row of it before. */
export interface Seeding {
  readonly node: string;
  readonly from: string;
}

/** @param rows the node's (`one`) beside those of the server it is to be seeded from */
export function wayOut({ node, from }: Seeding, rows: RowComparison): string {
  if (otherHoldsAll(rows)) {
    return (
      `${from} holds every row of ${node}. Let the proxies write to ${from} only; then stop ${node}, move its data directory away, and run ` +
      `\`pulumi up\`, which seeds it from ${from}.`
    );
  }
  const unlike = rows.tables.filter(({ onlyOne, differing }) => onlyOne + differing > 0);
  const uncertain = rows.tables.filter(({ notComparable }) => notComparable !== undefined);
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
    const dump =
      "mariadb-dump --single-transaction --hex-blob --no-create-info --skip-triggers --skip-add-locks --insert-ignore";
    const load = "mariadb --init-command='SET SESSION sql_log_bin=0'";
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
