import { openServer } from "../mariadb/open";
import { withRights } from "../mariadb/rights";
import { format, type Server } from "../mariadb/server";
import { inNameOf } from "../recipe/schema/definer";
import type { CheckedStatement } from "../recipe/schema/script";
import { refuseForeignDefiners } from "./fitToCopy";
import { insertOnce } from "./scriptInserts";

/** Stands in the database, unlogged, while the script runs: rows of a run that was cut off can't be told from rows deleted since. */
export const UNFINISHED = "session_store_script_unfinished";

const STATEMENT_DEADLINE = 60_000;
/** ADD COLUMN and ADD INDEX may copy a large table. */
const ALTER_DEADLINE = 3_600_000;
/** The mode that `mariadb < script.sql` finds on a server as it is installed, and in which the script's quotes were read. */
const MODE = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION";

/** Runs the checked script from its beginning on the first server; it reaches the second. What is there already is left alone. */
export async function runScript(
  servers: readonly [Server, Server],
  database: string,
  statements: readonly CheckedStatement[],
): Promise<void> {
  await refuseForeignDefiners(servers, statements);
  const [on] = servers;
  await on.query("CREATE TABLE IF NOT EXISTS ??.?? (since TIMESTAMP)", [database, UNFINISHED]);
  // A session of its own: what the script sets ends with it.
  await using session = await openServer(on.connection);
  const context: Context = { on, session, database, settings: [] };
  await prepare(session, context);
  await session.logged(async () => {
    for (const statement of statements) await runOne(context, statement);
  });
  // The mark of an earlier run may be on the other node: that run may have had the two the other way round.
  for (const server of servers) await server.query("DROP TABLE IF EXISTS ??.??", [database, UNFINISHED]);
}

interface Context {
  readonly on: Server;
  readonly session: Server;
  readonly database: string;
  /** What the script has set in its session so far. */
  readonly settings: CheckedStatement[];
}

async function prepare(session: Server, { database, settings }: Context): Promise<void> {
  await session.query("USE ??", [database]);
  await session.query("SET SESSION sql_mode = ?", [MODE]);
  for (const statement of settings) await session.query(statement.text, [], STATEMENT_DEADLINE, inWords(statement));
}

async function runOne(context: Context, statement: CheckedStatement): Promise<void> {
  const { on, session, database, settings } = context;
  const { kind, text, line } = statement;
  const run = (sql: string, note = "") => session.query(sql, [], STATEMENT_DEADLINE, inWords(statement) + note);
  try {
    if (kind === "insert") await insertOnce({ on, session, database, ...statement }, run);
    else if (kind === "create") await create(context, statement);
    else await session.query(text, [], kind === "alter" ? ALTER_DEADLINE : STATEMENT_DEADLINE, inWords(statement));
    if (kind === "session") settings.push(statement);
  } catch (error) {
    throw new Error(`line ${line} of the script: ${(error as Error).message}`);
  }
}

/** What is told of a statement: not its text, which may have rows in it. */
const inWords = ({ kind, table = "" }: CheckedStatement): string => `the script: ${kind} ${table}`.trim();

/**
 * A server with a binary log lets only MariaDB's root make triggers and functions, which then run in the name of the admin all the same. That is
 * the one from the server's own machine: another one goes with `direct`.
 */
async function create(context: Context, statement: CheckedStatement): Promise<void> {
  const { session } = context;
  const { definer } = statement;
  const clause = format("DEFINER=??@??", [session.connection.admin.user, "localhost"]);
  const text = definer && !("user" in definer) ? inNameOf(statement.text, definer, clause) : statement.text;
  const run = (by: Server) => by.query(text, [], STATEMENT_DEADLINE, inWords(statement));
  await withRights(session, async (by) => {
    if (by === session) return run(by);
    await prepare(by, context);
    return by.logged(() => run(by));
  });
}
