import { isSymbol, isWord, partsAtCommas, type Token } from "../sql/tokens";

/** Which settings a schema script may give the session that runs it. */

const HARMLESS = ["FOREIGN_KEY_CHECKS", "UNIQUE_CHECKS", "TIME_ZONE", "SQL_NOTES", "SQL_WARNINGS"];
const CHARSETS = ["CHARACTER_SET_CLIENT", "CHARACTER_SET_RESULTS", "CHARACTER_SET_CONNECTION", "COLLATION_CONNECTION"];
/** These give quotes and backslashes another meaning than the one in which the script was checked. */
const OTHER_SYNTAX = /ANSI|NO_BACKSLASH|ORACLE|MSSQL|DB2|MAXDB|POSTGRESQL/i;

/** What speaks against a SET statement, one text for each of its assignments that is refused. */
export function settingProblems(tokens: readonly Token[]): string[] {
  const plain = tokens.filter(({ kind }) => kind !== "comment mark").slice(1);
  return partsAtCommas(plain).flatMap((assignment) => problemOf(assignment) ?? []);
}

function problemOf(assignment: readonly Token[]): string | undefined {
  const { scope, name, value } = readAssignment(assignment);
  if (scope === "user") return undefined;
  if (scope !== "session") return `SET ${scope} ${name} concerns the whole server: that belongs to MariaDbNode`;
  if (HARMLESS.includes(name)) return undefined;
  if (CHARSETS.includes(name)) {
    const fits = isSymbol(value[0], "@") || /^(utf8|null$)/i.test(value[0]?.text ?? "");
    return fits
      ? undefined
      : `SET ${name}: the script is sent as utf8mb4. Take it out, and give the script's text in that`;
  }
  if (name === "SQL_MODE") {
    const fits = value.every(({ text }) => !OTHER_SYNTAX.test(text));
    return fits ? undefined : "SET sql_mode gives the script's quotes another meaning than the one it was checked with";
  }
  if (name === "SQL_LOG_BIN") return "SET sql_log_bin would keep the tables from the peer. Take it out";
  return `SET ${name} is not among the settings that are known to be harmless. Take it out`;
}

interface Assignment {
  /** `user`: a variable of the script's own, such as `@old`. */
  readonly scope: string;
  readonly name: string;
  readonly value: readonly Token[];
}

function readAssignment(tokens: readonly Token[]): Assignment {
  const words = [...tokens];
  let scope = "session";
  const system = isSymbol(words[0], "@") && isSymbol(words[1], "@");
  if (system) words.splice(0, 2);
  else if (isSymbol(words[0], "@")) return { scope: "user", name: words[1]?.text ?? "", value: [] };
  if (isWord(words[0], "SESSION", "LOCAL")) words.shift();
  else if (isWord(words[0], "GLOBAL", "PERSIST")) scope = words.shift()?.text.toUpperCase() ?? "";
  if (system && isSymbol(words[0], ".")) words.shift();
  const name = words.shift()?.text.toUpperCase() ?? "";
  // SET NAMES x and SET CHARACTER SET x have no equals sign.
  if (name === "NAMES" || name === "CHARSET") return { scope, name: "CHARACTER_SET_CLIENT", value: words };
  if (name === "CHARACTER") return { scope, name: "CHARACTER_SET_CLIENT", value: words.slice(1) };
  return { scope, name, value: words.filter((token) => !isSymbol(token, "=") && !isSymbol(token, ":")) };
}
