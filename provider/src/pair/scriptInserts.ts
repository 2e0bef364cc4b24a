import type { Server } from "../mariadb/server";

/** The rows that a script brings. A run that was cut off is repeated from its beginning, so none may be there twice after it. */

const DUPLICATE_KEY = 1062;
/** How the record tells of that. */
const TRIED = ", tried again to be taken back";
/** Any other time than that of the first try: where a row's key is made of the time, it shows. */
const ANOTHER_TIME = 200_000;

type RunText = (text: string, note?: string) => Promise<unknown[]>;

interface Insert {
  readonly on: Server;
  readonly session: Server;
  readonly database: string;
  readonly table?: string;
  readonly text: string;
  /** The text that adds those of its rows that are not there yet. */
  readonly textForMissing?: string;
}

/**
 * Adds those rows that are not there yet, and none that a second run would add again. Whether it would is tried, and rolled back: which rows have a key
 * of their own depends on the values given, the table's defaults and triggers and the sql_mode.
 * @param run runs a text of the script, and tells of it with this note
 */
export async function insertOnce(insert: Insert, run: RunText): Promise<void> {
  const { session, text, textForMissing = text } = insert;
  if (!(await canRollBack(insert))) return insertMissing(insert, run);
  await session.query("START TRANSACTION");
  try {
    await insertMissing(insert, run);
    await session.query("SAVEPOINT session_store_once");
    const returned = await run(`SET STATEMENT timestamp = ${ANOTHER_TIME} FOR ${textForMissing}`, TRIED);
    const added = Number(await session.value("SELECT ROW_COUNT()"));
    if (returned.length > 0 || added > 0) throw new Error(wouldDouble(insert));
    await session.query("ROLLBACK TO SAVEPOINT session_store_once");
    await session.query("COMMIT");
  } catch (error) {
    await session.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

async function insertMissing({ text, textForMissing = text }: Insert, run: RunText) {
  try {
    await run(text);
  } catch (error) {
    if ((error as { errno?: number }).errno !== DUPLICATE_KEY) throw error;
    // At least one of its rows is there already, and none was written. The rest of them may be missing.
    await run(textForMissing);
  }
}

/**
 * Refuses to insert into tables that can't take a row back, unless every row has a key of its own.
 * They are asked about in our own session: the script may have given its own another sql_mode, in which our quotes mean something else.
 */
async function canRollBack(insert: Insert): Promise<boolean> {
  const { on, database, table = "" } = insert;
  const found = await on.row(
    `SELECT t.TABLE_TYPE AS type, t.ENGINE AS engine, e.TRANSACTIONS AS transactions FROM information_schema.TABLES t
       LEFT JOIN information_schema.ENGINES e USING (ENGINE) WHERE t.TABLE_SCHEMA = ? AND t.TABLE_NAME = ?`,
    [database, table],
  );
  if (found?.["type"] === "VIEW")
    throw new Error(`${database}.${table} is a view. Write INSERT into the table whose rows it shows. ${NOT_RUN}`);
  if (!found || found["transactions"] === "YES") return true;
  const key = await on.row(
    `SELECT s.INDEX_NAME FROM information_schema.STATISTICS s
       JOIN information_schema.COLUMNS c USING (TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME)
      WHERE s.TABLE_SCHEMA = ? AND s.TABLE_NAME = ? AND s.NON_UNIQUE = 0
      GROUP BY s.INDEX_NAME HAVING SUM(c.IS_NULLABLE = 'YES' OR c.EXTRA LIKE '%auto_increment%') = 0 LIMIT 1`,
    [database, table],
  );
  if (key) return false;
  throw new Error(
    `${database}.${table} is ENGINE=${found["engine"]}, which takes no row back, and has no primary or unique key whose columns are NOT NULL and not ` +
      `AUTO_INCREMENT, so it can't be tried whether this INSERT would add its rows again. Write ENGINE=InnoDB. ${NOT_RUN}`,
  );
}

const NOT_RUN = "It was not run; the statements before it were";

const wouldDouble = ({ database, table }: Insert): string =>
  `this INSERT would add rows to ${database}.${table} again when the script is run again, because they have no primary or unique key with values that are ` +
  "the same each time (AUTO_INCREMENT, NULL, UUID() and the time are not). It was taken back; the statements before it were run. " +
  "Write the key's values into the INSERT, or take it out of the script and run it by hand on one node";
