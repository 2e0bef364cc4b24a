import { openServer } from "../mariadb/open";
import type { Server } from "../mariadb/server";
import type { CheckedStatement } from "../recipe/schema/script";

/** Stands in the database, unlogged, while the script runs: rows of a run that was cut off can't be told from rows deleted since. */
export const UNFINISHED = "session_store_script_unfinished";

const DUPLICATE_KEY = 1062;
const STATEMENT_DEADLINE = 60_000;
/** ADD COLUMN and ADD INDEX may copy a large table. */
const ALTER_DEADLINE = 3_600_000;

/** Runs the checked script from its beginning on the first server; it reaches the second. What is there already is left alone. */
export async function runScript(
  servers: readonly [Server, Server],
  database: string,
  statements: readonly CheckedStatement[],
): Promise<void> {
  const [on] = servers;
  await on.query("CREATE TABLE IF NOT EXISTS ??.?? (since TIMESTAMP)", [database, UNFINISHED]);
  // A session of its own: what the script sets ends with it.
  await using session = await openServer(on.connection);
  await session.query("USE ??", [database]);
  // The mode that `mariadb < script.sql` finds on a server as it is installed, and in which the script's quotes were read.
  const mode = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION";
  await session.query("SET SESSION sql_mode = ?", [mode]);
  await session.logged(async () => {
    for (const statement of statements) await runOne(on, session, database, statement);
  });
  // The mark of an earlier run may be on the other node: that run may have had the two the other way round.
  for (const server of servers) await server.query("DROP TABLE IF EXISTS ??.??", [database, UNFINISHED]);
}

async function runOne(on: Server, session: Server, database: string, statement: CheckedStatement): Promise<void> {
  try {
    const { kind, text } = statement;
    if (kind === "insert") await insert(on, session, database, statement);
    else await session.query(text, [], kind === "alter" ? ALTER_DEADLINE : STATEMENT_DEADLINE, inWords(statement));
  } catch (error) {
    throw new Error(`line ${statement.line} of the script: ${(error as Error).message}`);
  }
}

/** What is told of a statement: not its text, which may have rows in it. */
const inWords = ({ kind, table = "" }: CheckedStatement): string => `the script: ${kind} ${table}`.trim();

async function insert(on: Server, session: Server, database: string, statement: CheckedStatement) {
  const { text, table = "", textForMissing = text } = statement;
  await refuseToDouble(on, database, table);
  try {
    await session.query(text, [], STATEMENT_DEADLINE, inWords(statement));
  } catch (error) {
    if ((error as { errno?: number }).errno !== DUPLICATE_KEY) throw error;
    // At least one of its rows is there already, and none was written. The rest of them may be missing.
    await session.query(textForMissing, [], STATEMENT_DEADLINE, inWords(statement));
  }
}

/**
 * A row may be inserted only where a second insert of it fails: nothing else tells, after a run that was cut off, whether it is there.
 * A table that this run has made would be safe until the run is cut off, after which it could never be finished; so no exception for it.
 * It is asked in our own session: the script may have given its own another sql_mode, in which our quotes mean something else.
 */
async function refuseToDouble(on: Server, database: string, table: string): Promise<void> {
  const key = await on.row(
    `SELECT s.INDEX_NAME FROM information_schema.STATISTICS s
       JOIN information_schema.COLUMNS c USING (TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME)
      WHERE s.TABLE_SCHEMA = ? AND s.TABLE_NAME = ? AND s.NON_UNIQUE = 0
      GROUP BY s.INDEX_NAME HAVING SUM(c.IS_NULLABLE = 'YES' OR c.EXTRA LIKE '%auto_increment%') = 0 LIMIT 1`,
    [database, table],
  );
  if (key) return;
  throw new Error(
    `${database}.${table} has no primary or unique key that tells a row apart by values of its own (NOT NULL, no AUTO_INCREMENT), ` +
      "so this INSERT would double its row when the script is run again. It was not run; the statements before it were. " +
      "Give the table such a key, or take the INSERT out of the script and run it by hand on one node",
  );
}
