import { openHost } from "../../provider/src/hosts";
import { paths } from "../../provider/src/hosts/local/files";
import { findProcess, start, stop } from "../../provider/src/hosts/local/server";
import { replicaStatus } from "../../provider/src/mariadb/replication";
import { semiSync } from "../../provider/src/mariadb/semiSync";
import type { Server } from "../../provider/src/mariadb/server";
import { until } from "../../provider/src/waiting";
import type { PairOptions } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { Pair } from "../support/local/pair";
import { SmallDisk } from "../support/local/smallDisk";

/** A full disk of one node is told by name in its server's own words, spares the other node, and is over when there is room. */

jest.setTimeout(300_000);

const options: PairOptions = { link: { connectRetry: 1 }, settings: { innodb_log_file_size: 8 << 20 } };
const changed: PairOptions = { ...options, settings: { ...options.settings, back_log: 120 } };
const ROWS = 150;
const DISK = 250 * 1024;

async function pairWithTable(): Promise<Pair> {
  const pair = await Pair.up(options);
  const db1 = await pair.root(1);
  await db1.logged(() => db1.query("CREATE TABLE replicated_session_store.session (id INT PRIMARY KEY, v BLOB)"));
  return pair;
}

/** Puts db2 on a disk of its own: its data, or all that it has, its temporary files and its log among them. */
async function onSmallDisk(pair: Pair, what: "data" | "everything"): Promise<SmallDisk> {
  await stop(pair.directory(2));
  const disk = SmallDisk.over(what === "data" ? paths(pair.directory(2)).data : pair.directory(2), DISK);
  await start(pair.directory(2));
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
  return disk;
}

/** Lets clients write on db1 until db2 can't keep it any more. */
async function writeUntilItStands(pair: Pair): Promise<void> {
  const db1 = await pair.root(1);
  for (let id = 0; id < ROWS; id++) await db1.logged(() => insert(db1, id));
  await until({ what: "db2 to wait for room", deadline: 20_000 }, async () => {
    const log = await db2Log(pair);
    return /Waiting for someone to free space/.test(log) ? { done: undefined } : { seen: "no such line in its log" };
  });
}

const insert = (server: Server, id: number) =>
  server.query("INSERT INTO replicated_session_store.session VALUES (?, REPEAT('x', 3000))", [id]);

const db2Log = (pair: Pair): Promise<string> => openHost(pair.connection(2).host).serverLog(100);

const outs = (pair: Pair, name: string, property: string) => pair.kept.get(name)?.outs[property];

async function expectHealthy(pair: Pair, rows: number): Promise<void> {
  expect(await pair.drift(options)).toEqual({});
  const servers = await Promise.all([pair.root(1), pair.root(2)]);
  for (const server of servers) {
    expect(await replicaStatus(server)).toMatchObject({ ioThread: "Yes", sqlThread: "Yes" });
    expect(await semiSync(server)).toMatchObject({ sourceEnabled: true, sourceActive: true, replicas: 1 });
    expect(await server.value("SELECT COUNT(*) FROM replicated_session_store.session")).toBe(`${rows}`);
  }
}

// All side by side: a server whose disk was full looks once a minute whether there is room.
test.concurrent.each([
  ["data", 0],
  ["everything", 300],
] as const)(
  "with %s of db2 on a disk with %s KiB left when clients wrote, preview names db2, up repairs db1 within a minute, and one up is enough when there is room",
  async (what, left) => {
    await using pair = await pairWithTable();
    using disk = await onSmallDisk(pair, what);
    disk.fill(left);
    await writeUntilItStands(pair);

    const begin = Date.now();
    await pair.refresh();
    expect((Date.now() - begin) / 1000).toBeLessThan(25);
    expect(outs(pair, "sessions-db2", "state")).toBe("disk full");
    expect(outs(pair, "sessions-db1", "state")).toBe("running");
    expect(outs(pair, "sessions-db1-database-replicated_session_store", "state")).toBe("present");
    expect(outs(pair, "sessions-db1-from-db2", "state")).toBe("replicating");

    const db1 = await pair.root(1);
    await db1.query("SET GLOBAL max_connections = 77");
    const { message, seconds } = await failureOf(pair.up(options));
    expect(message).toMatch(/^db2\b.*(Disk is full writing|Disk got full writing)/s);
    expect(message).toContain("Make room on that disk");
    expect(message).not.toContain("db1");
    expect(message.length).toBeLessThan(1200);
    expect(seconds).toBeLessThan(60);
    expect(await db1.value("SELECT @@GLOBAL.max_connections")).not.toBe("77");

    disk.makeRoom();
    await pair.up(options);
    await expectHealthy(pair, ROWS);
    await stop(pair.directory(2));
  },
);

test.concurrent.each([
  ["data", 300],
  ["everything", 0],
] as const)(
  "with %s of db2 on a disk with %s KiB left, no server is stopped for a change that needs a restart",
  async (what, left) => {
    await using pair = await pairWithTable();
    using disk = await onSmallDisk(pair, what);
    const before = await Promise.all([1, 2].map((number) => findProcess(pair.directory(number as 1 | 2))));
    disk.fill(left);
    const { message, seconds } = await failureOf(pair.up(changed));
    expect(message).toMatch(
      /has to restart for back_log, but (on db2's disk .* are free, and .* are needed|db2 is not ready .*No space left)/,
    );
    expect(message).toMatch(/nothing was stopped/i);
    expect(seconds).toBeLessThan(60);
    expect(await Promise.all([1, 2].map((number) => findProcess(pair.directory(number as 1 | 2))))).toEqual(before);

    disk.makeRoom();
    await pair.up(changed);
    await pair.up(options);
    await expectHealthy(pair, 0);
    await stop(pair.directory(2));
  },
);

test.concurrent("a stopped server whose disk got full meanwhile is told why it does not start, and started when there is room", async () => {
  await using pair = await pairWithTable();
  using disk = await onSmallDisk(pair, "data");
  await stop(pair.directory(2));
  disk.fill();
  await pair.refresh();
  expect(outs(pair, "db2", "state")).toBe("stopped");
  expect(outs(pair, "sessions-db2", "state")).toBe("stopped");
  expect(outs(pair, "sessions-db1", "state")).toBe("running");
  const { message, seconds } = await failureOf(pair.up(options));
  expect(message).toMatch(/out of disk space|error 28|Errcode: 28/i);
  expect(message).toContain("Make room on that disk");
  expect(seconds).toBeLessThan(60);
  disk.makeRoom();
  await pair.up(options);
  await expectHealthy(pair, 0);
  await stop(pair.directory(2));
});

test.concurrent("a server of its own is not stopped for a change where its disk lacks the room to start again", async () => {
  await using pair = await pairWithTable();
  await pair.down();
  using disk = await onSmallDiskAlone(pair);
  const before = await findProcess(pair.directory(2));
  disk.fill(300);
  const only = ["db2", "sessions-db2"];
  const { message } = await failureOf(pair.up({ ...changed, only }));
  expect(message).toMatch(/db2 has to restart .* but on db2's disk/);
  expect(await findProcess(pair.directory(2))).toBe(before);
  disk.makeRoom();
  await pair.up({ ...changed, only });
  await stop(pair.directory(2));
});

async function onSmallDiskAlone(pair: Pair): Promise<SmallDisk> {
  await stop(pair.directory(2));
  const disk = SmallDisk.over(pair.directory(2), DISK);
  await start(pair.directory(2));
  return disk;
}
