import { start } from "../../provider/src/hosts/local/server";
import { semiSync } from "../../provider/src/mariadb/semiSync";
import { waitUntilCaughtUp } from "../../provider/src/pair/proof";
import { SHORT_WAITS } from "../support/engine/declaredPair";
import { Pair } from "../support/local/pair";
import { SessionClient } from "../support/sessionClient";

/**
 * Whatever stopped in a pair in use, one `up` is enough: nothing acknowledged is missing, and a preview is clean. One thing happens after the
 * other on the same pair, because what tells the nodes' histories gets less with every start.
 *
 * `npm run test:converge` has each 20 times, `npm test` once.
 */

const ROUNDS = Number(process.env["CONVERGE_ROUNDS"] ?? 1);

jest.setTimeout(60_000);

const SESSION = "replicated_session_store.session";
const NUMBERS = [1, 2] as const;

let pair: Pair;
/** What clients were told is kept, without what they deleted. */
const kept = new Set<string>();

beforeAll(async () => {
  pair = await Pair.up(SHORT_WAITS);
  const db1 = await pair.root(1);
  await db1.logged(() => db1.query(SessionClient.TABLE));
});
afterAll(() => pair?.[Symbol.asyncDispose]());

const kill = (number: 1 | 2) => pair.server(number).kill();
const restart = async (number: 1 | 2) => {
  await kill(number);
  await start(pair.directory(number));
};

async function endDumpThreads(number: 1 | 2): Promise<void> {
  const threads = "SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND = 'Binlog Dump'";
  for (const { ID } of await pair.server(number).rows(threads)) await pair.server(number).run(`KILL ${ID}`);
}

const events: readonly [string, () => Promise<unknown>][] = [
  ["db1 was killed", () => kill(1)],
  ["db2 was killed and is back", () => restart(2)],
  ["db1 was killed twice and is back", () => restart(1).then(() => restart(1))],
  ["both were killed", () => Promise.all(NUMBERS.map(kill))],
  ["the thread that sends to db2 was ended", () => endDumpThreads(1)],
  ["replication was stopped by hand on db2", () => pair.server(2).run("STOP SLAVE")],
  [
    "replication was stopped by hand on both, and db1 was killed and is back",
    async () => {
      for (const number of NUMBERS) await pair.server(number).run("STOP SLAVE");
      await restart(1);
    },
  ],
  [
    "replication was stopped by hand on db1, and both were killed",
    async () => {
      await pair.server(1).run("STOP SLAVE");
      await Promise.all(NUMBERS.map(kill));
    },
  ],
];
const rounds = Array.from({ length: ROUNDS }, (_, round) =>
  events.map(([what, event]) => [what, round + 1, event] as const),
);

test.each(rounds.flat())("%s, round %i", async (what, round, event) => {
  const clients = NUMBERS.map((number) =>
    new SessionClient(
      `${what.replace(/\W+/g, "-").slice(0, 40)}-${round}-${number}`,
      pair.ports[number - 1] ?? 0,
    ).start(),
  );
  await event();
  // Sessions that are ended and changed while the nodes are apart.
  for (const number of NUMBERS) {
    if ((await pair.server(number).pid()) === undefined) continue;
    const [ended, changed] = [...kept].slice(2 * number);
    if (ended !== undefined) {
      await pair.server(number).write(`DELETE FROM ${SESSION} WHERE id = '${ended}'`);
      kept.delete(ended);
    }
    if (changed !== undefined)
      await pair.server(number).write(`UPDATE ${SESSION} SET data = 'changed in ${round}' WHERE id = '${changed}'`);
  }
  await pair.up(SHORT_WAITS);
  await Promise.all(clients.map((client) => client.stop()));
  for (const id of clients.flatMap(({ acknowledged }) => acknowledged)) kept.add(id);

  expect(await pair.drift(SHORT_WAITS)).toEqual({});
  const [one, two] = [await pair.root(1), await pair.root(2)];
  await waitUntilCaughtUp(one, two, 20_000);
  await waitUntilCaughtUp(two, one, 20_000);
  for (const server of [one, two]) {
    expect(await semiSync(server)).toMatchObject({ sourceActive: true, replicas: 1, replicaActive: true });
  }
  const rows = async (number: 1 | 2) =>
    new Map(
      (await pair.server(number).rows(`SELECT id, data FROM ${SESSION}`)).map(({ id, data }) => [String(id), data]),
    );
  const [first, second] = [await rows(1), await rows(2)];
  expect(second).toEqual(first);
  expect([...kept].filter((id) => !first.has(id))).toEqual([]);
});
