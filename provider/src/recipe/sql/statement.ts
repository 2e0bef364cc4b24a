import { Cursor, type Name } from "./cursor";
import { dependsOnVersion, isSymbol, isWord, type Token } from "./tokens";

/** What kind of trace a statement leaves in the binary log, and by what the replica then judges it. */
export type Effect =
  /** Writes MariaDB's own tables of accounts: judged by those. */
  | "account"
  /** Makes, changes or drops a whole database. */
  | "database"
  /** Definition of tables, views, sequences, triggers: runs whole as soon as one of its names matches. */
  | "definition"
  /** Stored programs: the filters know no names for them. */
  | "unfiltered"
  /** Rows, each judged by its own table. */
  | "rows"
  | "temporary table"
  /** Leaves nothing in the binary log. */
  | "nothing"
  | "unknown";

export interface Statement {
  /** As messages name it, such as `CREATE TABLE`. */
  readonly verb: string;
  readonly effect: Effect;
  /** The names by which it is judged: of tables, or of the one database (with an empty table). */
  readonly names: readonly Name[];
  readonly ifNotExists: boolean;
  readonly orReplace: boolean;
  /** What stands behind the name. */
  readonly rest: readonly Token[];
}

const OBJECTS: Readonly<Record<string, Effect>> = {
  TABLE: "definition",
  TABLES: "definition",
  VIEW: "definition",
  SEQUENCE: "definition",
  INDEX: "definition",
  TRIGGER: "definition",
  PROCEDURE: "unfiltered",
  FUNCTION: "unfiltered",
  PACKAGE: "unfiltered",
  EVENT: "unfiltered",
  DATABASE: "database",
  SCHEMA: "database",
  USER: "account",
  ROLE: "account",
};

const LEAVE_NOTHING =
  "SELECT SHOW EXPLAIN DESCRIBE DESC HELP USE SET BEGIN START COMMIT ROLLBACK SAVEPOINT RELEASE LOCK UNLOCK CHANGE STOP RESET PURGE KILL SHUTDOWN".split(
    " ",
  );

/** Recognises a statement by its head. One that it does not know has the effect "unknown". */
export function readStatement({ tokens }: { readonly tokens: readonly Token[] }): Statement {
  const cursor = new Cursor(tokens.filter(({ kind }) => kind !== "comment mark"));
  const verb = cursor.word();
  const head = (effect: Effect, names: readonly Name[] = [], more: Partial<Statement> = {}): Statement => ({
    verb,
    effect,
    names,
    ifNotExists: false,
    orReplace: false,
    rest: cursor.rest(),
    ...more,
  });
  if (tokens.some((token) => token.kind === "unfinished" || dependsOnVersion(token))) return head("unknown");

  switch (verb) {
    case "CREATE":
    case "ALTER":
    case "DROP":
      return definition(verb, cursor, head);
    case "RENAME":
      if (cursor.accept("USER")) return head("account", [], { verb: "RENAME USER" });
      if (!cursor.accept("TABLE") && !cursor.accept("TABLES")) return head("unknown");
      return head("definition", ...renamed(cursor));
    case "TRUNCATE":
      cursor.accept("TABLE");
      return head("definition", cursor.names([]));
    case "INSERT":
    case "REPLACE":
      cursor.skip("LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "IGNORE", "INTO");
      return head(...rows(cursor.names([]), cursor));
    case "UPDATE":
      cursor.skip("LOW_PRIORITY", "IGNORE");
      return head(...rows(updated(cursor), cursor));
    case "DELETE":
      return head(...rows(deletedFrom(cursor), cursor));
    case "WITH":
      // Newer servers let rows be changed behind it.
      if (cursor.rest().some((token) => isWord(token, "UPDATE", "DELETE", "INSERT"))) return head("unknown");
      return head(...sequencesIn(cursor));
    case "SELECT":
    case "DO":
      return head(...sequencesIn(cursor));
    case "LOAD":
      return cursor.seek("INTO") && cursor.accept("TABLE") ? head("rows", cursor.names([])) : head("unknown");
    case "GRANT":
    case "REVOKE":
      return head("account");
    case "FLUSH":
      return cursor.accept("PRIVILEGES") ? head("account", [], { verb: "FLUSH PRIVILEGES" }) : head("unknown");
    case "SET":
      if (cursor.at("STATEMENT")) return head("unknown", [], { verb: "SET STATEMENT" });
      return cursor.at("PASSWORD", "DEFAULT") ? head("account") : head(...sequencesIn(cursor));
    case "PREPARE":
      return head("nothing");
    case "BEGIN":
      // BEGIN NOT ATOMIC opens a block of any statements.
      return cursor.at("NOT") ? head("unknown", [], { verb: "BEGIN NOT ATOMIC" }) : head("nothing");
    default:
      return head(LEAVE_NOTHING.includes(verb) ? "nothing" : "unknown");
  }
}

type Head = (effect: Effect, names?: readonly Name[], more?: Partial<Statement>) => Statement;

function definition(verb: string, cursor: Cursor, head: Head): Statement {
  const orReplace = cursor.accept("OR", "REPLACE");
  const temporary = cursor.modifiers();
  const object = cursor.word();
  const effect = OBJECTS[object] ?? "unknown";
  const whole = `${verb} ${orReplace ? "OR REPLACE " : ""}${temporary ? "TEMPORARY " : ""}${object}`;
  if (object === "PACKAGE") cursor.accept("BODY");
  const ifNotExists = cursor.accept("IF", "NOT", "EXISTS");
  cursor.accept("IF", "EXISTS");
  const more = { verb: whole, ifNotExists, orReplace };

  if (temporary) return head("temporary table", cursor.names([","]), more);
  if (effect === "database") {
    // ALTER DATABASE may leave the name out.
    const unnamed = cursor.at("CHARACTER", "CHARSET", "COLLATE", "DEFAULT", "COMMENT");
    const name = unnamed ? undefined : cursor.name();
    return head(effect, [{ database: name?.table, table: "" }], more);
  }
  if (object === "INDEX" || (object === "TRIGGER" && verb === "CREATE")) {
    return cursor.seek("ON") ? head(effect, cursor.names([]), more) : head("unknown", [], more);
  }
  // DROP TRIGGER does not name the table, by which the replica judges it.
  if (object === "TRIGGER") return head("unknown", [], more);
  return head(effect, cursor.names(verb === "DROP" ? [","] : []), more);
}

function renamed(cursor: Cursor): [Name[], Partial<Statement>] {
  const verb = cursor.accept("IF", "EXISTS") ? "RENAME TABLE IF EXISTS" : "RENAME TABLE";
  return [cursor.names([",", "TO"]), { verb }];
}

/** What a statement that only reads takes from sequences is written, as rows of theirs. */
function sequencesIn(cursor: Cursor): [Effect, Name[]] {
  const tokens = cursor.rest();
  const names = tokens.flatMap((token, at) => {
    const isCall = isWord(token, "NEXTVAL", "SETVAL") && isSymbol(tokens[at + 1], "(");
    const isValue = isWord(token, "NEXT") && isWord(tokens[at + 1], "VALUE") && isWord(tokens[at + 2], "FOR");
    const name = isCall || isValue ? new Cursor(tokens.slice(at + (isCall ? 2 : 3))).name() : undefined;
    return name ? [name] : [];
  });
  return [names.length > 0 ? "rows" : "nothing", names];
}

/** Rows of these tables, and of the sequences from which their values are taken. */
const rows = (names: readonly Name[], cursor: Cursor): [Effect, Name[]] => [
  "rows",
  [...names, ...sequencesIn(cursor)[1]],
];

/** The tables whose columns are set: of several, those that the names of the columns tell. */
function updated(cursor: Cursor): Name[] {
  const references = cursor.tableReferences();
  const all = references.map(({ name }) => name);
  if (references.length < 2 || !cursor.accept("SET")) return all;
  const set = cursor.assigned().map((column) => {
    const table = column.table;
    return references.find(
      ({ name, alias }) => table !== undefined && sameName(alias, table) && isIn(name, column.database),
    );
  });
  // A column without its table may be of any of them.
  return set.includes(undefined) ? all : all.filter((name) => set.some((one) => one?.name === name));
}

const isIn = ({ database }: Name, wanted: string | undefined): boolean =>
  wanted === undefined || database === undefined || database === wanted;

function deletedFrom(cursor: Cursor): Name[] {
  if (!cursor.accept("HISTORY")) cursor.skip("LOW_PRIORITY", "QUICK", "IGNORE");
  const single = cursor.accept("FROM");
  const named = cursor.targets();
  if (single && !cursor.accept("USING")) return named;
  if (!single && !cursor.accept("FROM")) return [];
  // These are often aliases.
  const references = cursor.tableReferences();
  return named.map((target) => references.find(({ alias }) => sameName(alias, target.table))?.name ?? target);
}

const sameName = (one: string, other: string): boolean => one.toUpperCase() === other.toUpperCase();
