import { rm } from "node:fs/promises";
import { initialise } from "../../provider/src/hosts/local/data";
import { paths } from "../../provider/src/hosts/local/files";
import { findProcess, start } from "../../provider/src/hosts/local/server";
import { openAsAdmin } from "../../provider/src/mariadb/admin";
import { closeGate } from "../../provider/src/mariadb/gate";
import { waitUntilCaughtUp } from "../../provider/src/pair/proof";
import { closeForSeeding, seedFromPeer } from "../../provider/src/pair/seeding";
import { sleep } from "../../provider/src/waiting";
import { SHORT_WAITS } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { KillableRuns } from "../support/engine/killableRuns";
import { newKey } from "../support/hosts/sshKeys";
import { Pair } from "../support/local/pair";
import type { PairServer } from "../support/local/pairServer";
import { fillSessions, fingerprint } from "../support/manySessions";
import { SessionClient } from "../support/sessionClient";

/**
 * A seeding is cut off at any moment, by the death of either server or of the plugin. Until it is whole nobody but us gets into the node;
 * one more `up` makes it whole.
 *
 * `npm run test:seeding` takes 50 moments. Without it a few are taken; SEEDING_KILLS says how many.
 */
const KILLS = Number(process.env["SEEDING_KILLS"] ?? 2);
const SESSIONS = 20_000;
const WHO = ["db1", "db2", "plugin"] as const;

jest.setTimeout(KILLS * 60_000 + 120_000);

/** Accounts that somebody has made on the new server before it was seeded. */
const PROXY = { user: "nevisproxy_user", password: "proxy-1" };
const DBA = { user: "dba", password: "dba-1" };
const MAKE_DBA = `CREATE USER IF NOT EXISTS ${DBA.user}@'%' IDENTIFIED BY '${DBA.password}'`;

/** Of a machine that is not there. */
const HOST_KEY = newKey().public;

let pair: Pair;
let runs: KillableRuns;
let db1: PairServer;
let db2: PairServer;

beforeAll(async () => {
  pair = await Pair.up(SHORT_WAITS);
  runs = await KillableRuns.prepare();
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
  await pair.up(SHORT_WAITS);
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
    const again = await pair.up(SHORT_WAITS).then(
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

describe("a node that is whole is not seeded over what only it has", () => {
  const ROW = "INSERT INTO replicated_session_store.session VALUES";
  const stream = { domain: 2, databases: ["replicated_session_store"] };
  const written = () =>
    db2.value("SELECT GROUP_CONCAT(id) FROM replicated_session_store.session WHERE id LIKE 'only-%'");

  beforeEach(() => db2.run(MAKE_DBA, `${ROW} ('only-db2', '')`));
  afterEach(async () => {
    await db2.run("DELETE FROM replicated_session_store.session WHERE id LIKE 'only-%'");
    expect(await pair.drift(SHORT_WAITS)).toEqual({});
  });

  test("when a proxy has written to it before it was closed: it is opened again", async () => {
    await using root = await openAsAdmin(pair.connection(2));
    const { message } = await failureOf(closeForSeeding(root, stream.databases));
    expect(message).toMatch(/db2 .*holds sessions.*open again.*Run `pulumi up` again/s);
    expect(await written()).toBe("only-db2");
    expect(await db2.login(PROXY.user, PROXY.password)).toBe("in");
    await pair.up(SHORT_WAITS);
  });

  test("when another run has seeded and opened it while this one waited for it", async () => {
    await using root = await openAsAdmin(pair.connection(2));
    await using peer = await openAsAdmin(pair.connection(1));
    await seedFromPeer(root, peer, stream);
    expect(await written()).toBe("only-db2");
  });

  test("when the run that opened it was cut off in the middle of taking its notes away", async () => {
    await closeGate(await pair.root(2));
    await db2.run("DROP TABLE session_store_closed.settings", `ALTER USER ${PROXY.user}@'%' ACCOUNT UNLOCK`);
    await db2.run(`${ROW} ('only-later', '')`);
    expect(await pair.drift(SHORT_WAITS)).toMatchObject({ "sessions-db2": ["state"] });
    await pair.up(SHORT_WAITS);
    expect(await written()).toBe("only-db2,only-later");
    expect(await db2.login(DBA.user, DBA.password)).toBe("in");
  });
});

test("a kill -9 of a node just after it was closed loses no note of what has to be opened again, whatever its durability", async () => {
  await db2.run(MAKE_DBA, "SET GLOBAL innodb_flush_log_at_trx_commit = 0");
  await closeGate(await pair.root(2));
  await db2.kill();
  await db2.start();
  expect(await db2.login(DBA.user, DBA.password)).not.toBe("in");
  await pair.up(SHORT_WAITS);
  expect(await db2.login(DBA.user, DBA.password)).toBe("in");
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
});

test.each(["known", "declared for the first time"])(
  "an empty node with an admin account already, %s, stays unused while its peer can't be asked",
  async (which) => {
    await lose();
    await (await openAsAdmin(pair.connection(2)))[Symbol.asyncDispose]();
    const node = pair.kept.get("sessions-db2");
    if (which !== "known") pair.kept.delete("sessions-db2");
    // Nobody listens there.
    const firstHost = {
      kind: "ssh" as const,
      address: "127.0.0.1",
      port: 1,
      hostKeys: [HOST_KEY],
      password: "x",
      bootDeadline: 1,
    };
    const { message } = await failureOf(
      pair.up({
        ...SHORT_WAITS,
        firstHost,
        only: ["sessions-db2", "sessions-db2-database-replicated_session_store", "sessions-db2-users"],
      }),
    );
    expect(message).toMatch(
      /db2 holds no sessions.*db1.*db2 was not opened to anybody\. Bring db1 back, then run `pulumi up` again\. If db1 is gone for good, put a server without data in its place/s,
    );
    expect(await db2.value("SELECT COUNT(*) FROM mysql.user WHERE User = 'replication_user'")).toBe("0");
    // As the engine keeps one that was begun, too.
    if (node) pair.kept.set("sessions-db2", pair.kept.get("sessions-db2") ?? node);
    await pair.up(SHORT_WAITS);
    expect(await notWhole(new SessionClient("none", pair.ports[0]))).toEqual([]);
  },
);
