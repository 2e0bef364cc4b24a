import type { ScriptStatement } from "../sql/splitScript";
import { readStatement, type Statement } from "../sql/statement";
import { isSymbol, isWord, partsAtCommas } from "../sql/tokens";

/** INSERTs that fit their tables at the first run only, because a later statement adds a column. */
export function shortRows(statements: readonly ScriptStatement[]): { line: number; reason: string }[] {
  const all = statements.map((source, at) => ({ line: source.line, at, ...readStatement(source) }));
  const widenings = all.filter(addsColumn);
  const isOfTable = ({ names: [one] }: Statement, { names: [other] }: Statement) => one?.table === other?.table;
  return all.flatMap((insert) => {
    if (insert.verb !== "INSERT" || namesColumns(insert)) return [];
    const widening = widenings.find((later) => later.at > insert.at && isOfTable(insert, later));
    return widening
      ? [
          {
            line: insert.line,
            reason: `INSERT without names of columns, and line ${widening.line} adds a column to that table: run again, it would have too few values. Write the names behind that of the table`,
          },
        ]
      : [];
  });
}

const namesColumns = ({ rest: [first, second] }: Statement): boolean =>
  isWord(first, "SET") ||
  (isSymbol(first, "(") && !isSymbol(second, "(") && !isWord(second, "SELECT", "WITH", "VALUES"));

/** What ALTER TABLE ... ADD adds that is no column. */
const NO_COLUMN = [
  "INDEX",
  "KEY",
  "UNIQUE",
  "CONSTRAINT",
  "FOREIGN",
  "PRIMARY",
  "FULLTEXT",
  "SPATIAL",
  "PARTITION",
  "CHECK",
];

const addsColumn = ({ verb, rest }: Statement): boolean =>
  verb === "ALTER TABLE" &&
  partsAtCommas(rest).some(([add, what]) => isWord(add, "ADD") && !isWord(what, ...NO_COLUMN));
