import { waitUntilCaughtUp } from "../../provider/src/mariadb/replication";
import type { Server } from "../../provider/src/mariadb/server";
import { Pair, type PairOptions } from "../support/pair";
import { SessionClient } from "../support/sessionClient";

jest.setTimeout(120_000);

let pair: Pair;
let db1: Server;
let db2: Server;

beforeAll(async () => {
  pair = await Pair.up();
  await openBoth();
  await db1.logged(() => db1.query(SessionClient.TABLE));
  await waitUntilCaughtUp(db1, db2, 10_000);
});

afterAll(() => pair?.[Symbol.asyncDispose]());

async function openBoth(): Promise<void> {
  [db1, db2] = await Promise.all([pair.root(1), pair.root(2)]);
}

/** Runs `up` while a client writes to each node. Answers the clients, after every acknowledged session was found on both nodes. */
async function upUnderLoad(options: PairOptions): Promise<{ touched: string[]; clients: SessionClient[] }> {
  const label = Math.random().toString(36).slice(2);
  const clients = ([1, 2] as const).map((number) =>
    new SessionClient(`${label}-db${number}`, pair.ports[number - 1] ?? 0).start(),
  );
  const touched = await pair.up(options).finally(() => Promise.all(clients.map((client) => client.stop())));
  await openBoth();
  await waitUntilCaughtUp(db1, db2, 20_000);
  await waitUntilCaughtUp(db2, db1, 20_000);
  for (const server of [db1, db2]) {
    const rows = await server.query("SELECT id FROM replicated_session_store.session WHERE id LIKE ?", [`${label}%`]);
    const there = new Set(rows.map((row) => row["id"]));
    for (const client of clients) expect(client.acknowledged.filter((id) => !there.has(id))).toEqual([]);
  }
  return { touched, clients };
}

const value = (server: Server, variable: string) => server.value(`SELECT @@GLOBAL.${variable}`);

test("a setting that needs a restart reaches both nodes one after the other, with no session lost and no stall", async () => {
  const { clients, touched } = await upUnderLoad({
    settings: { innodb_buffer_pool_chunk_size: "4M", innodb_read_io_threads: 3 },
  });
  expect(touched).toEqual(expect.arrayContaining(["db1-node", "db2-node"]));
  expect([await value(db1, "innodb_read_io_threads"), await value(db2, "innodb_read_io_threads")]).toEqual(["3", "3"]);
  for (const client of clients) expect(client.acknowledged.length).toBeGreaterThan(50);
  console.log(clients.map((c) => [c.acknowledged.length, c.worst, c.errors.length, [...new Set(c.errors)]]));
});
