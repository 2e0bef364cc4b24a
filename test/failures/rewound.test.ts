import { spawnSync } from "node:child_process";
import { cp, rename, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { createConnection } from "mysql2/promise";
import { paths } from "../../provider/src/hosts/local/files";
import { start, stop } from "../../provider/src/hosts/local/server";
import { replicaStatus } from "../../provider/src/mariadb/replication";
import type { Server } from "../../provider/src/mariadb/server";
import { waitUntilCaughtUp } from "../../provider/src/pair/proof";
import { until } from "../../provider/src/waiting";
import { type PairOptions, SHORT_WAITS } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { inRewindSeries } from "../support/inWhole";
import { Pair } from "../support/local/pair";
import { SessionClient } from "../support/sessionClient";

/**
 * A node that comes back without the end of its binary log, and has written since as much as it lost or more, is recognised by what was
 * written, not by how much. One that was merely killed is not.
 *
 * `npm test` has each way once, with some of the amounts; REWIND_RUNS says how often each is tried, REWIND_ROWS with how many
 * sessions.
 */

const RUNS = Number(process.env["REWIND_RUNS"] ?? 1);
/** How many transactions more a node has written than it lost. */
const EVERY_AMOUNT = [0, 1, 1000];
const AMOUNTS = RUNS > 1 ? EVERY_AMOUNT : [1000];
/** For ways that take longer. */
const ONE_AMOUNT = RUNS > 1 ? EVERY_AMOUNT : [1];
/** Sessions that both have beforehand. */
const ROWS = Number(process.env["REWIND_ROWS"] ?? 0);
const runs = Array.from({ length: RUNS }, (_, run) => run + 1);
const cases = (amounts: readonly number[]) => amounts.flatMap((by) => runs.map((run) => [by, run] as const));

jest.setTimeout(180_000);

const SESSION = "replicated_session_store.session";
let pair: Pair;
let clients: SessionClient[] = [];

beforeEach(() => {
  clients = [];
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.stop()));
  await pair?.[Symbol.asyncDispose]();
}, 60_000);

function client(number: 1 | 2, label: string): SessionClient {
  const started = new SessionClient(label, pair.ports[number - 1] ?? 0).start();
  clients.push(started);
  return started;
}

const reached = (what: string, look: () => boolean | Promise<boolean>) =>
  until({ what, deadline: 60_000 }, async () => ((await look()) ? { done: undefined } : { seen: "not yet" }));

const optionsOf = (connectRetry: number): PairOptions => ({ ...SHORT_WAITS, link: { connectRetry } });

async function bringUp(connectRetry: number): Promise<void> {
  pair = await Pair.up(optionsOf(connectRetry));
  const db1 = await pair.root(1);
  await db1.logged(() => db1.query(SessionClient.TABLE));
  if (ROWS > 0) {
    await db1.logged(() =>
      db1.query(
        `INSERT INTO ${SESSION} SELECT SHA1(seq), REPEAT('x', 100) FROM replicated_session_store.seq_1_to_${ROWS}`,
        [],
        120_000,
      ),
    );
  }
  await waitUntilCaughtUp(db1, await pair.root(2), 120_000);
}

const kill = (number: 1 | 2): Promise<void> => pair.server(number).kill();

const data = (number: 1 | 2): string => paths(pair.directory(number)).data;
const written = async (server: Server): Promise<number> =>
  Number((await server.value("SELECT @@GLOBAL.gtid_binlog_pos")).split("-")[2] ?? 0);
const known = async (): Promise<number> =>
  Number((await replicaStatus(await pair.root(1)))?.received.get(2)?.sequence ?? 0);
const link = async () => replicaStatus(await pair.root(1));

/** db2 goes back to a copy of its data, while a client writes to it. Returns how much it has lost of what db1 has. */
async function rewind(): Promise<{ lost: number; start: () => Promise<void> }> {
  const writer = client(2, "db2");
  await reached("some sessions", () => writer.acknowledged.length > 100);
  await stop(pair.directory(2));
  const copy = path.join(pair.folder, "copy");
  await cp(data(2), copy, { recursive: true });
  await start(pair.directory(2));
  const before = writer.acknowledged.length;
  await reached("sessions that will be lost", async () => writer.acknowledged.length > before + 200);
  await reached("the replica to run", async () => (await link())?.ioThread === "Yes");
  await kill(2);
  // From now on only what the test counts is written.
  await writer.stop();
  const had = await known();
  await rm(data(2), { recursive: true });
  await rename(copy, data(2));
  return {
    lost: had,
    start: () => start(pair.directory(2)),
  };
}

/** Writes sessions until db2's log has so many transactions more than db1 knows. No commit waits for the replica that is away. */
async function overtake(had: number, by: number): Promise<void> {
  const db2 = await pair.root(2);
  await db2.query("SET GLOBAL rpl_semi_sync_master_enabled = OFF");
  await db2.logged(async () => {
    for (let number = await written(db2); number < had + by; number++) {
      await db2.query("INSERT INTO replicated_session_store.session VALUES (?, 'after the rewind')", [
        `later-${number}`,
      ]);
    }
  });
  await db2.query("SET GLOBAL rpl_semi_sync_master_enabled = ON");
  expect(await written(db2)).toBe(had + by);
}

const rows = async (): Promise<string[]> =>
  Promise.all(
    ([1, 2] as const).map(async (number) => (await pair.root(number)).value(`SELECT COUNT(*) FROM ${SESSION}`)),
  );

/** What has to be said and what must not be done, whatever the way in which it went back. */
async function expectRecognised(connectRetry: number): Promise<void> {
  const options = optionsOf(connectRetry);
  const before = await rows();
  const start = Date.now();
  expect((await pair.drift(options))["sessions-db2"]).toContain("state");
  if (ROWS > 0) process.stderr.write(`recognised among ${ROWS} sessions in ${(Date.now() - start) / 1000} s\n`);
  expect(pair.kept.get("sessions-db2")?.outs["state"]).toBe("went back in time");
  const stood = (await link())?.ioThread;
  const { message } = await failureOf(pair.up(options));
  expect(message).toMatch(
    /^db2 (went back in time .*it )?lacks \d+ rows of replicated_session_store\.session.*Nothing was touched/s,
  );
  expect(message).not.toContain("move its data directory away");
  const { message: ofLink } = await failureOf(
    pair.up({ ...options, only: ["sessions-db1-from-db2"], link: { connectRetry: 7 } }),
  );
  expect(ofLink).toMatch(/^db2 .*went back in time.*db1<-db2 is not started/s);
  expect(stood === "No" && (await link())?.ioThread !== "No").toBe(false);
  expect((await rows()).map((count, index) => Number(count) >= Number(before[index]))).toEqual([true, true]);
}

describe("a node that lost the end of its log and has written as much and some transactions more", () => {
  test.each(cases(AMOUNTS))("is recognised where its peer was refused (1236) before: %i more, run %i", async (by) => {
    await bringUp(1);
    const { lost, start } = await rewind();
    await start();
    await reached("db1 to be refused", async () => (await link())?.ioError?.errno === 1236);
    await overtake(lost, by);
    client(2, "after");
    await expectRecognised(1);
  });

  test.each(cases(ONE_AMOUNT))(
    "is recognised where its peer connected again without a word: %i more, run %i",
    async (by) => {
      await bringUp(1);
      const { lost, start } = await rewind();
      // Nobody comes in over the network while it writes.
      const closed = path.join(paths(pair.directory(2)).includeFolder, "zz-closed.cnf");
      await writeFile(closed, "[mariadbd]\nskip-networking\n");
      await start();
      await overtake(lost, by);
      await stop(pair.directory(2));
      await rm(closed);
      await start();
      await reached(
        "db1 to replicate",
        async () => (await link())?.ioThread === "Yes" && (await link())?.sqlThread === "Yes",
      );
      client(2, "after");
      await expectRecognised(1);
    },
  );

  inRewindSeries.each(cases(ONE_AMOUNT))(
    "is recognised before its peer, which tries every 10 s, connects again: %i more, run %i",
    async (by) => {
      await bringUp(10);
      const { lost, start } = await rewind();
      await start();
      await overtake(lost, by);
      client(2, "after");
      await expectRecognised(10);
    },
  );
});

test("a node that went back unseen, and whose peer was stopped by hand afterwards, is recognised once the peer goes on, which then stands still again", async () => {
  await bringUp(1);
  const { lost, start } = await rewind();
  const closed = path.join(paths(pair.directory(2)).includeFolder, "zz-closed.cnf");
  await writeFile(closed, "[mariadbd]\nskip-networking\n");
  await start();
  await overtake(lost, 10);
  await stop(pair.directory(2));
  await rm(closed);
  const db1 = await pair.root(1);
  let db2 = db1;
  // What came over the connection of before is in none of db1's files any more.
  for (const id of ["seen", "then", "last"]) {
    await start();
    db2 = await pair.root(2);
    await reached("db1 to replicate", async () => (await link())?.ioThread === "Yes");
    await db2.logged(() => db2.query(`INSERT INTO ${SESSION} VALUES (?, '')`, [id]));
    await waitUntilCaughtUp(db2, db1, 10_000);
    if (id !== "last") await stop(pair.directory(2));
  }
  await db1.query("STOP SLAVE");
  await db2.query("SET GLOBAL rpl_semi_sync_master_enabled = OFF");
  await db2.logged(() => db2.query(`DELETE FROM ${SESSION} WHERE id = 'seen'`));
  const { message } = await failureOf(pair.up(optionsOf(1)));
  expect(message).toMatch(/db2 (went back in time|lacks \d+ rows).*db1<-db2 is not started/s);
  expect(message).not.toContain("move its data directory away");
  expect((await link())?.ioThread).toBe("No");
  // It had gone on.
  expect(await db1.value(`SELECT COUNT(*) FROM ${SESSION} WHERE id = 'seen'`)).toBe("0");
});

test.each(runs)(
  "a node that was killed under load and came back has lost nothing, and nothing is said, run %i",
  async (run) => {
    await bringUp(1);
    const options = optionsOf(1);
    const writers = [client(1, "db1"), client(2, "db2")];
    await reached("sessions", () => writers.every(({ acknowledged }) => acknowledged.length > 200));
    const victim = run % 2 === 0 ? 1 : 2;
    await kill(victim);
    await pair.up(options);
    await Promise.all(writers.map((writer) => writer.stop()));
    expect(await pair.drift(options)).toEqual({});
    for (const number of [1, 2] as const) {
      const server = await pair.root(number);
      const there = new Set((await server.query(`SELECT id FROM ${SESSION}`)).map(({ id }) => id));
      expect(writers.flatMap(({ acknowledged }) => acknowledged.filter((id) => !there.has(id)))).toEqual([]);
    }
  },
);

test("what is said to do about it, followed to the letter, keeps every row of both", async () => {
  await bringUp(1);
  const options = optionsOf(1);
  const { lost, start } = await rewind();
  await start();
  await overtake(lost, 10);
  const all = new Set<string>();
  for (const number of [1, 2] as const) {
    for (const { id } of await (await pair.root(number)).query(`SELECT id FROM ${SESSION}`)) all.add(String(id));
  }
  const socket = (number: 1 | 2) => `--socket=${paths(pair.directory(number)).socket}`;
  const on = (command: string, number: 1 | 2) =>
    command.replace(/^\S+/, (program) => `${program} --no-defaults ${socket(number)}`);
  /** Carries rows over, as often as `up` says that there are some to carry. Returns what it says then. */
  const carryOver = async (): Promise<string> => {
    const { message } = await failureOf(pair.up(options));
    const [, dump, load] = /`(mariadb-dump [^|]*) \| (mariadb [^`]*)`/.exec(message) ?? [];
    if (dump === undefined || load === undefined) return message;
    const dumped = spawnSync("bash", ["-c", on(dump, 2)], { encoding: "utf8", maxBuffer: 1 << 28 }).stdout;
    expect(dumped).toContain("INSERT IGNORE");
    // A lock on the table would wait for db1's replica, and that one for the lock.
    expect(dumped).not.toMatch(/\b(ALTER|LOCK|CREATE|DROP|TRUNCATE) /);
    const { status, stderr } = spawnSync("bash", ["-o", "pipefail", "-c", `${on(dump, 2)} | ${on(load, 1)}`], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    // Without the statement that failed, which has thousands of rows.
    expect({ status, said: stderr.split("\n").filter((line) => !line.startsWith("('")) }).toEqual({
      status: 0,
      said: [""],
    });
    return carryOver();
  };
  await carryOver();
  // A proxy that is still connected may write at any moment.
  const proxy = await createConnection({
    host: "127.0.0.1",
    port: pair.ports[1],
    user: "nevisproxy_user",
    password: "proxy-1",
  });
  const { message: still } = await failureOf(pair.up(options));
  expect(still).not.toContain("move its data directory away");
  expect(still).toMatch(/others are connected to db2 and may write to it \(nevisproxy_user\)/);
  await (await pair.root(2)).query("SET GLOBAL rpl_semi_sync_master_enabled = OFF");
  await proxy.query(`INSERT INTO ${SESSION} VALUES ('late', '')`);
  all.add("late");
  await proxy.end();
  expect(await carryOver()).toMatch(/db1 holds every row of db2; .*stop db2, move its data directory away/s);
  await stop(pair.directory(2));
  await rename(data(2), path.join(pair.folder, "away"));
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
  for (const number of [1, 2] as const) {
    const there = new Set(
      (await (await pair.root(number)).query(`SELECT id FROM ${SESSION}`)).map(({ id }) => String(id)),
    );
    expect([...all].filter((id) => !there.has(id))).toEqual([]);
  }
});
