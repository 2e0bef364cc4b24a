import { readAssignment } from "../sql/assignment";
import { isSymbol, isWord, partsAtCommas, type Token } from "../sql/tokens";
import { ofVariable } from "./dumps";

/** Which settings a schema script may give the session that runs it. */

const HARMLESS = [
  ...["FOREIGN_KEY_CHECKS", "UNIQUE_CHECKS", "TIME_ZONE", "SQL_NOTES", "SQL_WARNINGS", "NOTE_VERBOSITY"],
  // What its value makes of quotes and backslashes is looked at where the script is cut.
  "SQL_MODE",
];
const CHARSETS = ["CHARACTER_SET_CLIENT", "CHARACTER_SET_RESULTS", "CHARACTER_SET_CONNECTION", "COLLATION_CONNECTION"];

/** What speaks against a SET statement, one text for each of its assignments that is refused. */
export function settingProblems(tokens: readonly Token[]): string[] {
  const plain = tokens.filter(({ kind }) => kind !== "comment mark").slice(1);
  return partsAtCommas(plain).flatMap((assignment) => problemOf(assignment) ?? []);
}

/** Each statement of a script is committed by itself: what mariadb-dump sets around the rows of a table is left out. */
export function onlySetsAutocommit(tokens: readonly Token[]): boolean {
  const plain = tokens.filter(({ kind }) => kind !== "comment mark").slice(1);
  return partsAtCommas(plain).every((assignment) => {
    const { scope, name, value } = readAssignment(assignment);
    return (scope === "session" && name === "AUTOCOMMIT") || (scope === "user" && isWord(value.at(-1), "AUTOCOMMIT"));
  });
}

function problemOf(assignment: readonly Token[]): string | undefined {
  const { scope, name, value } = readAssignment(assignment);
  if (scope === "user") return undefined;
  if (name === "GTID_PURGED") return `SET ${scope} ${name} is known to MySQL only${ofVariable(name)}`;
  if (scope !== "session")
    return `SET ${scope} ${name} concerns the whole server: that belongs to MariaDbNode${ofVariable(name)}`;
  if (HARMLESS.includes(name)) return undefined;
  if (CHARSETS.includes(name)) {
    const fits = isSymbol(value[0], "@") || /^(utf8|null$)/i.test(value[0]?.text ?? "");
    return fits
      ? undefined
      : `SET ${name}: the script is sent as utf8mb4. Take it out, and give the script's text in that, which iconv -f ENCODING -t UTF-8 ` +
          "FILE > NEW-FILE makes of the file; mariadb-dump writes it so with --default-character-set=utf8mb4";
  }
  if (name === "SQL_LOG_BIN") return `SET sql_log_bin would keep the tables from the peer${ofVariable(name)}`;
  return `SET ${name} is not among the settings that are known to be harmless. Take it out${ofVariable(name)}`;
}
