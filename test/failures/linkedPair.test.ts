import { rm } from "node:fs/promises";
import { createConnection } from "mysql2/promise";
import { findProcess } from "../../provider/src/hosts/local/server";
import type { Server } from "../../provider/src/mariadb/server";
import { MariaDbNode } from "../../provider/src/operations/MariaDbNode";
import { waitUntilCaughtUp } from "../../provider/src/pair/proof";
import { until } from "../../provider/src/waiting";
import type { PairOptions } from "../support/engine/declaredPair";
import type { Kept } from "../support/engine/engine";
import { Hung } from "../support/engine/faults";
import { Pair } from "../support/local/pair";
import { SessionClient } from "../support/sessionClient";

/** What `up` does to a pair that is in use. A client writes to each node all the while. */

jest.setTimeout(120_000);

/**
 * Longest time that a commit may take on the node that stays, in milliseconds. A source that waits for a replica that
 * is gone waits 10 s, with `hardened` 2 s (rpl_semi_sync_master_timeout); a busy machine has shown commits of 270 ms.
 */
const STALL = 1000;

let pair: Pair;
let db1: Server;
let db2: Server;

beforeEach(async () => {
  pair = await Pair.up();
  await openBoth();
  await db1.logged(() => db1.query(SessionClient.TABLE));
  await waitUntilCaughtUp(db1, db2, 10_000);
});

afterEach(() => pair?.[Symbol.asyncDispose]());

test("a setting that needs a restart reaches both nodes one after the other", async () => {
  const chunks = () => Promise.all([db1, db2].map((server) => value(server, "innodb_buffer_pool_chunk_size")));
  expect(await chunks()).not.toContain("4194304");
  const { clients, touched } = await upUnderLoad({ settings: { innodb_buffer_pool_chunk_size: "4M" } });
  expect(touched.sort()).toEqual(["sessions-db1", "sessions-db2"]);
  expect(await chunks()).toEqual(["4194304", "4194304"]);
  for (const client of clients) expect(client.worst).toBeLessThan(STALL);
});

test("a change at once waits while the other node restarts: semi-sync stays off meanwhile, and nothing false is stored", async () => {
  const update = async (name: string, settings: Record<string, string | number>) => {
    const { id, outs } = pair.kept.get(name) as Kept;
    const given = (await pair.declared({ settings })).find((declared) => declared.name === name);
    const { inputs } = await MariaDbNode.check({}, given?.inputs ?? {});
    return (await MariaDbNode.update(id, outs as never, inputs)).outs;
  };
  const former = await findProcess(pair.directory(1));
  const restart = update("sessions-db1", { innodb_buffer_pool_chunk_size: "4M" });
  const starting = await until<number>({ what: "db1 to start again", deadline: 20_000, pause: 1 }, async () => {
    const found = await findProcess(pair.directory(1));
    return found === undefined || found === former ? { seen: `${found}` } : { done: found };
  });
  let isChanged = false;
  const held = new Hung(starting);
  const change = update("sessions-db2", { max_connections: 1001 }).finally(() => {
    isChanged = true;
  });
  try {
    const end = Date.now() + 2000;
    while (Date.now() < end) {
      expect([isChanged, await value(db2, "rpl_semi_sync_master_enabled")]).toEqual([false, "0"]);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    held[Symbol.dispose]();
  }
  const [, outs] = await Promise.all([restart, change]);
  expect(await value(db2, "max_connections")).toBe("1001");
  expect(outs.settings["rpl_semi_sync_master_enabled"]).toBe("ON");
  expect(
    outs.advice.map(({ about }) => about).filter((about) => about.startsWith("rpl_semi_sync_master_enabled")),
  ).toEqual([]);
});

test("a replica that somebody stops while its source restarts is started again, and the restarts go on", async () => {
  const former = await findProcess(pair.directory(1));
  const change = pair.up({ settings: { innodb_buffer_pool_chunk_size: "4M" } });
  await until({ what: "db1 to go", deadline: 30_000, pause: 1 }, async () => {
    const found = await findProcess(pair.directory(1));
    return found === former ? { seen: "it runs" } : { done: undefined };
  });
  await using hand = await pair.root(2);
  await hand.query("STOP SLAVE");
  const start = Date.now();
  expect((await change).sort()).toEqual(["sessions-db1", "sessions-db2"]);
  expect(Date.now() - start).toBeLessThan(30_000);
  await openBoth();
  expect(await db2.row("SHOW SLAVE STATUS")).toMatchObject({ Slave_IO_Running: "Yes", Slave_SQL_Running: "Yes" });
  expect(await pair.drift({ settings: { innodb_buffer_pool_chunk_size: "4M" } })).toEqual({});
});

test("a setting that needs stopped replica threads reaches both nodes without a restart", async () => {
  const processes = () => Promise.all([findProcess(pair.directory(1)), findProcess(pair.directory(2))]);
  const before = await processes();
  const { clients } = await upUnderLoad({ settings: { slave_parallel_threads: 4 } });
  expect([await value(db1, "slave_parallel_threads"), await value(db2, "slave_parallel_threads")]).toEqual(["4", "4"]);
  expect(await processes()).toEqual(before);
  for (const client of clients) expect(client.worst).toBeLessThan(STALL);
});

test("the profile `hardened` is reached from `vendor` without a stall, and back", async () => {
  const hardened: PairOptions = {
    profile: "hardened",
    link: { useGtid: "slave_pos", connectRetry: 1, heartbeatPeriod: 5 },
  };
  const there = await upUnderLoad(hardened);
  expect(await pair.drift(hardened)).toEqual({});
  expect(await value(db1, "rpl_semi_sync_master_wait_point")).toBe("AFTER_SYNC");
  const back = await upUnderLoad();
  expect(await pair.drift()).toEqual({});
  expect(await value(db1, "rpl_semi_sync_master_wait_point")).toBe("AFTER_COMMIT");
  for (const client of [...there.clients, ...back.clients]) expect(client.worst).toBeLessThan(STALL);
});

test("a new replication password moves both links without a stall, and the former one is refused afterwards", async () => {
  const { clients } = await upUnderLoad({ passwords: { replication: "replication-2" } });
  for (const client of clients) expect(client.worst).toBeLessThan(STALL);
  for (const port of pair.ports) {
    await expect(login(port, "replication-1")).rejects.toMatchObject({ errno: 1045 });
    await login(port, "replication-2");
  }
  // Both log in again with what CHANGE MASTER was given.
  for (const server of [db1, db2]) await server.query("STOP SLAVE");
  for (const server of [db1, db2]) await server.query("START SLAVE");
  expect(await pair.drift({ passwords: { replication: "replication-2" } })).toEqual({});
});

test("a node whose data directory is gone is seeded from its peer, which serves on", async () => {
  const first = await underLoad(async () => undefined);
  process.kill((await findProcess(pair.directory(2))) ?? 0, "SIGKILL");
  await until({ what: "db2 to be gone", deadline: 5000 }, async () =>
    (await findProcess(pair.directory(2))) ? { seen: "it runs" } : { done: undefined },
  );
  await rm(pair.directory(2), { recursive: true });
  expect(await pair.drift()).toMatchObject({
    db2: ["state"],
    "sessions-db2": expect.arrayContaining(["state", "configText"]),
  });
  const survivor = new SessionClient("survivor", pair.ports[0]).start();
  await pair.up().finally(() => survivor.stop());
  await openBoth();
  await waitUntilCaughtUp(db1, db2, 20_000);
  expect(await missing(db2, [...first.clients, survivor])).toEqual([]);
  expect(await missing(db1, [...first.clients, survivor])).toEqual([]);
  // New sessions go on after the former ones' numbers, in both directions.
  await underLoad(async () => undefined);
  expect(await pair.drift()).toEqual({});
});

async function login(port: number, password: string): Promise<void> {
  const client = await createConnection({ host: "127.0.0.1", port, user: "replication_user", password });
  client.destroy();
}

async function openBoth(): Promise<void> {
  [db1, db2] = await Promise.all([pair.root(1), pair.root(2)]);
}

let rounds = 0;

/** An `up` while clients write. What the program declares is known before: while a program runs in this process, no client does. */
async function upUnderLoad(options: PairOptions = {}): Promise<{ touched: string[]; clients: SessionClient[] }> {
  await pair.declared(options);
  return underLoad(() => pair.up(options));
}

/** Does `work` while clients write; then each session that was acknowledged must be on both nodes. */
async function underLoad<T>(work: () => Promise<T>): Promise<{ touched: T; clients: SessionClient[] }> {
  const round = ++rounds;
  const clients = [1, 2].map((number, index) =>
    new SessionClient(`round${round}-db${number}`, pair.ports[index] ?? 0).start(),
  );
  const enough = () =>
    until({ what: "clients to write", deadline: 20_000 }, async () =>
      clients.every((client) => client.acknowledged.length > 20)
        ? { done: undefined }
        : { seen: clients[0]?.errors.at(-1) ?? "" },
    );
  try {
    await enough();
    const touched = await work();
    return { touched, clients };
  } finally {
    await Promise.all(clients.map((client) => client.stop()));
    await openBoth();
    await waitUntilCaughtUp(db1, db2, 20_000);
    await waitUntilCaughtUp(db2, db1, 20_000);
    for (const server of [db1, db2]) expect(await missing(server, clients)).toEqual([]);
  }
}

/** Acknowledged sessions that a node doesn't have. */
async function missing(server: Server, clients: readonly SessionClient[]): Promise<string[]> {
  const rows = await server.query("SELECT id FROM replicated_session_store.session");
  const there = new Set(rows.map((row) => row["id"]));
  return clients.flatMap((client) => client.acknowledged.filter((id) => !there.has(id)));
}

const value = (server: Server, variable: string) => server.value(`SELECT @@GLOBAL.${variable}`);
