import { type Assignment, readAssignment } from "./assignment";
import { dependsOnVersion, isSymbol, isWord, partsAtCommas, type Token } from "./tokens";

/** With these the server reads another language. */
const OTHER_LANGUAGE = /\b(ORACLE|MSSQL|DB2|MAXDB|POSTGRESQL)\b/i;

/** Follows the sql_mode of a session through the statements of a script: it says what quotes and backslashes are. */
export class SessionModes {
  /** As far as the text tells it. */
  sqlMode = "";
  private readonly variables = new Map<string, string | undefined>();

  /** Follows one statement. Returns why what stands behind it can't be read, if so. */
  follow(statement: readonly Token[]): string | undefined {
    const tokens = statement.filter(({ kind }) => kind !== "comment mark");
    if (!isWord(tokens[0], "SET")) return undefined;
    const before = this.sqlMode;
    for (const assignment of partsAtCommas(tokens.slice(1)).map(readAssignment)) {
      if (!this.assign(assignment)) {
        return "SET sql_mode: which mode that is can't be told from the text, and so not what quotes and backslashes are behind it. Write the mode itself";
      }
    }
    if (this.sqlMode !== before && statement.some(dependsOnVersion)) {
      return "SET sql_mode: whether the server runs it depends on its version. Take the /*! */ around it away";
    }
    const [other] = OTHER_LANGUAGE.exec(this.sqlMode) ?? [];
    return (
      other &&
      `SET sql_mode: with ${other.toUpperCase()} the server reads another language, which can't be checked. Take it out, and write the script for MariaDB's own; mariadb-dump writes it with --compatible: leave that out`
    );
  }

  private assign({ scope, name, value }: Assignment): boolean {
    if (scope === "user") this.variables.set(name.toUpperCase(), this.valueOf(value));
    if (scope !== "session" || name !== "SQL_MODE") return true;
    const mode = this.valueOf(value);
    this.sqlMode = mode ?? this.sqlMode;
    return mode !== undefined;
  }

  /** Undefined: it can't be told from the text. */
  private valueOf(value: readonly Token[]): string | undefined {
    const [first, second] = value;
    if (first?.kind === "string" && value.length === 1) return first.text;
    if (isWord(first, "DEFAULT", "NULL") && value.length === 1) return "";
    if (isSymbol(first, "@") && isSymbol(second, "@")) {
      if (!isWord(value.at(-1), "SQL_MODE")) return undefined;
      return isWord(value[2], "GLOBAL") ? "" : this.sqlMode;
    }
    if (isSymbol(first, "@") && value.length === 2) return this.variables.get(second?.text.toUpperCase() ?? "");
    if (!isSymbol(second, "(") || !isSymbol(value.at(-1), ")")) return undefined;
    const parts = partsAtCommas(value.slice(2, -1)).map((part) => this.valueOf(part));
    if (isWord(first, "IFNULL", "COALESCE")) return parts.find((part) => part !== undefined);
    if (!isWord(first, "CONCAT") || parts.includes(undefined)) return undefined;
    return parts.join("");
  }
}
