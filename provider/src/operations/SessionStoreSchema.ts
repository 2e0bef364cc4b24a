import type { SessionStoreSchemaDerived, SessionStoreSchemaInputs } from "../inputs";
import { nameOf } from "../mariadb/connection";
import { StatementError } from "../mariadb/connectionError";
import { readDefinitions } from "../mariadb/definitions";
import { openAll, openViewer } from "../mariadb/open";
import type { Server } from "../mariadb/server";
import { copyTables } from "../pair/copy";
import { inTurn, lockServers } from "../pair/lock";
import { waitUntilCaughtUp } from "../pair/proof";
import { runScript, UNFINISHED } from "../pair/runScript";
import { refuseHalfSeeded } from "../pair/seeding";
import { inWords, lackedBy, type NodeTables, PRESENT, type TableState, tableStates } from "../recipe/schema/drift";
import { checkScript, tablesOf } from "../recipe/schema/script";
import { WORDS } from "../recipe/words";
import { progress } from "../run";
import { type Look, until } from "../waiting";
import { define } from "./define";
import { derived, given } from "./inputs/SessionStoreSchema";
import { differentServers } from "./inputs/shared";

/** What is wanted of the tables, as previews show it. */
export interface SessionStoreSchemaChecked extends SessionStoreSchemaInputs, SessionStoreSchemaDerived {}

const COMPLETE = WORDS["SessionStoreSchema.state"].wanted;
const ARRIVAL_DEADLINE = 30_000;

export const SessionStoreSchema = define<SessionStoreSchemaInputs, SessionStoreSchemaChecked, object>({
  properties: given.shape,
  rules: [
    differentServers("first", "second"),
    {
      needs: ["script", "database", "patterns"],
      broken: ({ script, ...filters }) =>
        checkScript(script, filters).findings.map(({ line, reason }) => ({
          property: "script",
          reason: `line ${line}: ${reason}`,
        })),
    },
  ],
  derived: {
    needs: ["script", "database", "patterns"],
    properties: derived.shape,
    from: ({ script, ...filters }) => ({
      tables: Object.fromEntries(tablesOf(checkScript(script, filters).statements).map((table) => [table, PRESENT])),
      state: COMPLETE,
    }),
  },
  id: ({ first, second, database }) =>
    `${[first, second].map(({ address, port }) => `${address}:${port}`).join("+")}/${database}`,
  on: ({ first, second }) => [first, second],

  // It is not called begun before the script's last statement: the next `up` then runs the script again from its first.
  create: (wanted) => bringUp(wanted, true),
  update: (last, wanted) => bringUp(wanted, last.script !== wanted.script),

  async observe(last) {
    await using servers = await openAll([last.first, last.second], openViewer);
    const { tables, state } = await lookForLong(servers, last);
    return { inputs: { tables: wordsFor(tables), state }, computed: {} };
  },

  inTrouble: (trouble) =>
    trouble instanceof StatementError ? { state: `${trouble.problem} on ${trouble.server}` } : {},

  async remove({ first, second, database, tables }) {
    progress(
      `${nameOf(first)}, ${nameOf(second)}: ${Object.keys(tables).join(", ")} in ${database} are left as they are, ` +
        "because they hold sessions; drop them by hand when they are no longer needed",
    );
  },
});

type Servers = readonly [Server, Server];

async function bringUp(wanted: SessionStoreSchemaChecked, isNewScript: boolean): Promise<object> {
  return inTurn([wanted.first, wanted.second], async () => {
    await using servers = await openAll([wanted.first, wanted.second]);
    await lockServers(servers);
    for (const server of servers) await refuseHalfSeeded(server);
    // What is still on its way would be taken for missing.
    await waitUntilCaughtUp(servers[0], servers[1], ARRIVAL_DEADLINE);
    await waitUntilCaughtUp(servers[1], servers[0], ARRIVAL_DEADLINE);
    const seen = await look(servers, wanted);
    refuseDifferent(seen, wanted);
    // Before the script: on the node that lacks a table it would make an empty one, and the rows of the other would not follow.
    const copied = await copyMissing(servers, wanted, seen);
    const isWhole = [...seen.tables].every(([table, { kind }]) => kind === "present" || copied.includes(table));
    if (isNewScript || seen.state !== COMPLETE || !isWhole) {
      await runScript(servers, wanted.database, checkScript(wanted.script, wanted).statements);
    }
    await waitUntilPresent(servers, wanted);
    return {};
  });
}

/** What both nodes have of the schema. */
interface Seen extends Pick<SessionStoreSchemaChecked, "state"> {
  /** In the order of the servers. */
  readonly nodes: readonly [NodeTables, NodeTables];
  readonly tables: ReadonlyMap<string, TableState>;
}

async function look([first, second]: Servers, { database, tables }: SessionStoreSchemaChecked): Promise<Seen> {
  const nodes = await Promise.all([readDefinitions(first, database), readDefinitions(second, database)]);
  const isCutOff = nodes.some((node) => node.tables.has(UNFINISHED));
  return { nodes, tables: tableStates(Object.keys(tables), ...nodes), state: isCutOff ? "cut off" : COMPLETE };
}

/** A table that was just made or changed on one node may be on its way to the other, and does not count as drift. */
async function lookForLong(servers: Servers, wanted: SessionStoreSchemaChecked): Promise<Seen> {
  const patience = Date.now() + 1000;
  return until({ what: `the tables of ${wanted.database}`, deadline: ARRIVAL_DEADLINE }, async () => {
    const seen = await look(servers, wanted);
    const isSettled = [...seen.tables.values()].every(({ kind }) => kind === "present" || kind === "missing");
    const answer: Look<Seen> = isSettled || Date.now() > patience ? { done: seen } : { seen: describe(seen) };
    return answer;
  });
}

function refuseDifferent({ tables }: Seen, { database }: SessionStoreSchemaChecked): void {
  const different = [...tables].filter(([, { kind }]) => kind === "differs");
  if (different.length === 0) return;
  throw new Error(
    `tables of ${database} are not the same on both nodes, and which one is right can't be told: ` +
      `${different.map(([table, state]) => `${table} ${inWords(state)}`).join("; ")}. Nothing was changed. ` +
      "Bring the wrong one in line by ALTER TABLE on that node alone, after SET SESSION sql_log_bin=0, lock_wait_timeout=20: " +
      "without the first the statement reaches the other node as well; without the second it can wait for ever for a replica that waits for it",
  );
}

/** Copies tables with their rows to the node that lacks them. Returns which. Views have no rows: the script makes them again. */
async function copyMissing(servers: Servers, { database }: SessionStoreSchemaChecked, seen: Seen): Promise<string[]> {
  const copied: string[] = [];
  for (const [to, from] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const lacking = lackedBy(seen.nodes[to], seen.tables);
    const withRows = lacking.filter((table) => seen.nodes[from].tables.get(table)?.isView === false);
    if (withRows.length > 0) await copyTables(servers[from], servers[to], database, withRows);
    copied.push(...withRows);
  }
  return copied;
}

async function waitUntilPresent(servers: Servers, wanted: SessionStoreSchemaChecked): Promise<void> {
  const what = `the tables of ${wanted.database} to be on ${servers[0].name} and ${servers[1].name}`;
  await until({ what, deadline: ARRIVAL_DEADLINE }, async () => {
    const seen = await look(servers, wanted);
    return isAsWanted(seen) ? { done: undefined } : { seen: describe(seen) };
  });
}

const isAsWanted = ({ tables, state }: Seen): boolean =>
  state === COMPLETE && [...tables.values()].every(({ kind }) => kind === "present");

const describe = ({ tables, state }: Seen): string =>
  [
    ...[...tables].filter(([, { kind }]) => kind !== "present").map(([table, seen]) => `${table} ${inWords(seen)}`),
    ...(state === COMPLETE ? [] : [`the script was ${state}`]),
  ].join("; ");

const wordsFor = (tables: Seen["tables"]): SessionStoreSchemaChecked["tables"] =>
  Object.fromEntries([...tables].map(([table, state]) => [table, inWords(state)]));
