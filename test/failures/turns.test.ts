import { stop } from "../../provider/src/hosts/local/server";
import { openAll } from "../../provider/src/mariadb/open";
import { MariaDbNode, SessionStoreDatabase, SessionStoreUsers } from "../../provider/src/operations/all";
import type { Operations } from "../../provider/src/operations/contract";
import { inTurn, lockServers } from "../../provider/src/pair/lock";
import { Run } from "../../provider/src/run";
import { until } from "../../provider/src/waiting";
import { Authority } from "../support/authority";
import { type PairOptions, SHORT_WAITS } from "../support/engine/declaredPair";
import { type Declared, type Kept, OPERATIONS } from "../support/engine/engine";
import { failureOf } from "../support/engine/faults";
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
const FIRST_PASSWORDS = { admin: "admin-3", replication: "replication-3", proxy: "proxy-3" };
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
  ["one lost its data", () => pair.lose(1).then(() => restarting())],
  ["the other one lost its data", () => pair.lose(2).then(() => restarting())],
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
  [
    "both change to a third authority alone",
    async () => {
      tls = await certificates(await Authority.create("Third"));
      return restarting({ tls });
    },
  ],
  [
    "passwords of the admin and of the replication change, and one lost its data",
    () => pair.lose(2).then(() => restarting({ tls, passwords: FIRST_PASSWORDS })),
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

test("a node that was killed is waited for no longer than it takes, however far its peer's next try to connect is", async () => {
  const slow = { tls, passwords: PASSWORDS, link: { connectRetry: 300 } };
  await pair.up(restarting(slow));
  await pair.server(2).kill();
  const connecting = async () => {
    const state = String((await pair.server(1).replica())?.["Slave_IO_Running"]);
    return state === "Connecting" ? { done: undefined } : { seen: state };
  };
  await until({ what: "db1 to wait for its next try", deadline: 20_000 }, connecting);
  const options = restarting(slow);
  const start = Date.now();
  await pair.up(options);
  expect(Date.now() - start).toBeLessThan(10_000);
  expect(await pair.drift(options)).toEqual({});
});

test.each([
  ["sessions-db1", MariaDbNode],
  ["sessions-db1-database-replicated_session_store", SessionStoreDatabase],
  ["sessions-db1-users", SessionStoreUsers],
])("%s outlasts a wait for its turn in which the server ends all idle sessions", async (name, resource) => {
  const options = { ...restarting({ tls, passwords: PASSWORDS }), proxyFrom: [`10.0.0.${name.length}`] };
  const declared = (await pair.declared(options)).find((one) => one.name === name);
  const { id, outs } = pair.kept.get(name) as Kept;
  const { check, update } = resource as unknown as Operations<object, object>;
  const { inputs } = await check({}, declared?.inputs ?? {});
  const servers = [pair.connection(1, PASSWORDS.admin), pair.connection(2, PASSWORDS.admin)];
  const lines: string[] = [];
  await new Run((line) => lines.push(line)).within(async () => {
    let change: Promise<unknown> = Promise.resolve();
    await inTurn(servers, async () => {
      change = update(id, { ...outs, characterSet: "latin1" }, inputs);
      change.catch(() => undefined);
      await until({ what: "the change to wait for its turn", deadline: 10_000 }, async () =>
        lines.some((line) => /another change of this run/.test(line))
          ? { done: undefined }
          : { seen: lines.join("; ") },
      );
      const sessions = "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'session_store_admin'";
      for (const { ID } of await pair.server(1).rows(sessions)) await pair.server(1).run(`KILL ${ID}`);
    });
    await expect(change).resolves.toBeDefined();
  });
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
});

test("nothing is changed or removed, of whatever kind, while another run has the servers", async () => {
  const options = { ...SHORT_WAITS, tls, passwords: PASSWORDS };
  await pair.up(options);
  const connections = [pair.connection(1, PASSWORDS.admin), pair.connection(2, PASSWORDS.admin)] as const;
  await using keepers = await openAll(connections);
  await lockServers(keepers);
  const before = await pair.drift(options);

  const given = new Map((await pair.declared(options)).map((one) => [one.name, one.inputs]));
  type Values = Record<string, object>;
  const changes: [resource: string, last: (outs: Values) => Values, wanted: object][] = [
    ["sessions-db1", (outs) => outs, { settings: { ...SHORT_WAITS.settings, max_connections: 77 } }],
    ["sessions-db1", (outs) => outs, { settings: { ...SHORT_WAITS.settings, innodb_buffer_pool_chunk_size: "16M" } }],
    ["sessions-db1-users", (outs) => outs, { databases: ["other"] }],
    ["sessions-db1-users", (outs) => ({ ...outs, proxy: { ...outs["proxy"], from: ["%", "10.9.9.9"] } }), {}],
    ["sessions-db1-database-replicated_session_store", (outs) => outs, { characterSet: "latin1" }],
    ["sessions-db1-from-db2", (outs) => outs, { connectRetry: 7 }],
  ];
  await new Run().within(async () => {
    // From here on this run knows that both are taken, and waits a second for each.
    await using own = await openAll(connections);
    for (const server of own) await failureOf(lockServers([server], 1));
    for (const [name, last, more] of changes) {
      const { id, type, outs } = pair.kept.get(name) as Kept;
      const { check, update } = OPERATIONS[type];
      const { inputs } = await check({}, { ...given.get(name), ...more });
      const { message } = await failureOf(update(id, last(outs as Values), inputs));
      expect([name, more, message]).toEqual([name, more, expect.stringMatching(/has been locked by another run/)]);
    }
    for (const name of ["sessions-db1-from-db2", "sessions-db1-users", "sessions-db1"]) {
      const { id, type, outs } = pair.kept.get(name) as Kept;
      const { message } = await failureOf(OPERATIONS[type].delete(id, outs));
      expect([name, message]).toEqual([name, expect.stringMatching(/has been locked by another run/)]);
    }
  });
  expect([before, await pair.drift(options)]).toEqual([{}, {}]);
});

test("after a change of one node has failed, that run stops nothing of the pair and points nothing elsewhere; what stands still is started", async () => {
  const options = { ...SHORT_WAITS, tls, passwords: PASSWORDS };
  await pair.up(options);
  const program = new Map((await pair.declared(options)).map((one) => [one.name, one]));
  const change = async (name: string, more: object = {}) => {
    const { id, type, outs } = pair.kept.get(name) as Kept;
    const { inputs, owner } = program.get(name) as Declared;
    const { check, update } = OPERATIONS[type];
    return update(id, outs, (await check({}, { ...inputs, ...more }, owner)).inputs, owner);
  };
  const settings = (more: object) => ({ settings: { ...SHORT_WAITS.settings, ...more } });
  const processes = () => Promise.all([pair.server(1).pid(), pair.server(2).pid()]);
  const before = await processes();

  await new Run().within(async () => {
    // Refused only when it is set.
    const { message } = await failureOf(
      change("sessions-db1", settings({ innodb_ft_server_stopword_table: "no/table" })),
    );
    expect(message).toMatch(/innodb_ft_server_stopword_table/);
    for (const refused of [
      () => change("sessions-db2", settings({ innodb_buffer_pool_chunk_size: "16M" })),
      () => change("sessions-db2-from-db1", { connectRetry: 7 }),
    ]) {
      expect((await failureOf(refused())).message).toMatch(
        /^not touched, because the change before it .*innodb_ft_server_stopword_table/,
      );
    }
    await pair.server(2).run("STOP SLAVE");
    await change("sessions-db2-from-db1");
    await change("sessions-db2", settings({ max_connections: 79 }));
  });
  expect(await pair.server(2).variable("max_connections")).toBe("79");
  expect(await pair.server(2).replica()).toMatchObject({ Slave_SQL_Running: "Yes", Connect_Retry: 1 });
  expect(await processes()).toEqual(before);
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
});

test("of two runs at the same time one may be refused, and the next finishes what either left", async () => {
  const options = restarting({ tls, passwords: PASSWORDS });
  const runs = await Promise.allSettled([pair.up(options), pair.up(options)]);
  expect(runs.map(({ status }) => status)).toContain("fulfilled");
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
});
