import type { SessionStoreSchemaDerived, SessionStoreSchemaInputs } from "../inputs";
import { nameOf } from "../mariadb/connection";
import { StatementError } from "../mariadb/connectionError";
import { readDefinitions } from "../mariadb/definitions";
import { openAll } from "../mariadb/open";
import { runScript, UNFINISHED } from "../mariadb/schema";
import type { Server } from "../mariadb/server";
import { copyTables } from "../pair/copy";
import { lockServers, onePerPair } from "../pair/lock";
import { waitUntilCaughtUp } from "../pair/proof";
import { refuseHalfSeeded } from "../pair/seeding";
import { inState, MISSING, PRESENT, tableStates } from "../recipe/schema/drift";
import { checkScript, tablesOf } from "../recipe/schema/script";
import { progress } from "../run";
import { type Look, until } from "../waiting";
import { define } from "./define";
import { derived, given } from "./inputs/SessionStoreSchema";
import { differentServers } from "./inputs/shared";

/** What is wanted of the tables, as previews show it. */
export interface SessionStoreSchemaChecked extends SessionStoreSchemaInputs, SessionStoreSchemaDerived {}

type Live = Pick<SessionStoreSchemaChecked, "tables" | "state">;

const COMPLETE = "complete";
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

  // It is not called begun before the script's last statement: the next `up` then runs the script again from its first.
  create: (wanted) => bringUp(wanted, true),
  update: (last, wanted) => bringUp(wanted, last.script !== wanted.script),

  async observe(last) {
    await using servers = await openAll(last.first, last.second);
    return { inputs: await lookForLong(servers, last), computed: {} };
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
  return onePerPair([wanted.first, wanted.second], async () => {
    await using servers = await openAll(wanted.first, wanted.second);
    await lockServers(servers);
    for (const server of servers) await refuseHalfSeeded(server);
    // What is still on its way would be taken for missing.
    await waitUntilCaughtUp(servers[0], servers[1], ARRIVAL_DEADLINE);
    await waitUntilCaughtUp(servers[1], servers[0], ARRIVAL_DEADLINE);
    const seen = await look(servers, wanted);
    refuseDifferent(seen, wanted);
    // Before the script: on the node that lacks a table it would make an empty one, and the rows of the other would not follow.
    const copied = await copyMissing(servers, wanted, seen);
    const missing = inState(seen.tables, "missing").filter(([table]) => !copied.includes(table));
    if (isNewScript || seen.state !== COMPLETE || missing.length > 0) {
      await runScript(servers, wanted.database, checkScript(wanted.script, wanted).statements);
    }
    await waitUntilPresent(servers, wanted);
    return {};
  });
}

async function look([first, second]: Servers, { database, tables }: SessionStoreSchemaChecked): Promise<Live> {
  const [one, other] = await Promise.all([readDefinitions(first, database), readDefinitions(second, database)]);
  const cutOff = one.tables.has(UNFINISHED) || other.tables.has(UNFINISHED);
  return { tables: tableStates(Object.keys(tables), one, other), state: cutOff ? "cut off" : COMPLETE };
}

/** A table that was just made or changed on one node may be on its way to the other, and no drift. */
async function lookForLong(servers: Servers, wanted: SessionStoreSchemaChecked): Promise<Live> {
  const patience = Date.now() + 1000;
  return until({ what: `the tables of ${wanted.database}`, deadline: ARRIVAL_DEADLINE }, async () => {
    const live = await look(servers, wanted);
    const isSettled = Object.values(live.tables).every((state) => state === PRESENT || state === MISSING);
    const answer: Look<Live> = isSettled || Date.now() > patience ? { done: live } : { seen: describe(live) };
    return answer;
  });
}

function refuseDifferent({ tables }: Live, { database }: SessionStoreSchemaChecked): void {
  const different = inState(tables, "differs");
  if (different.length === 0) return;
  throw new Error(
    `tables of ${database} are not the same on both nodes, and which one is right can't be told: ` +
      `${different.map(([table, state]) => `${table} ${state}`).join("; ")}. Nothing was changed. ` +
      "Bring the wrong one in line by ALTER TABLE on that node alone, after SET SESSION sql_log_bin=0; " +
      "without that the statement reaches the other node as well",
  );
}

/** Copies tables with their rows to the node that lacks them. Answers which. Views have no rows: the script makes them again. */
async function copyMissing(servers: Servers, wanted: SessionStoreSchemaChecked, seen: Live): Promise<string[]> {
  const copied: string[] = [];
  for (const [to, from] of [
    [servers[0], servers[1]],
    [servers[1], servers[0]],
  ] as const) {
    const lacking = inState(seen.tables, `missing on ${to.name}`).map(([table]) => table);
    const { tables } = await readDefinitions(from, wanted.database);
    const withRows = lacking.filter((table) => tables.get(table)?.get("table")?.startsWith("VIEW") === false);
    if (withRows.length > 0) await copyTables(from, to, wanted.database, withRows);
    copied.push(...withRows);
  }
  return copied;
}

async function waitUntilPresent(servers: Servers, wanted: SessionStoreSchemaChecked): Promise<void> {
  const what = `the tables of ${wanted.database} to be on ${servers[0].name} and ${servers[1].name}`;
  await until({ what, deadline: ARRIVAL_DEADLINE }, async () => {
    const live = await look(servers, wanted);
    return isAsWanted(live) ? { done: undefined } : { seen: describe(live) };
  });
}

const isAsWanted = ({ tables, state }: Live): boolean =>
  state === COMPLETE && Object.values(tables).every((table) => table === PRESENT);

const describe = ({ tables, state }: Live): string =>
  [
    ...Object.entries(tables)
      .filter(([, table]) => table !== PRESENT)
      .map(([table, seen]) => `${table} ${seen}`),
    ...(state === COMPLETE ? [] : [`the script was ${state}`]),
  ].join("; ");
