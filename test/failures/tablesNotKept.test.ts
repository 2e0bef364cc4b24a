import { isRunning, replicaStatus } from "../../provider/src/mariadb/replication";
import { waitUntilCaughtUp } from "../../provider/src/pair/proof";
import { failureOf } from "../support/engine/faults";
import { db1, db2, openBoth, options, pair, reached, usePair } from "../support/local/pairOfTest";

/** Replicated tables whose engine loses the rows at a restart, which then empties the peer too. */

usePair();

const CACHE = "replicated_session_store.cache_session";
const restarting = { ...options, settings: { ...options.settings, back_log: 77 } };
const databases = ["sessions-db1-database-replicated_session_store", "sessions-db2-database-replicated_session_store"];

const count = async (table: string) =>
  Promise.all([db1, db2].map((server) => server.value(`SELECT COUNT(*) FROM ${table}`)));

/** The states of the database on both nodes, as a refresh sees them. */
async function states(): Promise<unknown[]> {
  await pair.refresh();
  return databases.map((name) => pair.kept.get(name)?.outs["state"]);
}

async function make(definition: string): Promise<void> {
  await db1.logged(async () => {
    await db1.query(`CREATE TABLE ${CACHE} ${definition}`);
    await db1.query(`INSERT INTO ${CACHE} VALUES (1), (2)`);
  });
  await waitUntilCaughtUp(db1, db2, 10_000);
}

it.each([
  ["MEMORY", "(id INT PRIMARY KEY) ENGINE=MEMORY"],
  ["MEMORY", "(id INT PRIMARY KEY) ENGINE=HEAP PARTITION BY HASH (id) PARTITIONS 2"],
])(
  "a table in %s, %s, is drift, holds a restart back, and is repaired as the error says",
  async (engine, definition) => {
    await make(definition);
    expect(await count(CACHE)).toEqual(["2", "2"]);
    expect(Object.keys(await pair.drift(options)).sort()).toEqual(databases);
    const state = `rows are not kept: ${CACHE} (ENGINE=${engine})`;
    expect(await states()).toEqual([state, state]);
    const pids = await Promise.all([pair.server(1).pid(), pair.server(2).pid()]);

    const { message: refusal } = await failureOf(pair.up(restarting));

    expect(refusal).toMatch(
      /db1 has to restart for back_log, but .*cache_session is ENGINE=MEMORY.*Nothing was stopped/,
    );
    const [, repair = ""] = /(ALTER TABLE \S+ ENGINE=InnoDB)/.exec(refusal) ?? [];
    expect(await Promise.all([pair.server(1).pid(), pair.server(2).pid()])).toEqual(pids);
    expect((await failureOf(pair.up(options))).message).toContain(repair);

    await db1.logged(() => db1.query(repair));
    await waitUntilCaughtUp(db1, db2, 10_000);
    await pair.up(restarting);
    await openBoth();
    expect(await count(CACHE)).toEqual(["2", "2"]);
    expect(await pair.drift(restarting)).toEqual({});
  },
);

it("what a clean restart does to a table in MEMORY: it is empty on the peer too", async () => {
  await make("(id INT PRIMARY KEY) ENGINE=MEMORY");
  await pair.server(1).restart();
  await openBoth();
  await reached("db2 to replicate", async () => isRunning(await replicaStatus(db2)));
  await db1.logged(() => db1.query(`SELECT * FROM ${CACHE}`));
  await waitUntilCaughtUp(db1, db2, 10_000);
  expect(await count(CACHE)).toEqual(["0", "0"]);
});

it("a table that has no rows of its own is drift", async () => {
  await db1.query(`CREATE TABLE ${CACHE} (id INT) ENGINE=MRG_MyISAM`);
  await db2.query(`CREATE TABLE ${CACHE} (id INT)`);
  expect(await states()).toEqual([`rows are not kept: ${CACHE} (ENGINE=MRG_MYISAM)`, "present"]);
});

it("tables that keep their rows, or don't replicate, are none", async () => {
  for (const table of [
    "a_session (id INT) ENGINE=MyISAM",
    "b_session (id INT) ENGINE=Aria",
    "notes (id INT) ENGINE=MEMORY",
  ]) {
    for (const server of [db1, db2]) await server.query(`CREATE TABLE replicated_session_store.${table}`);
  }
  expect(await pair.drift(options)).toEqual({});
  await pair.up(restarting);
  expect(await pair.drift(restarting)).toEqual({});
});

it("a server whose new tables would be in MEMORY is drift, and up says what to do", async () => {
  await db2.query("SET GLOBAL default_storage_engine = MEMORY");
  expect(await states()).toEqual(["present", "rows are not kept: default_storage_engine=MEMORY"]);
  expect((await failureOf(pair.up(options))).message).toMatch(/db2 has default_storage_engine=MEMORY/);
  await db2.query("SET GLOBAL default_storage_engine = InnoDB");
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
});
