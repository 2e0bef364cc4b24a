/** What a table is on one node: each of its parts (`column id`, `index PRIMARY`) with its definition. */
export type TableDefinition = ReadonlyMap<string, string>;

/** The tables of one node, by name. */
export interface NodeTables {
  readonly node: string;
  readonly tables: ReadonlyMap<string, TableDefinition>;
}

export const PRESENT = "present on both nodes";
export const MISSING = "missing on both nodes";

/** How each wanted table stands on the two nodes, in the words that previews show. */
export function tableStates(wanted: readonly string[], one: NodeTables, other: NodeTables): Record<string, string> {
  return Object.fromEntries(wanted.map((table) => [table, stateOf(table, one, other)]));
}

function stateOf(table: string, one: NodeTables, other: NodeTables): string {
  const [here, there] = [one.tables.get(table), other.tables.get(table)];
  if (!here && !there) return MISSING;
  if (!here) return `missing on ${one.node}`;
  if (!there) return `missing on ${other.node}`;
  const differences = [...new Set([...here.keys(), ...there.keys()])]
    .filter((part) => here.get(part) !== there.get(part))
    .map((part) => `${part} is ${there.get(part) ?? "missing"}, on ${one.node} ${here.get(part) ?? "missing"}`);
  return differences.length === 0 ? PRESENT : `differs on ${other.node}: ${differences.join("; ")}`;
}

/** The tables whose state begins with the words, with that state. */
export const inState = (states: Readonly<Record<string, string>>, words: string): [table: string, state: string][] =>
  Object.entries(states).filter(([, state]) => state.startsWith(words));
