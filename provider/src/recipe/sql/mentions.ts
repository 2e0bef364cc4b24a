import type { Name } from "./cursor";
import { isSymbol, isWord, type Token } from "./tokens";

/** How a statement names another object than its own. */
export interface Mention extends Name {
  /** As messages say it, such as `LIKE` or `FROM`. */
  readonly by: string;
  /** `routine`: called, not read. @default a table, view or sequence */
  readonly kind?: "routine";
}

/** Words behind which a FROM clause has ended. */
const CLAUSES = [
  ...["WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT", "SET", "VALUES", "VALUE", "INTO"],
  ...["DO", "END", "SELECT", "PROCEDURE", "WINDOW", "RETURNING", "OFFSET", "FETCH"],
];
/** In these functions FROM is a part of the call. */
const WITH_FROM = ["TRIM", "EXTRACT", "SUBSTRING", "SUBSTR", "MID", "POSITION", "OVERLAY"];
/** Before UPDATE they make of it something else than a statement. */
const BEFORE_UPDATE = ["ON", "FOR", "KEY", "BEFORE", "AFTER", "OR"];
const MODIFIERS = ["LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "QUICK", "IGNORE", "INTO"];
const SEQUENCE_FUNCTIONS = ["NEXTVAL", "LASTVAL", "SETVAL"];

/**
 * All tables, views and sequences that the text names, and the routines that it names with a database; without those that it makes itself and
 * the names that it gives to its own queries. Texts that are put together when they run are not looked into.
 */
export function mentions(source: readonly Token[]): Mention[] {
  const tokens = source.filter(({ kind }) => kind !== "comment mark");
  const found: Mention[] = [];
  const own = ownNames(tokens);
  const add = (by: string, at: number): void => {
    const [name, next] = nameAt(tokens, at);
    // JSON_TABLE( and the like are no tables.
    if (name && !(isSymbol(tokens[next], "(") && (by === "FROM" || by === "JOIN"))) found.push({ ...name, by });
  };
  /** `ROW TYPE OF t`, `TYPE OF t.column`, each perhaps with a database. */
  const addTypeOf = (at: number): void => {
    const [first, next] = nameAt(tokens, at + 2);
    if (!first) return;
    if (isWord(tokens[at - 1], "ROW") || isSymbol(tokens[next], ".")) found.push({ ...first, by: "TYPE OF" });
    else found.push({ table: first.database ?? first.table, by: "TYPE OF" });
  };
  /** For each open parenthesis, and the text itself: whether a comma is followed by another table. */
  const inTables = [false];
  for (let i = 0; i < tokens.length; i++) {
    const [before, token, after] = [tokens[i - 1], tokens[i], tokens[i + 1]];
    const top = inTables.length - 1;
    if (isSymbol(token, "(")) {
      const continues =
        inTables[top] === true &&
        (isWord(before, "FROM", "JOIN", "UPDATE") || isSymbol(before, ",") || isSymbol(before, "("));
      inTables.push(continues && !isWord(after, "SELECT", "WITH", "VALUES"));
      if (continues && !isWord(after, "SELECT", "WITH", "VALUES") && !isSymbol(after, "(")) add("FROM", i + 1);
    } else if (isSymbol(token, ")")) {
      if (top > 0) inTables.pop();
    } else if (isSymbol(token, ";")) inTables[top] = false;
    else if (isSymbol(token, ",")) {
      if (inTables[top]) add("FROM", i + 1);
    } else if (isSymbol(before, ".") || isSymbol(after, ".")) {
      if (isSymbol(after, ".") && !isSymbol(before, ".")) found.push(...calledAt(tokens, i));
    } else if (isWord(token, "FROM")) {
      if (isCallWithFrom(tokens, i) || isWord(before, "FETCH", "NEXT") || isWord(after, "DUAL")) continue;
      inTables[top] = true;
      if (!isSymbol(after, "(")) add("FROM", i + 1);
    } else if (isWord(token, "JOIN", "STRAIGHT_JOIN")) {
      inTables[top] = true;
      if (!isSymbol(after, "(")) add("JOIN", i + 1);
    } else if (isWord(token, "UPDATE") && !isWord(before, ...BEFORE_UPDATE)) {
      inTables[top] = true;
      add("UPDATE", skip(tokens, i + 1));
    } else if (isWord(token, "INSERT", "REPLACE") && isStatement(tokens, i))
      add(token?.text.toUpperCase() ?? "", skip(tokens, i + 1));
    else if (isWord(token, "TRUNCATE") && isStatement(tokens, i) && !isWord(after, "TABLE")) add("TRUNCATE", i + 1);
    else if (isWord(token, "TABLE", "TABLES") && !isWord(before, "CREATE", "TEMPORARY", "REPLACE")) {
      inTables[top] = true;
      add(`${before?.text.toUpperCase()} TABLE`, isWord(after, "IF") ? i + 3 : i + 1);
    } else if (isWord(token, "ON") && isWord(tokens[i - 2], "INDEX", "EXISTS")) add("INDEX ON", i + 1);
    else if (isWord(token, "TYPE") && isWord(after, "OF")) addTypeOf(i);
    else if (isWord(token, "REFERENCES")) add("REFERENCES", i + 1);
    else if (isWord(token, ...SEQUENCE_FUNCTIONS) && isSymbol(after, "(")) add(`${token?.text.toUpperCase()}`, i + 2);
    else if (isWord(token, "VALUE") && isWord(after, "FOR") && isWord(before, "NEXT", "PREVIOUS"))
      add("VALUE FOR", i + 2);
    else if (isWord(token, "CALL")) found.push(...calledAt(tokens, i + 1));
    else if (isWord(token, ...CLAUSES)) inTables[top] = false;
  }
  return found.filter(({ database, table, by }, i) => {
    if (database === undefined && own.has(table.toUpperCase())) return false;
    return found.findIndex((one) => one.database === database && one.table === table && one.by === by) === i;
  });
}

/** What CREATE TABLE names behind its own name, in the places that only it has. */
export function tableOptionMentions(rest: readonly Token[]): Mention[] {
  const tokens = rest.filter(({ kind }) => kind !== "comment mark");
  const [first, second] = tokens;
  const like = isWord(first, "LIKE") ? 1 : isSymbol(first, "(") && isWord(second, "LIKE") ? 2 : 0;
  if (like > 0) return [nameAt(tokens, like)[0]].flatMap((name) => (name ? [{ ...name, by: "LIKE" }] : []));
  const union = tokens.findIndex(
    (token, i) => isWord(token, "UNION") && isSymbol(tokens[isSymbol(tokens[i + 1], "=") ? i + 2 : i + 1], "("),
  );
  if (union < 0 || isWord(tokens[union + 2], "SELECT") || isWord(tokens[union + 3], "SELECT")) return [];
  const found: Mention[] = [];
  for (let i = union + 1; i < tokens.length && !isSymbol(tokens[i], ")"); ) {
    const [name, next] = nameAt(tokens, i);
    if (name) found.push({ ...name, by: "UNION" });
    i = Math.max(next, i + 1);
  }
  return found;
}

/** True where a statement is made of text when it runs, which nobody can look into before. */
export const isDynamic = (tokens: readonly Token[]): boolean =>
  tokens.some(
    (token, i) => isWord(token, "PREPARE") || (isWord(token, "EXECUTE") && isWord(tokens[i + 1], "IMMEDIATE")),
  );

/** Names of WITH, and of tables that the text makes for itself. */
function ownNames(tokens: readonly Token[]): Set<string> {
  const own = new Set<string>();
  for (const [i, token] of tokens.entries()) {
    if (isWord(token, "AS") && isSymbol(tokens[i + 1], "(")) {
      const named = isSymbol(tokens[i - 1], ")") ? tokens[openingOf(tokens, i - 1) - 1] : tokens[i - 1];
      if (named && tokens.some((one) => isWord(one, "WITH"))) own.add(named.text.toUpperCase());
    }
    if (i > 0 && isWord(token, "TABLE") && isWord(tokens[i - 1], "TEMPORARY", "CREATE", "REPLACE")) {
      const at = isWord(tokens[i + 1], "IF") ? i + 4 : i + 1;
      const [name] = nameAt(tokens, at);
      if (name?.database === undefined && name) own.add(name.table.toUpperCase());
    }
  }
  return own;
}

function openingOf(tokens: readonly Token[], closing: number): number {
  let depth = 0;
  for (let i = closing; i >= 0; i--) {
    if (isSymbol(tokens[i], ")")) depth++;
    if (isSymbol(tokens[i], "(") && --depth === 0) return i;
  }
  return 0;
}

/** `db.f(`, and behind CALL also `db.p`: a routine of another database. */
function calledAt(tokens: readonly Token[], at: number): Mention[] {
  const [name, next] = nameAt(tokens, at);
  const isCalled = isSymbol(tokens[next], "(") || isWord(tokens[at - 1], "CALL");
  return name?.database !== undefined && isCalled ? [{ ...name, by: "a call of", kind: "routine" }] : [];
}

function isCallWithFrom(tokens: readonly Token[], at: number): boolean {
  let depth = 0;
  for (let i = at - 1; i >= 0; i--) {
    if (isSymbol(tokens[i], ")")) depth++;
    if (isSymbol(tokens[i], "(") && depth-- === 0) return isWord(tokens[i - 1], ...WITH_FROM);
  }
  return false;
}

/** INSERT and REPLACE are functions too, and TRUNCATE: those are called. */
const isStatement = (tokens: readonly Token[], at: number): boolean =>
  !isSymbol(tokens[at + 1], "(") && !isWord(tokens[at - 1], "BEFORE", "AFTER", "OR");

function skip(tokens: readonly Token[], at: number): number {
  let next = at;
  while (isWord(tokens[next], ...MODIFIERS)) next++;
  return next;
}

/** The name at this place, and what stands behind it. */
function nameAt(tokens: readonly Token[], at: number): [Name | undefined, number] {
  const part = (token: Token | undefined) =>
    token?.kind === "word" || token?.kind === "name" ? token.text : undefined;
  const first = part(tokens[at]);
  if (first === undefined) return [undefined, at];
  const second = isSymbol(tokens[at + 1], ".") ? part(tokens[at + 2]) : undefined;
  return second === undefined ? [{ table: first }, at + 1] : [{ database: first, table: second }, at + 3];
}
