import { rm } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { paths } from "../../provider/src/hosts/local/files";
import { stop } from "../../provider/src/hosts/local/server";
import { Authority } from "../support/authority";
import type { PairOptions } from "../support/engine/declaredPair";
import { KilledPair, type Point, type Scenario } from "../support/engine/killedPair";
import type { PairState } from "../support/local/pairState";
import { SessionClient } from "../support/sessionClient";

/**
 * The provider process is killed at each of its statements and file operations in turn, and the same run is made again. It has to come
 * to the very end that an undisturbed run comes to.
 *
 * `npm run test:kill` walks all points. Without it a sample is walked, for as long as KILL_SECONDS says; KILL_OFFSET repeats one.
 * KILL_ONLY: scenarios whose names match. KILL_AT: points whose statements match. KILL_ALL: points that only read, too.
 */
const WHOLE = process.env["KILL_WALK"] === "whole";
const ALL = process.env["KILL_ALL"] === "1";
const SECONDS = Number(process.env["KILL_SECONDS"] ?? 15);
const BEGIN = Date.now();
const OFFSET = Number(process.env["KILL_OFFSET"] ?? Math.floor(Date.now() / 1000) % 9973);
const ONLY = new RegExp(process.env["KILL_ONLY"] ?? "");
const AT = new RegExp(process.env["KILL_AT"] ?? "");

jest.setTimeout(WHOLE ? 4 * 3_600_000 : (SECONDS + 240) * 1000);

// Not the 10 s of the recipe: a replica that finds its source away tries again soon.
const link = { connectRetry: 1 };
const script = `
CREATE TABLE IF NOT EXISTS replicated_session_store.demo_session (id VARCHAR(20) PRIMARY KEY, data VARCHAR(20)) ENGINE=InnoDB;
CREATE TABLE IF NOT EXISTS demo_conf (name VARCHAR(20) PRIMARY KEY, value VARCHAR(20)) ENGINE=InnoDB;
INSERT INTO demo_conf VALUES ('version', '1');
INSERT INTO demo_conf VALUES ('colour', 'red');
`;

const SERVERS: PairOptions = { only: ["db1", "db2"] };
const up = (options: PairOptions = {}): Scenario["run"] => ({ does: "up", options: { link, ...options } });

/** Made before the first scenario. */
let first: PairOptions["tls"];
let renewed: PairOptions["tls"];

const EVERY_SCENARIO: readonly Scenario[] = [
  { name: "the servers are made", from: "empty", run: up(SERVERS) },
  { name: "the pair is brought up", from: "servers", run: up() },
  {
    name: "a setting changes at once",
    from: "linked",
    run: up({ settings: { innodb_lock_wait_timeout: 7, max_connections: 900 } }),
  },
  {
    name: "a setting changes with stopped replica threads",
    from: "linked",
    run: up({ settings: { slave_parallel_threads: 4 } }),
  },
  { name: "a setting changes by a restart", from: "linked", run: up({ settings: { back_log: 120 } }) },
  {
    name: "passwords change",
    from: "linked",
    run: up({ passwords: { replication: "replication-2", proxy: "proxy-2", admin: "admin-2" } }),
  },
  {
    name: "certificates are brought",
    from: "linked",
    get run() {
      return up({ tls: first });
    },
  },
  {
    name: "certificates are renewed",
    from: "encrypted",
    get run() {
      return up({ tls: renewed });
    },
  },
  {
    name: "a stopped link is repaired",
    from: "linked",
    broken: async ([one]) => void (await one.query("STOP SLAVE")),
    run: up(),
  },
  {
    name: "a link that points elsewhere is repaired",
    from: "linked",
    async broken([one]) {
      await one.query("STOP SLAVE");
      await one.query("CHANGE MASTER TO MASTER_PORT=1, MASTER_USER='nobody'");
      await one.query("START SLAVE");
    },
    run: up(),
  },
  {
    name: "a dropped database is repaired, with its rows",
    from: "linked",
    broken: async ([one]) => void (await one.query("DROP DATABASE replicated_session_store")),
    run: up(),
  },
  {
    name: "a node whose data are gone is seeded",
    from: "linked",
    async broken(_servers, pair) {
      await stop(pair.directory(1));
      await rm(paths(pair.directory(1)).data, { recursive: true });
    },
    run: up(),
  },
  { name: "the proxy's tables are made", from: "linked", run: up({ schema: { script } }) },
  { name: "the component gets another name", from: "linked", run: up({ component: "store" }) },
  {
    name: "everything is replaced",
    from: "linked",
    run: up({ replaced: ["db1", "sessions-db1", "sessions-db2-users", "sessions-db1-from-db2"] }),
  },
  { name: "all but the servers is removed", from: "linked", run: { does: "down" } },
];
const SCENARIOS = EVERY_SCENARIO.filter(({ name }) => ONLY.test(name));

let pair: KilledPair;

beforeAll(async () => {
  pair = await KilledPair.prepare();
  await pair.empty();
  await pair.run(up(SERVERS));
  // Small, because the servers are put back so often.
  await pair.addOptions("innodb_log_file_size=4M");
  await pair.keep("servers");
  await pair.restore("servers");
  await pair.run(up());
  await pair.withRoots(async ([one, two]) => {
    await one.logged(() => one.query(SessionClient.TABLE));
    for (const [server, peer] of [
      [one, two],
      [two, one],
    ] as const) {
      const rows = Array.from({ length: 20 }, (_, index) => [`${server.name}-${index}`, "x"]);
      const position = await server.logged(async () => {
        await server.query("INSERT INTO replicated_session_store.session VALUES ?", [rows]);
        return server.value("SELECT @@GLOBAL.gtid_binlog_pos");
      });
      await peer.value("SELECT MASTER_GTID_WAIT(?, 10)", [position]);
    }
  });
  await pair.keep("linked");
  const authority = await Authority.create();
  const issue = async () => [await authority.issue("127.0.0.1"), await authority.issue("127.0.0.1")] as const;
  [first, renewed] = [await issue(), await issue()];
  await pair.restore("linked");
  await pair.run(up({ tls: first }));
  await pair.keep("encrypted");
}, 120_000);

afterAll(() => pair?.[Symbol.asyncDispose](), 60_000);

/** What is not as after the undisturbed run: paths and both values. */
function differences(wanted: unknown, seen: unknown, at = ""): string[] {
  if (isDeepStrictEqual(wanted, seen)) return [];
  if (typeof wanted !== "object" || typeof seen !== "object" || !wanted || !seen) {
    return [`${at}: ${JSON.stringify(seen)} instead of ${JSON.stringify(wanted)}`];
  }
  const keys = new Set([...Object.keys(wanted), ...Object.keys(seen)]);
  const part = (value: object, key: string) => (value as Record<string, unknown>)[key];
  return [...keys].flatMap((key) => differences(part(wanted, key), part(seen, key), `${at}/${key}`));
}

/** Undefined: the run came to its end before that point. */
async function walkOne(
  scenario: Scenario,
  expected: PairState,
  point: Point,
  label: string,
): Promise<string[] | undefined> {
  const { reached, end } = await pair.killedAt(scenario, point, ALL);
  if (!reached) return undefined;
  const problems = typeof end === "string" ? [end] : differences(expected, end);
  return problems.length === 0 ? [] : [`killed ${point.when} point ${point.number} (${label}):`, ...problems];
}

const walked: string[] = [];

test.each(SCENARIOS)(
  "a run that is killed anywhere comes to the same end when it is made again: $name",
  async (scenario) => {
    const end = Date.now() + (BEGIN + SECONDS * 1000 - Date.now()) / (SCENARIOS.length - walked.length);
    const { state, points } = await pair.undisturbed(scenario, ALL);
    const all = points.flatMap((label, index): Point[] =>
      AT.test(label)
        ? [
            { number: index + 1, when: "before" },
            { number: index + 1, when: "after" },
          ]
        : [],
    );
    // The sample takes points that lie a prime apart, so that it is spread over the whole run whatever the time allows.
    const stride = all.length % 89 === 0 ? 97 : 89;
    const order = WHOLE ? all : all.map((_, index) => all[(OFFSET + index * stride) % all.length] as Point);
    const failed: string[] = [];
    let count = 0;
    for (const point of order) {
      if (!WHOLE && Date.now() > end && count > 0) break;
      const problems = await walkOne(scenario, state, point, points[point.number - 1] ?? "");
      if (!problems) continue;
      if (WHOLE && problems.length > 0) process.stderr.write(`${scenario.name}: ${problems.join("\n  ")}\n`);
      failed.push(...problems);
      count += 1;
    }
    const line = `${scenario.name}: ${count} of ${all.length}`;
    walked.push(line);
    if (WHOLE) process.stderr.write(`${line}\n`);
    expect(failed).toEqual([]);
    expect(count).toBeGreaterThan(0);
  },
);

afterAll(() =>
  process.stderr.write(`points walked (offset ${OFFSET}):\n${walked.map((line) => `  ${line}\n`).join("")}`),
);
