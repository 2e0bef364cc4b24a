/** The recipe's own database and table patterns. */
export const RECIPE_DATABASE = "replicated_session_store";
export const RECIPE_PATTERNS: readonly string[] = ["%session", "%attribute", "%key_id_map", "%conf"];

/** The values of replicate_wild_do_table: each table pattern in each database. */
export function wildDoTables(databases: readonly string[], patterns: readonly string[]): string[] {
  return databases.flatMap((database) => patterns.map((pattern) => `${database}.${pattern}`));
}

/**
 * Says whether a value of replicate_wild_do_table covers a table. `%` stands for any characters, `_` for exactly one, a
 * backslash takes the meaning from either. The server compares the whole of `database.table`, without regard to case.
 */
export function matchesFilter(pattern: string, database: string, table: string): boolean {
  const text = [...`${database}.${table}`].map(folded);
  const parts = patternParts(pattern);
  // reachable[i]: the parts so far can cover the first i characters.
  let reachable = Array.from({ length: text.length + 1 }, (_, i) => i === 0);
  for (const part of parts) {
    const before = reachable;
    const from = part === "%" ? before.indexOf(true) : -1;
    reachable = before.map((_, i) => {
      if (part === "%") return from >= 0 && i >= from;
      return i > 0 && before[i - 1] === true && (part === "_" || part.literal === text[i - 1]);
    });
  }
  return reachable[text.length] === true;
}

function patternParts(pattern: string): ("%" | "_" | { literal: string })[] {
  const parts: ("%" | "_" | { literal: string })[] = [];
  let escaped = false;
  for (const character of pattern) {
    if (character === "\\" && !escaped) {
      escaped = true;
      continue;
    }
    const wild = !escaped && (character === "%" || character === "_");
    parts.push(wild ? character : { literal: folded(character) });
    escaped = false;
  }
  if (escaped) parts.push({ literal: "\\" });
  return parts;
}

/** The server compares in utf8mb3_general_ci: without regard to case and accents. */
const folded = (character: string): string => (character.normalize("NFD")[0] ?? "").toUpperCase();

/** What is wrong with a value of replicate_wild_do_table, or undefined. */
export function validatePattern(pattern: string): string | undefined {
  if (pattern === "") return "is empty";
  if (/\s/.test(pattern)) return `"${pattern}" contains a blank`;
  if (pattern.includes(",")) return `"${pattern}" contains a comma, at which the server would cut it in two`;
  if (/['"`#;=]/.test(pattern))
    return `"${pattern}" contains a character that an option file reads as its own: ' " \` # ; =`;
  const [database, table, more] = pattern.split(".");
  if (!database || !table)
    return `"${pattern}" must have the form database.table, such as "${RECIPE_DATABASE}.%session"`;
  if (more !== undefined) return `"${pattern}" has more than one dot; the form is database.table`;
  if (/\\(?![_%])/.test(pattern))
    return `"${pattern}": a backslash may stand only before _ or % (an option file gives it other meanings elsewhere)`;
  return undefined;
}
