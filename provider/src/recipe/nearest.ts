import { closest, distance } from "fastest-levenshtein";

/** What is said of a name that there is not. */

/** The nearest of the names there are, whatever its case; undefined when none is near. */
export function nearest(name: string, names: readonly string[], reach = reachOf(name)): string | undefined {
  const lower = name.toLowerCase();
  const found = closest(
    lower,
    names.map((each) => each.toLowerCase()),
  );
  const isNear = distance(lower, found) <= reach;
  return isNear ? names.find((each) => each.toLowerCase() === found) : undefined;
}

/** How many letters may differ. */
const reachOf = (name: string): number => Math.max(2, name.length / 4);

/** What an error about an unknown name ends with. Empty: none is near. */
export function didYouMean(name: string, names: readonly string[], reach?: number): string {
  const near = nearest(name, names, reach);
  return near === undefined ? "" : `; did you mean "${near}"?`;
}

/** That there is no such argument or property, and which there are. */
export function noSuchProperty(name: string, names: readonly string[]): string {
  const hint = didYouMean(name, names);
  return `there is no property "${name}"${hint || ";"} ${hint ? "There" : "there"} are: ${names.join(", ")}`;
}

/** That a property is missing which has no default. */
export const MISSING = "must be given";
