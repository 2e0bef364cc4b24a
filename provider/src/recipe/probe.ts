import { matchesFilter } from "./filters";

/** Tables with which it is proved that rows arrive: one for each pattern with a wildcard, gone after the proof. */

/** Part of each name. */
export const PROBE = "session_store_probe";
/** By it a table is known as ours: nobody's table is dropped for its name alone. */
export const PROBE_COMMENT = "pulumi-replicated-session-store: proves that rows arrive";
const LONGEST_NAME = 64;

/** A value of replicate_wild_do_table in its two parts. */
export function partsOf(pattern: string): { database: string; table: string } {
  const dot = pattern.indexOf(".");
  return { database: pattern.slice(0, dot), table: pattern.slice(dot + 1) };
}

/** True for a name that stands for itself. An underscore without a backslash is a wildcard to the server, and meant as itself. */
export const isExact = (part: string): boolean => !/(?<!\\)%/.test(part);

/** What a pattern without `%` names. */
export const literal = (part: string): string => part.replace(/\\([%_])/g, "$1");

/**
 * The name of the table for a pattern; undefined where none is possible.
 * @param number the source's: the two directions have tables of their own
 */
export function probeName(pattern: string, database: string, number: string): string | undefined {
  let isFirst = true;
  const name = partsOf(pattern).table.replace(/\\([%_])|%/g, (_, character?: string) => {
    if (character !== undefined) return character;
    const marker = isFirst ? `${PROBE}${number}_` : "";
    isFirst = false;
    return marker;
  });
  return name.length <= LONGEST_NAME && matchesFilter(pattern, database, name) ? name : undefined;
}
