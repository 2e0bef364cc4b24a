import { matchesFilter } from "../filters";
import { isReservedDatabase } from "../names";
import type { Name } from "../sql/cursor";
import { type Mention, mentions, tableOptionMentions } from "../sql/mentions";
import { splitScript, statementsInText } from "../sql/splitScript";
import { readStatement, type Statement } from "../sql/statement";
import { isSymbol, isWord, type Token, tokensOf } from "../sql/tokens";

export interface Filters {
  /** The database in which names without one are meant. */
  readonly database: string;
  /** Values of replicate_wild_do_table. */
  readonly patterns: readonly string[];
}

export interface Answer {
  /** Undefined: it can't be told from the text. */
  readonly reaches: boolean | undefined;
  readonly because: string;
}

/**
 * Says whether a table's rows and definition, or what an SQL statement does, will reach the peer.
 * It takes the settings of the recipe for granted, READ COMMITTED above all, with which rows are logged as rows.
 */
export function reachesPeer(tableOrStatement: string, filters: Filters): Answer {
  const table = asTable(tokensOf(tableOrStatement.replace(/[;\s]+$/, "")));
  if (table) return rowsReach([table], filters);

  const isScript = /^\s*delimiter\s/im.test(tableOrStatement);
  const { statements, problems } = isScript
    ? splitScript(tableOrStatement)
    : { statements: statementsInText(tableOrStatement), problems: [] };
  const [problem] = problems;
  if (problem) return { reaches: undefined, because: problem.reason };
  let { database } = filters;
  let logged = true;
  let sets: Answer | undefined;
  const answers: Answer[] = [];
  for (const statement of statements) {
    const switched = switchesLog(statement.tokens);
    const read = readStatement({ tokens: unwrapped(statement.tokens) });
    if (switched !== undefined) logged = switched;
    else if (read.verb === "SET" && read.effect === "nothing") sets = statementReaches(read, filters);
    else if (isWord(statement.tokens[0], "USE")) database = statement.tokens[1]?.text ?? database;
    else if (logged) answers.push(statementReaches(read, { ...filters, database }));
    else answers.push({ reaches: false, because: "sql_log_bin is off in its session, so it is not in the binary log" });
  }
  if (answers.length > 1) return { reaches: undefined, because: "these are several statements: ask for one at a time" };
  return (
    answers[0] ??
    sets ?? {
      reaches: statements.length > 0 ? false : undefined,
      because: statements.length > 0 ? "it only sets up its own session" : "there is neither a table nor a statement",
    }
  );
}

function statementReaches(statement: Statement, filters: Filters): Answer {
  const { verb, effect, names } = statement;
  switch (effect) {
    case "account":
      return systemTablesMatch(filters)
        ? {
            reaches: undefined,
            because: "a pattern covers tables of the database mysql: that is not among the cases known here",
          }
        : {
            reaches: false,
            because: `${verb} writes the tables of the database mysql, which no pattern covers: do it on each node`,
          };
    case "database":
      return databaseReaches(verb, names[0]?.database ?? filters.database, filters);
    case "unfiltered":
      return {
        reaches: true,
        because: `${verb} runs on the peer whatever the patterns: they hold for tables only${needs(statement, filters)}`,
      };
    case "temporary table":
      return { reaches: false, because: "a temporary table exists in its own session only" };
    case "nothing":
      return { reaches: false, because: `${verb} is not in the binary log` };
    case "rows":
      return names.length > 0 ? rowsReach(names, filters) : notUnderstood(verb);
    case "definition":
      if (verb === "ALTER SEQUENCE") return { reaches: false, because: ALTER_SEQUENCE };
      return names.length > 0 ? definitionReaches(statement, filters) : notUnderstood(verb);
    case "unknown":
      return verb === "DROP TRIGGER"
        ? { reaches: undefined, because: "the peer looks up the trigger's table, which the statement does not name" }
        : notUnderstood(verb);
  }
}

/** Seen on 10.11: the server does not mark the sequence as what is written, and a filter passes no statement that writes nothing. */
const ALTER_SEQUENCE = "a replica with filters leaves ALTER SEQUENCE out, whatever its patterns: do it on each node";

const notUnderstood = (verb: string): Answer => ({
  reaches: undefined,
  because: `${verb || "this"} is not a statement whose way to the peer is known here`,
});

/** What a definition names beside its own object, and no pattern covers: the peer has it only where somebody made it there. */
export function namesBeyondReach({ verb, effect, rest }: Statement, filters: Filters): Mention[] {
  if (effect !== "definition" && effect !== "unfiltered") return [];
  if (!/^(CREATE|ALTER)\b/.test(verb)) return [];
  const isTable = / TABLE$/.test(verb);
  // The rows of CREATE .. SELECT travel as rows.
  const isQuery = (token: Token, i: number) =>
    isWord(token, "SELECT") || (isWord(token, "WITH") && !isWord(rest[i + 1], "SYSTEM"));
  const query = isTable && verb.startsWith("CREATE") ? rest.findIndex(isQuery) : -1;
  const definition = query < 0 ? rest : rest.slice(0, query);
  return [...(isTable ? tableOptionMentions(rest) : []), ...mentions(definition)].filter(
    ({ database = filters.database, table, kind }) => {
      if (isReservedDatabase(database)) return false;
      if (kind === "routine") return database !== filters.database;
      return !filters.patterns.some((pattern) => matchesFilter(pattern, database, table));
    },
  );
}

function rowsReach(names: readonly Name[], filters: Filters): Answer {
  const { covered, others } = sorted(names, filters);
  if (covered.length === 0) return { reaches: false, because: noneMatches(others, filters) };
  const stays = others.length > 0 ? `; what it changes in ${others.join(", ")} stays here: no pattern matches` : "";
  return { reaches: true, because: covered.map(({ text }) => text).join(", ") + stays };
}

function definitionReaches(statement: Statement, filters: Filters): Answer {
  const { verb, names } = statement;
  const { covered, others } = sorted(names, filters);
  if (covered.length === 0) return { reaches: false, because: noneMatches(others, filters) };
  const whole =
    others.length > 0
      ? `; one match is enough for the whole statement to run there, so ${verb} concerns ${others.join(", ")} on the peer too${lacking(verb)}`
      : "";
  return { reaches: true, because: covered.map(({ text }) => text).join(", ") + whole + needs(statement, filters) };
}

/** A replica drops a table that it does not have without an error; it renames none. */
const lacking = (verb: string): string =>
  verb === "RENAME TABLE" ? ": where the peer does not have what is renamed, it stops at the statement" : "";

function needs(statement: Statement, filters: Filters): string {
  const names = namesBeyondReach(statement, filters).map(
    ({ database = filters.database, table }) => `${database}.${table}`,
  );
  return names.length === 0
    ? ""
    : `; it names ${[...new Set(names)].join(", ")}, which no pattern covers: without that the peer stops or fails at it`;
}

function databaseReaches(verb: string, database: string, filters: Filters): Answer {
  const pattern = filters.patterns.find((candidate) => matchesFilter(candidate, database, ""));
  return pattern
    ? { reaches: true, because: `"${pattern}" covers every table of ${database}, and so the database itself` }
    : {
        reaches: false,
        because: `${verb} needs a pattern that covers all tables, such as "${database}.%": do it on each node`,
      };
}

function sorted(names: readonly Name[], { database, patterns }: Filters) {
  const covered: { text: string }[] = [];
  const others: string[] = [];
  for (const name of names) {
    const full = `${name.database ?? database}.${name.table}`;
    const pattern = patterns.find((candidate) => matchesFilter(candidate, name.database ?? database, name.table));
    if (pattern) covered.push({ text: `${full} matches "${pattern}"` });
    else others.push(full);
  }
  return { covered, others };
}

const noneMatches = (tables: readonly string[], { patterns }: Filters): string =>
  `no pattern matches ${tables.join(", ")} (patterns: ${patterns.join(" ")})`;

function systemTablesMatch({ patterns }: Filters): boolean {
  const tables = [
    "user",
    "global_priv",
    "db",
    "tables_priv",
    "columns_priv",
    "procs_priv",
    "roles_mapping",
    "proxies_priv",
  ];
  return patterns.some((pattern) => tables.some((table) => matchesFilter(pattern, "mysql", table)));
}

/** The one name that the text consists of, if it is no statement. */
function asTable(tokens: readonly Token[]): Name | undefined {
  const [first, dot, second, ...more] = tokens;
  const isName = (token: typeof first) => token?.kind === "word" || token?.kind === "name";
  if (!first || !isName(first) || more.length > 0) return undefined;
  if (!dot) return { table: first.text };
  return second && isSymbol(dot, ".") && isName(second) ? { database: first.text, table: second.text } : undefined;
}

/** The statement that this one only wraps: in SET STATEMENT, or as a text that is run at once. */
function unwrapped(source: readonly Token[]): readonly Token[] {
  const tokens = source.filter(({ kind }) => kind !== "comment mark");
  const [first, second, text, ...more] = tokens;
  if (isWord(first, "EXECUTE") && isWord(second, "IMMEDIATE") && text?.kind === "string" && more.length === 0) {
    return unwrapped(tokensOf(text.text));
  }
  const inner =
    isWord(first, "SET") && isWord(second, "STATEMENT") ? tokens.findIndex((one) => isWord(one, "FOR")) : -1;
  return inner < 0 ? source : unwrapped(tokens.slice(inner + 1));
}

/** True or false when the statement switches the session's binary log on or off. */
function switchesLog(tokens: readonly Token[]): boolean | undefined {
  if (!isWord(tokens[0], "SET")) return undefined;
  const at = tokens.findIndex((token) => isWord(token, "SQL_LOG_BIN"));
  if (at < 0) return undefined;
  const value = tokens.slice(at + 1).find(({ kind }) => kind === "word" || kind === "string");
  return !["0", "OFF", "FALSE"].includes(value?.text.toUpperCase() ?? "");
}
