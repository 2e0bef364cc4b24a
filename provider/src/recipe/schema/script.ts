import { matchesFilter } from "../filters";
import type { Name } from "../sql/cursor";
import { isDynamic } from "../sql/mentions";
import { type ScriptStatement, splitScript } from "../sql/splitScript";
import { readStatement, type Statement } from "../sql/statement";
import { dependsOnVersion, isWord, partsAtCommas, type Token } from "../sql/tokens";
import { type Definer, definerOf, definerProblems, functionProblems } from "./definer";
import { ofStatement, withIfNotExists } from "./dumps";
import { encodingProblem } from "./encoding";
import { otherText } from "./otherText";
import { doubleQuotedName } from "./quotedNames";
import { type Filters, namesBeyondReach } from "./reachesPeer";
import { onlySetsAutocommit, settingProblems } from "./scriptSettings";
import { shortRows } from "./shortRows";
import { tableProblems } from "./tableProblems";

/** The script with which the proxy's tables come: what of it is run, and what speaks against running it on a linked pair. */
export interface CheckedScript {
  readonly statements: readonly CheckedStatement[];
  readonly findings: readonly Finding[];
}

export interface CheckedStatement {
  /** Where it begins in the script, counted from 1. */
  readonly line: number;
  readonly text: string;
  /** `session`: sets up the session that runs the statements after it. */
  readonly kind: "create" | "insert" | "alter" | "session";
  /** The table, view or sequence that it makes, changes or fills. Absent for stored programs, triggers, indexes. */
  readonly table?: string;
  /** Of an INSERT: the text that adds those of its rows that are not there yet. */
  readonly textForMissing?: string;
  /** Of what runs in somebody's name: in whose. */
  readonly definer?: Definer;
}

export interface Finding {
  readonly line: number;
  /** What is wrong with the statement, and what to do. */
  readonly reason: string;
}

type Verdict = {
  run?: Omit<CheckedStatement, "line" | "text"> & Partial<Pick<CheckedStatement, "text">>;
  problems?: readonly string[];
};

const LEFT_OUT: Verdict = {};

/**
 * Takes the script apart and checks it. It may only add, and every statement must be harmless when it is run again: a run
 * that was cut off is repeated from the beginning, on a pair that may hold sessions by then.
 */
export function checkScript(script: string, filters: Filters): CheckedScript {
  const size = tooLarge(script.length);
  const notText = size ? { line: 1, reason: size } : (encodingProblem(script) ?? otherText(script));
  if (notText) return { statements: [], findings: [notText] };
  const statements: CheckedStatement[] = [];
  const cut = splitScript(script);
  const findings: Finding[] = [...cut.problems];
  for (const { line, text, tokens } of cut.statements) {
    if (cut.problems.some((problem) => problem.line === line)) continue;
    const { run, problems = [] } = judge({ line, text, tokens }, filters);
    findings.push(...problems.map((reason) => ({ line, reason })));
    if (run && problems.length === 0) statements.push({ line, text, ...run });
  }
  findings.push(...shortRows(cut.statements));
  findings.sort((one, other) => one.line - other.line);
  if (findings.length === 0 && tablesOf(statements).length === 0) {
    findings.push({ line: 1, reason: noTable(cut.statements) });
  }
  return { statements, findings };
}

/** Largest size of a script, in characters. */
const LARGEST = 4 * 1024 * 1024;

/** What speaks against a script of that size. Undefined: nothing. */
export function tooLarge(size: number): string | undefined {
  if (size <= LARGEST) return undefined;
  return (
    `the script has ${Math.ceil(size / 1024 / 1024)} MB, and the state of a stack, which keeps it, is for texts of up to ${LARGEST / 1024 / 1024} MB. Give the CREATE statements ` +
    "here, with mariadb-dump --no-data, and bring the rows once, after `pulumi up`, by `mariadb DATABASE < FILE` on one node (mariadb-dump --no-create-info --skip-triggers): they reach the other"
  );
}

function noTable(statements: readonly ScriptStatement[]): string {
  if (statements.length === 0) return "there is no statement in it, only comments";
  const needed = "it makes no table, view or sequence, and so nothing that could be looked after";
  return statements.some(({ tokens }) => isWord(tokens[0], "INSERT"))
    ? `${needed}. Put CREATE TABLE IF NOT EXISTS before its INSERTs; mariadb-dump leaves that out with --no-create-info: leave that out`
    : `${needed}. Give the script that has CREATE TABLE IF NOT EXISTS`;
}

/** The tables, views and sequences that must be there once the script has run. */
export function tablesOf(statements: readonly CheckedStatement[]): string[] {
  const made = statements.flatMap(({ kind, table }) => (kind === "create" && table !== undefined ? [table] : []));
  return [...new Set(made)];
}

function judge(source: ScriptStatement, filters: Filters): Verdict {
  const statement = readStatement(source);
  const { verb, effect, rest } = statement;
  if (source.tokens.some(({ kind }) => kind === "unfinished")) return refuse(UNFINISHED);
  if (source.tokens.some(dependsOnVersion)) return versioned(source, filters);
  const quoted = doubleQuotedName(source);
  if (quoted !== undefined) {
    return refuse(
      `"${quoted}" is a string to the server, not a name. Write \`${quoted}\`, or put SET sql_mode = 'ANSI_QUOTES'; before it`,
    );
  }
  if (effect === "account") return refuse(`${verb} belongs to SessionStoreUsers, which makes accounts on both nodes`);
  if (effect === "database") return database(statement, filters);
  if (effect === "temporary table") return refuse(`${verb}: a temporary table is gone when the script ends`);

  const setsValue = effect === "rows" && isWord(rest[0], "SETVAL");
  switch (verb.split(" ")[0]) {
    case "CREATE":
      return effect === "unknown" ? notAllowed(verb) : create(statement, source, filters);
    case "INSERT":
      return insert(statement, source, filters);
    case "ALTER":
      return effect === "definition" ? alter(statement, filters) : notAllowed(verb);
    case "SET":
      if (onlySetsAutocommit(source.tokens)) return LEFT_OUT;
      return { run: { kind: "session" }, problems: settingProblems(source.tokens) };
    case "DO":
      return setsValue ? setValue(statement, source, filters) : notAllowed(verb);
    case "USE":
      return rest[0]?.text === filters.database
        ? LEFT_OUT
        : refuse(
            `it goes to the database ${rest[0]?.text}; this script is for ${filters.database} only${ofStatement(verb)}`,
          );
    case "DROP":
    case "TRUNCATE":
    case "RENAME":
    case "REPLACE":
    case "UPDATE":
    case "DELETE":
    case "LOAD":
      return refuse(
        `${verb} changes or destroys what is there, on both nodes. Take it out, or run it by hand${ofStatement(verb)}`,
      );
    case "SELECT":
      // As mariadb-dump 10.5 has it.
      if (setsValue) return setValue(statement, source, filters);
      return source.tokens.some((token) => isWord(token, "INTO")) ? notAllowed("SELECT ... INTO") : LEFT_OUT;
    // Every statement is committed by itself, so that a run that was cut off can be repeated.
    case "BEGIN":
    case "COMMIT":
    case "LOCK":
    case "UNLOCK":
    case "SHOW":
    case "DESCRIBE":
    case "DESC":
      return effect === "nothing" ? LEFT_OUT : notAllowed(verb);
    case "START":
      return isWord(rest[0], "TRANSACTION") ? LEFT_OUT : notAllowed(verb);
    default:
      return notAllowed(verb);
  }
}

const UNFINISHED =
  "a quote or a comment never closes, or a delimiter stands within a /*! */, where the client cuts too";

/** What is harmless whether it is run or not, such as a setting of the session, may depend on the server's version. */
function versioned(source: ScriptStatement, filters: Filters): Verdict {
  const [first, ...more] = source.tokens;
  const isWhole = first !== undefined && dependsOnVersion(first) && more.at(-1)?.kind === "comment mark";
  const { run, problems = [] } = isWhole ? judge({ ...source, tokens: more }, filters) : {};
  if (isWhole && problems.length > 0) return { problems };
  if (isWhole && (run === undefined || run.kind === "session")) return { ...(run && { run }) };
  return refuse("whether the server runs it depends on its version. Take the /*! */ around it away");
}

const refuse = (problem: string): Verdict => ({ problems: [problem] });

const notAllowed = (verb: string): Verdict =>
  refuse(
    `${verb || "this"} is not among what is known to be harmless when it is repeated. Take it out, or run it by hand${ofStatement(verb)}`,
  );

function database({ verb, names, ifNotExists }: Statement, filters: Filters): Verdict {
  const name = names[0]?.database;
  if (verb.startsWith("CREATE") && ifNotExists && name === filters.database) return LEFT_OUT;
  return refuse(
    `${verb} belongs to SessionStoreDatabase, which makes the database on both nodes. Take it out${ofStatement(verb)}`,
  );
}

function create(statement: Statement, source: ScriptStatement, filters: Filters): Verdict {
  const { verb, names, ifNotExists, orReplace, effect } = statement;
  const object = verb.split(" ").at(-1) ?? "";
  const problems: string[] = [];
  if (orReplace) problems.push(`${verb} destroys what is there, on both nodes. Write CREATE ${object} IF NOT EXISTS`);
  else if (!ifNotExists) {
    const danger =
      object === "TABLE"
        ? "the peer replays it as CREATE OR REPLACE, and its rows are gone"
        : "the script can't be run a second time";
    problems.push(`${verb} without IF NOT EXISTS: ${danger}. Write ${verb} IF NOT EXISTS${withIfNotExists(object)}`);
  }
  if (effect === "unfiltered") problems.push(...outside(names, filters));
  else problems.push(...unreachable(names, filters));
  const definer = definerOf(source);
  problems.push(...lackedByPeer(statement, filters), ...definerProblems(definer));
  problems.push(...functionProblems({ verb, tokens: source.tokens }));
  if (object === "TABLE" || object === "SEQUENCE") problems.push(...tableProblems(source.tokens));
  const table = ["TABLE", "VIEW", "SEQUENCE"].includes(object) ? names[0]?.table : undefined;
  return { run: { kind: "create", ...(table !== undefined && { table }), ...(definer && { definer }) }, problems };
}

function insert({ names, rest }: Statement, { text, tokens }: ScriptStatement, filters: Filters): Verdict {
  const problems = unreachable(names, filters);
  if (
    isWord(
      tokens.find(({ kind, text: word }) => kind === "word" && word.toUpperCase() !== "INSERT"),
      "DELAYED",
    )
  )
    problems.push(
      "INSERT DELAYED is not for InnoDB. Write INSERT; mariadb-dump writes DELAYED with --delayed-insert: leave that out",
    );
  if (rest.some((token, i) => isWord(token, "DUPLICATE") && isWord(rest[i + 1], "KEY"))) {
    problems.push(
      "INSERT ... ON DUPLICATE KEY UPDATE changes rows that are there. Write INSERT: a row that is there already is left alone",
    );
  }
  return { run: { kind: "insert", table: names[0]?.table ?? "", textForMissing: ignoring(text, tokens) }, problems };
}

/** Plain INSERT is tried first, because IGNORE also lets values pass that do not fit their columns. */
function ignoring(text: string, tokens: readonly Token[]): string {
  const word = tokens.find((token) => isWord(token, "INSERT"));
  if (!word || tokens.some((token) => isWord(token, "IGNORE"))) return text;
  // A modifier such as LOW_PRIORITY stands before IGNORE.
  const modifier = tokens.find((token) => isWord(token, "LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED"));
  const at = (modifier ?? word).end;
  return `${text.slice(0, at)} IGNORE${text.slice(at)}`;
}

/** Of a sequence. It does no harm when it is repeated: a value below the last one is not taken. */
function setValue({ names, rest }: Statement, { text }: ScriptStatement, filters: Filters): Verdict {
  const run = { kind: "alter", table: names[0]?.table ?? "", text: `DO ${text.slice(rest[0]?.start)}` } as const;
  return { run, problems: unreachable(names, filters) };
}

function alter(statement: Statement, filters: Filters): Verdict {
  const { verb, names, rest } = statement;
  // What mariadb-dump has around the rows of a table: InnoDB does nothing at it.
  if (isWord(rest[0], "DISABLE", "ENABLE") && isWord(rest[1], "KEYS") && rest.length === 2) return LEFT_OUT;
  const harmless = (clause: readonly Token[]) =>
    isWord(clause[0], "ADD") &&
    clause.some((token, i) => isWord(token, "IF") && isWord(clause[i + 1], "NOT") && isWord(clause[i + 2], "EXISTS"));
  const problems = [...unreachable(names, filters), ...lackedByPeer(statement, filters), ...tableProblems(rest)];
  if (verb !== "ALTER TABLE" || !partsAtCommas(rest).every(harmless)) {
    problems.push(
      `${verb} other than ADD ... IF NOT EXISTS changes what is there. Run it by hand on one node: it reaches the other`,
    );
  }
  return { run: { kind: "alter", table: names[0]?.table ?? "" }, problems };
}

function outside(names: readonly Name[], { database }: Filters): string[] {
  return names.flatMap(({ database: other, table }) =>
    other !== undefined && other !== database
      ? [`${other}.${table} is in another database; this script is for ${database} only`]
      : [],
  );
}

function unreachable(names: readonly Name[], filters: Filters): string[] {
  const elsewhere = outside(names, filters);
  if (elsewhere.length > 0) return elsewhere;
  const { database, patterns } = filters;
  return names
    .filter(({ table }) => !patterns.some((pattern) => matchesFilter(pattern, database, table)))
    .map(
      ({ table }) =>
        `${database}.${table} matches no filter, so it would not reach the peer (patterns: ${patterns.join(" ")}). ` +
        "Add a pattern for it, or give it another name",
    );
}

/** What the definition names, and the peer does not have. It would stop there, or fail in its sessions, and drops rows without their parent row. */
function lackedByPeer(statement: Statement, filters: Filters): string[] {
  const missing = namesBeyondReach(statement, filters).map(({ database = filters.database, table, by, kind }) =>
    kind === "routine"
      ? `${by} ${database}.${table}, which the peer may not have: that is another database. Take it out of the definition`
      : `${by} ${database}.${table}, which ${database === filters.database ? "" : "is in another database and "}matches no filter, so the peer may ` +
        `not have it, or other rows in it. ${by === "LIKE" ? "Write the columns out" : "Name what replicates, or take it out of the definition"}`,
  );
  const dynamic =
    "it runs statements that are put together when it runs: whether the peer has what they name can't be told";
  return isDynamic(statement.rest) ? [...missing, dynamic] : missing;
}
