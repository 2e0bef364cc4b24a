import { isDeepStrictEqual } from "node:util";
import { openHost } from "../../provider/src/hosts";
import { tlsFiles } from "../../provider/src/recipe/tls";
import { Authority } from "../support/authority";
import { type PairOptions, SHORT_WAITS } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { Pair } from "../support/local/pair";

/** What a run has set before it failed is not in the state. When the program takes it back, preview shows it, and `up` takes it away. */

jest.setTimeout(120_000);

let pair: Pair;

beforeAll(async () => {
  pair = await Pair.up(SHORT_WAITS);
});
afterAll(() => pair?.[Symbol.asyncDispose]());

const NODES = ["sessions-db1", "sessions-db2"];

const withSettings = (settings: Record<string, string | number | boolean>): PairOptions => ({
  ...SHORT_WAITS,
  settings: { ...SHORT_WAITS.settings, ...settings },
});

/** Refused by the server only when it is set. */
const REFUSED_LATE = { innodb_ft_server_stopword_table: "no/table" };
/** Refused by the server only when it starts. */
const REFUSED_AT_START = { innodb_page_size: 8192 };

/** As if the run had been cut off at its end, before the engine kept anything of the nodes. */
async function upAndForgotten(wanted: PairOptions): Promise<void> {
  const before = structuredClone(pair.kept);
  await pair.up(wanted);
  for (const name of NODES) pair.kept.set(name, before.get(name) as never);
}

async function both(what: string): Promise<(string | undefined)[]> {
  const servers = await Promise.all([pair.root(1), pair.root(2)]);
  return Promise.all(servers.map((server) => server.value(`SELECT ${what}`)));
}

const processes = () => Promise.all([pair.server(1).pid(), pair.server(2).pid()]);

const keysOnDisk = () =>
  Promise.all(
    ([1, 2] as const).map(async (number) => {
      const host = openHost(pair.connection(number).host);
      return (await host.readFile(tlsFiles(host.tlsFolder).certificate)) !== undefined;
    }),
  );

const certificates = async (): Promise<NonNullable<PairOptions["tls"]>> => {
  const authority = await Authority.create();
  return [await authority.issue("127.0.0.1"), await authority.issue("127.0.0.1")];
};

/** What `up` of the former program finds to do, by resource. */
async function takenAway(): Promise<Record<string, string[]>> {
  const drift = await pair.drift(SHORT_WAITS);
  expect((await pair.up(SHORT_WAITS)).sort()).toEqual(Object.keys(drift).sort());
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
  return drift;
}

test("a value that takes effect at once", async () => {
  const before = await processes();
  const { message } = await failureOf(pair.up(withSettings({ bulk_insert_buffer_size: "16M", ...REFUSED_LATE })));
  expect(message).toMatch(/innodb_ft_server_stopword_table.*former option file was put back/s);
  const set = await both("@@GLOBAL.bulk_insert_buffer_size");
  expect(set).toContain("16777216");

  const drift = await takenAway();
  expect(drift).toEqual(
    Object.fromEntries(NODES.filter((_, index) => set[index] === "16777216").map((name) => [name, ["settings"]])),
  );
  expect(await both("@@GLOBAL.bulk_insert_buffer_size")).toEqual(["8388608", "8388608"]);
  expect(await processes()).toEqual(before);
});

test("values that take effect at a restart, of several runs", async () => {
  await upAndForgotten(withSettings({ back_log: 90 }));
  await failureOf(pair.up(withSettings({ back_log: 91, ...REFUSED_AT_START })));
  const standard = await both(
    "DEFAULT_VALUE FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME = 'BACK_LOG'",
  );
  expect(await both("@@back_log")).toEqual(["90", "90"]);
  expect(standard).not.toContain("90");

  expect(await takenAway()).toEqual(
    Object.fromEntries(NODES.map((name) => [name, expect.arrayContaining(["settings"])])),
  );
  expect(await both("@@back_log")).not.toContain("90");
});

test("a value that somebody has changed since by hand is his, and one that is the server's default stays without a restart", async () => {
  await upAndForgotten(withSettings({ bulk_insert_buffer_size: "16M", innodb_doublewrite: true }));
  const before = await processes();
  for (const number of [1, 2] as const)
    await (await pair.root(number)).query("SET GLOBAL bulk_insert_buffer_size = 1048576");
  expect(await takenAway()).toEqual(Object.fromEntries(NODES.map((name) => [name, ["configText"]])));
  expect(await both("@@GLOBAL.bulk_insert_buffer_size")).toEqual(["1048576", "1048576"]);
  expect(await processes()).toEqual(before);
});

test("TLS that the servers run with, and the private keys", async () => {
  await upAndForgotten({ ...SHORT_WAITS, tls: await certificates(), only: NODES });
  expect([await both("@@have_ssl"), await keysOnDisk()]).toEqual([
    ["YES", "YES"],
    [true, true],
  ]);
  expect(await takenAway()).toEqual(
    Object.fromEntries(NODES.map((name) => [name, expect.arrayContaining(["settings", "tlsState"])])),
  );
  expect([await both("@@have_ssl"), await keysOnDisk()]).toEqual([
    ["DISABLED", "DISABLED"],
    [false, false],
  ]);
});

test("private keys that no server has taken up", async () => {
  const { message } = await failureOf(
    pair.up({ ...withSettings(REFUSED_AT_START), tls: await certificates(), only: NODES }),
  );
  expect(message).toMatch(/does not start with the new settings/);
  expect(await both("@@have_ssl")).toEqual(["DISABLED", "DISABLED"]);
  const keys = await keysOnDisk();
  expect(keys).toContain(true);
  expect(await takenAway()).toEqual(
    Object.fromEntries(NODES.filter((_, index) => keys[index]).map((name) => [name, ["tlsState"]])),
  );
  expect(await keysOnDisk()).toEqual([false, false]);
});

test("an account", async () => {
  const account = (user: string, grants: string[]) => ({ user, password: "of-the-test", from: ["%"], grants });
  const extraAccounts = [account("auditor", ["PROCESS ON *.*"]), account("late", ["SELECT ON nothing.nothing"])];
  const { message } = await failureOf(pair.up({ ...SHORT_WAITS, extraAccounts }));
  expect(message).toMatch(/nothing/);
  const made = "COUNT(*) FROM mysql.global_priv WHERE User IN ('auditor', 'late')";
  const seen = await both(made);
  expect(isDeepStrictEqual(seen, ["0", "0"])).toBe(false);
  const drift = await takenAway();
  expect(Object.values(drift)).toEqual(seen.filter((count) => count !== "0").map(() => ["accounts"]));
  expect(await both(made)).toEqual(["0", "0"]);
});
