import {
  inWords,
  lackedBy,
  type NodeTables,
  type Part,
  type TableDefinition,
  tableStates,
} from "../../provider/src/recipe/schema/drift";

/** How tables stand on two nodes, and the words for it that states of users hold. */

const id = (definition: string): Part => ({ kind: "column", name: "id", definition });
const INDEX: Part = { kind: "index", name: "PRIMARY", definition: "unique BTREE (id)" };
const defined = (...parts: Part[]): TableDefinition => ({ isView: false, parts });
const on = (node: string, tables: Record<string, TableDefinition>): NodeTables => ({
  node,
  tables: new Map(Object.entries(tables)),
});

test("a table that one node lacks is not taken for one that a node with a longer name lacks, or one of the same name", () => {
  for (const [one, other] of [
    [on("db1", { conf: defined() }), on("db10", { session: defined() })],
    [on("db10", { conf: defined() }), on("db1", { session: defined() })],
    [on("db", { conf: defined() }), on("db", { session: defined() })],
  ] as const) {
    const states = tableStates(["session", "conf", "attribute"], one, other);
    expect(lackedBy(one, states)).toEqual(["session"]);
    expect(lackedBy(other, states)).toEqual(["conf"]);
  }
});

test("a table that differs says in what, part by part, in the order of its parts", () => {
  const query: Part = { kind: "query", name: "", definition: "select 1" };
  const one = on("db1", { session: defined(id("INT"), INDEX) });
  const other = on("db2", { session: defined(id("BIGINT"), query) });
  expect([...tableStates(["session"], one, other).values()].map(inWords)).toEqual([
    "differs on db2: column id is BIGINT, on db1 INT; index PRIMARY is missing, on db1 unique BTREE (id); query is select 1, on db1 missing",
  ]);
});

test("the words for a table say where it is missing", () => {
  const both = { session: defined(id("INT")) };
  const states = tableStates(
    ["session", "conf", "a", "b"],
    on("db1", { ...both, a: defined() }),
    on("db2", { ...both, b: defined() }),
  );
  expect([...states.values()].map(inWords)).toEqual([
    "present on both nodes",
    "missing on both nodes",
    "missing on db2",
    "missing on db1",
  ]);
});
