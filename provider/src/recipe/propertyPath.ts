/** The place of a property, as Pulumi writes it: `nodes[0].port`. */
export const pathOf = (parts: readonly PropertyKey[]): string => parts.reduce<string>(within, "");

/** The place of a part of what is at `place`; empty: of all. */
export function within(place: string, part: PropertyKey): string {
  if (typeof part === "number") return `${place}[${part}]`;
  const name = String(part);
  // A name with characters of the path's own.
  if (/[.[\]"]/.test(name) || name === "") return `${place}[${JSON.stringify(name)}]`;
  return place ? `${place}.${name}` : name;
}

/** True where a path is that of a property, or of a part of it. */
export const concerns = (path: string, property: string): boolean =>
  path === property || path.startsWith(`${property}.`) || path.startsWith(`${property}[`);
