import { writeFile } from "node:fs/promises";
import * as path from "node:path";
import { paths } from "../../../provider/src/hosts/local/files";
import { start, stop } from "../../../provider/src/hosts/local/server";
import { isRunning, replicaStatus, uptime } from "../../../provider/src/mariadb/replication";
import type { Server } from "../../../provider/src/mariadb/server";
import { waitUntilCaughtUp } from "../../../provider/src/pair/proof";
import { until } from "../../../provider/src/waiting";
import { SHORT_WAITS } from "../engine/declaredPair";
import { SessionClient } from "../sessionClient";
import { Pair } from "./pair";

/** A linked pair with a table of sessions. */

export const SESSION = "replicated_session_store.session";
export const options = SHORT_WAITS;

export let pair: Pair;
export let db1: Server;
export let db2: Server;

/** Another pair for each test of a file. */
export function usePair(): void {
  jest.setTimeout(120_000);
  beforeEach(bringUp);
  afterEach(() => pair?.[Symbol.asyncDispose]());
}

/** One pair for all tests of a file, each of which leaves it as the program says. None of the sessions of an earlier one are there. */
export function useOnePair(): void {
  jest.setTimeout(120_000);
  beforeAll(bringUp);
  beforeEach(async () => {
    await openBoth();
    await db1.logged(() => db1.query(`DELETE FROM ${SESSION}`));
    await waitUntilCaughtUp(db1, db2, 10_000);
  });
  afterAll(() => pair?.[Symbol.asyncDispose]());
}

async function bringUp(): Promise<void> {
  pair = await Pair.up(options);
  await openBoth();
  await db1.logged(() => db1.query(SessionClient.TABLE));
  await waitUntilCaughtUp(db1, db2, 10_000);
}

/** Sessions of root on both servers, again after a start. */
export async function openBoth(): Promise<void> {
  [db1, db2] = await Promise.all([pair.root(1), pair.root(2)]);
}

export const write = (server: Server, ...ids: string[]) =>
  server.logged(async () => {
    for (const id of ids) await server.query(`INSERT INTO ${SESSION} VALUES (?, '')`, [id]);
  });
export const idsOf = async (server: Server): Promise<string[]> =>
  (await server.query(`SELECT id FROM ${SESSION} ORDER BY id`)).map(({ id }) => String(id));
export const reached = (what: string, look: () => boolean | Promise<boolean>) =>
  until({ what, deadline: 30_000 }, async () => ((await look()) ? { done: undefined } : { seen: "not yet" }));

/** A clean restart, with a line more in its option files. */
export async function restart(number: 1 | 2, line = ""): Promise<void> {
  // Two starts in the same second would look like one.
  await reached("another second", async () => (await uptime(await pair.root(number))) > 1);
  await stop(pair.directory(number));
  await writeFile(path.join(paths(pair.directory(number)).includeFolder, "zz-more.cnf"), `[mariadbd]\n${line}\n`);
  await start(pair.directory(number));
  await openBoth();
  const runs = async (server: Server) => isRunning(await replicaStatus(server));
  await reached("both directions to run", async () => (await runs(db1)) && (await runs(db2)));
}

/** As in a state of a version that kept none, or before the first look. */
export function forgetMarks(): void {
  for (const { outs } of pair.kept.values()) {
    delete outs["historyMark"];
    delete outs["sourceMark"];
  }
}

export async function expectHealthyWith(ids: readonly string[]): Promise<void> {
  expect(await pair.drift(options)).toEqual({});
  await openBoth();
  await waitUntilCaughtUp(db1, db2, 20_000);
  await waitUntilCaughtUp(db2, db1, 20_000);
  for (const server of [db1, db2]) expect(await idsOf(server)).toEqual([...ids].sort());
}
