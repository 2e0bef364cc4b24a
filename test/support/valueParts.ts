import { pathOf } from "../../provider/src/recipe/propertyPath";

/** Parts of a value, at every depth, and the same value with one of them replaced. */

export type Path = readonly (string | number)[];

export interface Part {
  readonly path: Path;
  /** As messages name it. */
  readonly place: string;
}

/** All parts of a value. */
export function parts(value: unknown, path: Path = []): Part[] {
  const own = path.length > 0 ? [{ path, place: pathOf(path) }] : [];
  if (typeof value !== "object" || value === null) return own;
  const below = Array.isArray(value) ? value.map((part, index) => [index, part] as const) : Object.entries(value);
  return [...own, ...below.flatMap(([key, part]) => parts(part, [...path, key]))];
}

/** A copy of the value, with something else in the place of a part. */
export function replacedAt(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.map((part, index) => (index === key ? replacedAt(part, rest, by) : part));
  return { ...(value as object), [key]: replacedAt((value as Record<string, unknown>)[key], rest, by) };
}
