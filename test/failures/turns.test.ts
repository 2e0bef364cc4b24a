import { stop } from "../../provider/src/hosts/local/server";
import { Authority } from "../support/authority";
import { type PairOptions, SHORT_WAITS } from "../support/engine/declaredPair";
import { Pair } from "../support/local/pair";
import { SessionClient } from "../support/sessionClient";

/** Changes of several kinds on both nodes in one `up`: each has its turn, none waits for one that waits for it, and nothing is left to do. */

jest.setTimeout(60_000);

let pair: Pair;

beforeAll(async () => {
  pair = await Pair.up(SHORT_WAITS);
  await pair.server(1).write(SessionClient.TABLE);
});
afterAll(() => pair?.[Symbol.asyncDispose]());

let size = 4;

/** Options with a setting that restarts both nodes, each time to another value, and one that takes effect at once. */
function restarting(more: PairOptions = {}): PairOptions {
  size = size === 4 ? 8 : 4;
  const settings = { innodb_buffer_pool_chunk_size: `${size}M`, max_connections: 1000 + size };
  return { ...SHORT_WAITS, settings: { ...SHORT_WAITS.settings, ...settings }, ...more };
}

async function certificates(authority: Authority, ca = authority.ca): Promise<NonNullable<PairOptions["tls"]>> {
  const issue = async () => ({ ...(await authority.issue("127.0.0.1")), ca });
  return [await issue(), await issue()];
}

const stopBoth = () => Promise.all([stop(pair.directory(1)), stop(pair.directory(2))]);
const stopLinks = () => Promise.all([pair.server(1).run("STOP SLAVE"), pair.server(2).run("STOP SLAVE")]);
const PASSWORDS = { admin: "admin-2", replication: "replication-2", proxy: "proxy-2" };

const one = Authority.create("One");
const other = Authority.create("Other");
const bothAuthorities = async () => (await one).ca + (await other).ca;
let tls: PairOptions["tls"];

const situations: readonly [string, () => Promise<PairOptions>][] = [
  ["both were stopped", () => stopBoth().then(() => restarting())],
  [
    "one was killed",
    () =>
      pair
        .server(1)
        .kill()
        .then(() => restarting()),
  ],
  ["both links were stopped by hand", () => stopLinks().then(() => restarting())],
  [
    "certificates are brought in",
    async () => {
      tls = await certificates(await one);
      return restarting({ tls });
    },
  ],
  [
    "both get another authority beside the former",
    async () => {
      const ca = await bothAuthorities();
      const [first, second] = tls ?? (await certificates(await one));
      return restarting({
        tls: [
          { ...first, ca },
          { ...second, ca },
        ],
      });
    },
  ],
  [
    "both get certificates of the other authority",
    async () => {
      tls = await certificates(await other, await bothAuthorities());
      return restarting({ tls });
    },
  ],
  ["passwords of the admin and of the replication change", async () => restarting({ tls, passwords: PASSWORDS })],
];

test.each(situations)("restarts of both in one up where %s", async (_name, prepare) => {
  const options = await prepare();
  expect(await pair.up(options)).toEqual(expect.arrayContaining(["sessions-db1", "sessions-db2"]));
  expect(await pair.drift(options)).toEqual({});
  expect(await pair.up(options)).toEqual([]);
});

test("a node is seeded and its peer gets a setting in one up", async () => {
  // As they are, except for one that takes effect at once.
  const settings = { ...SHORT_WAITS.settings, innodb_buffer_pool_chunk_size: `${size}M`, max_connections: 1500 };
  const options = { ...SHORT_WAITS, tls, passwords: PASSWORDS, settings };
  await pair.lose(1);
  expect(await pair.up(options)).toEqual(expect.arrayContaining(["sessions-db1", "sessions-db2"]));
  expect(await pair.drift(options)).toEqual({});
});

test("of two runs at the same time one may be refused, and the next finishes what either left", async () => {
  const options = restarting({ tls, passwords: PASSWORDS });
  const runs = await Promise.allSettled([pair.up(options), pair.up(options)]);
  expect(runs.map(({ status }) => status)).toContain("fulfilled");
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
});
