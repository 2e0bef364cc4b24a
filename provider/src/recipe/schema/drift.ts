import { type TableWord, WORDS } from "../words";

/** A part of a table: `column id`, `index PRIMARY`; of the table as a whole, and of a view's query, the kind alone. */
export interface Part {
  readonly kind: "table" | "column" | "index" | "foreign key" | "check" | "trigger" | "query";
  /** Its own name, empty where the kind says all. */
  readonly name: string;
  readonly definition: string;
}

/** What a table, view or sequence is on one node. */
export interface TableDefinition {
  readonly isView: boolean;
  readonly parts: readonly Part[];
}

/** The tables of one node, by name. */
export interface NodeTables {
  readonly node: string;
  readonly tables: ReadonlyMap<string, TableDefinition>;
}

/** How a table stands on the two nodes. */
export type TableState =
  | { readonly kind: "present" }
  | { readonly kind: "missing" }
  | { readonly kind: "missing on one"; readonly node: NodeTables }
  | { readonly kind: "differs"; readonly node: NodeTables; readonly differences: readonly string[] };

/** How each wanted table stands on the two nodes. */
export function tableStates(
  wanted: readonly string[],
  one: NodeTables,
  other: NodeTables,
): ReadonlyMap<string, TableState> {
  return new Map(wanted.map((table) => [table, stateOf(table, one, other)]));
}

function stateOf(table: string, one: NodeTables, other: NodeTables): TableState {
  const [here, there] = [one.tables.get(table), other.tables.get(table)];
  if (!here && !there) return { kind: "missing" };
  if (!here) return { kind: "missing on one", node: one };
  if (!there) return { kind: "missing on one", node: other };
  const [own, others] = [byLabel(here), byLabel(there)];
  const differences = [...new Set([...own.keys(), ...others.keys()])]
    .filter((label) => own.get(label) !== others.get(label))
    .map((label) => `${label} is ${others.get(label) ?? "missing"}, on ${one.node} ${own.get(label) ?? "missing"}`);
  return differences.length === 0 ? { kind: "present" } : { kind: "differs", node: other, differences };
}

const byLabel = ({ parts }: TableDefinition): Map<string, string> =>
  new Map(parts.map(({ kind, name, definition }) => [name ? `${kind} ${name}` : kind, definition]));

/** The tables that this node lacks and the other one has. */
export const lackedBy = (node: NodeTables, states: ReadonlyMap<string, TableState>): string[] =>
  [...states].flatMap(([table, state]) => (state.kind === "missing on one" && state.node === node ? [table] : []));

/** The words for it that previews show. */
export function inWords(state: TableState): TableWord {
  switch (state.kind) {
    case "present":
      return PRESENT;
    case "missing":
      return "missing on both nodes";
    case "missing on one":
      return `missing on ${state.node.node}`;
    case "differs":
      return `differs on ${state.node.node}: ${state.differences.join("; ")}`;
  }
}

/** The words for a table when nothing is wrong. */
export const PRESENT = WORDS["SessionStoreSchema.tables"].wanted;
