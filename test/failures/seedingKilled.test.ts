import { rm } from "node:fs/promises";
import { initialise } from "../../provider/src/hosts/localData";
import { paths } from "../../provider/src/hosts/localFiles";
import { findProcess, start } from "../../provider/src/hosts/localServer";
import { waitUntilCaughtUp } from "../../provider/src/mariadb/replication";
import { sleep } from "../../provider/src/waiting";
import { SHORT_WAITS } from "../support/declaredPair";
import { fillSessions, fingerprint } from "../support/manySessions";
import { Pair } from "../support/pair";
import type { PairServer } from "../support/pairServer";
import { SeparateRuns } from "../support/separateRuns";
import { SessionClient } from "../support/sessionClient";

/**
 * A seeding is cut off at any moment, by the death of either server or of the plugin. Until it is whole nobody but us gets into the node;
 * one more `up` makes it whole.
 *
 * `npm run test:seeding` takes 50 moments. Without it a few are taken; SEEDING_KILLS says how many.
 */
const KILLS = Number(process.env["SEEDING_KILLS"] ?? 3);
const SESSIONS = 20_000;
const WHO = ["plugin", "db1", "db2"] as const;

jest.setTimeout(KILLS * 60_000 + 120_000);

/** Accounts that somebody has made on the new server before it was seeded. */
const PROXY = { user: "nevisproxy_user", password: "proxy-1" };
const DBA = { user: "dba", password: "dba-1" };

let pair: Pair;
let runs: SeparateRuns;
let db1: PairServer;
let db2: PairServer;

beforeAll(async () => {
  pair = await Pair.up(SHORT_WAITS);
  runs = await SeparateRuns.prepare();
  [db1, db2] = [pair.server(1), pair.server(2)];
  const root = await pair.root(1);
  await fillSessions(root, SESSIONS);
  await waitUntilCaughtUp(root, await pair.root(2), 120_000);
});

afterAll(async () => {
  await pair?.[Symbol.asyncDispose]();
  await runs?.[Symbol.asyncDispose]();
});

/** As when its disk was replaced, and somebody installed the server again with accounts of his own. */
async function lose(): Promise<void> {
  await db2.kill();
  const directory = pair.directory(2);
  await rm(paths(directory).data, { recursive: true });
  await rm(paths(directory).includeFolder, { recursive: true });
  await initialise({ directory, port: pair.ports[1] });
  await start(directory);
  for (const { user, password } of [PROXY, DBA]) {
    await db2.run(`CREATE USER ${user}@'%' IDENTIFIED BY '${password}'`, `GRANT ALL PRIVILEGES ON *.* TO ${user}@'%'`);
  }
}

/** Logs in again and again while the node has the mark of its seeding. What got in stands in `intruders`. */
class Watch {
  readonly intruders: string[] = [];
  tries = 0;
  private ended = false;
  private readonly running = this.watch();

  async stop(): Promise<this> {
    this.ended = true;
    await this.running;
    return this;
  }

  private async watch(): Promise<void> {
    while (!this.ended) {
      await Promise.all([PROXY, DBA].map((account) => this.tryOnce(account)));
      await sleep(100);
    }
  }

  private async tryOnce({ user, password }: typeof PROXY): Promise<void> {
    const before = await isMarked();
    const answer = await db2.login(user, password);
    // It may have become whole since.
    if (!before || !(await isMarked())) return;
    this.tries += 1;
    if (answer === "in") this.intruders.push(user);
  }
}

const isMarked = async (): Promise<boolean> =>
  (await db2
    .value("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'session_store_seeding'")
    .catch(() => "0")) === "1";

/** How long a seeding takes here, in milliseconds. */
async function undisturbed(): Promise<number> {
  await lose();
  const begin = Date.now();
  await runs.up(pair, SHORT_WAITS);
  return Date.now() - begin;
}

async function killAt(who: (typeof WHO)[number], delay: number): Promise<string> {
  const abort = new AbortController();
  const run = runs.up(pair, SHORT_WAITS, abort.signal).then(
    () => "done",
    (error: Error) => error.message,
  );
  await sleep(delay);
  if (who === "plugin") abort.abort();
  else {
    const server = who === "db1" ? db1 : db2;
    const pid = await findProcess(server.directory);
    if (pid !== undefined) process.kill(pid, "SIGKILL");
    await server.close();
  }
  return run;
}

test(`nobody gets into a node that is being seeded, and one more up makes it whole: cut off at ${KILLS} moments`, async () => {
  const duration = await undisturbed();
  const failures: string[] = [];
  let tries = 0;
  for (let number = 0; number < KILLS; number++) {
    const who = WHO[number % WHO.length] ?? "plugin";
    const delay = Math.round(Math.random() * duration);
    await lose();
    const watch = new Watch();
    const client = new SessionClient(`client-${number}`, pair.ports[0]).start();
    const said = await killAt(who, delay);
    const again = await runs.up(pair, SHORT_WAITS).then(
      () => "",
      (error: Error) => `the second run failed: ${error.message}`,
    );
    await Promise.all([client.stop(), watch.stop()]);
    tries += watch.tries;
    const problems = [
      again,
      ...watch.intruders.map((user) => `${user} got in`),
      ...(again ? [] : await notWhole(client)),
    ];
    const at = `${who} killed after ${delay} of ${duration} ms (${said.slice(0, 300)})`;
    failures.push(...problems.filter((problem) => problem !== "").map((problem) => `${at}: ${problem}`));
    process.stderr.write(`${number + 1}: ${at}, ${watch.tries} logins refused\n`);
  }
  expect(failures).toEqual([]);
  expect(tries).toBeGreaterThan(KILLS);
});

async function notWhole(client: SessionClient): Promise<string[]> {
  const [one, two] = await Promise.all([pair.root(1), pair.root(2)]);
  await waitUntilCaughtUp(one, two, 30_000);
  await waitUntilCaughtUp(two, one, 30_000);
  const [here, there] = await Promise.all([fingerprint(one), fingerprint(two)]);
  const ids = new Set((await two.query("SELECT id FROM replicated_session_store.session")).map((row) => row["id"]));
  const missing = client.acknowledged.filter((id) => !ids.has(id));
  const drift = await pair.drift(SHORT_WAITS);
  return [
    ...(here.join() === there.join() ? [] : [`rows differ: ${here} and ${there}`]),
    ...(missing.length === 0
      ? []
      : [`${missing.length} of ${client.acknowledged.length} acknowledged sessions are missing`]),
    ...(Object.keys(drift).length === 0
      ? []
      : [
          `drift: ${Object.entries(drift).map(([name, keys]) => `${name}: ${keys.map((key) => `${key} ${JSON.stringify(pair.kept.get(name)?.outs[key])}`)}`)}`,
        ]),
    ...(await Promise.all([PROXY, DBA].map(({ user, password }) => db2.login(user, password)))).filter(
      (answer) => answer !== "in",
    ),
  ];
}
