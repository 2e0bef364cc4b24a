import { readFile, stat, writeFile } from "node:fs/promises";
import { until } from "../../provider/src/waiting";
import type { Pair } from "../support/cli/pairProgram";
import type { PairServer } from "../support/local/pairServer";

/** The kinds of changes that are made by hand: how, what a preview shows of it, and how its repair is proved. */

/** One change made by hand. */
export interface Row {
  readonly name: string;
  byHand(pair: Pair): Promise<unknown>;
  /** By resource, the lines with the live and the wanted value that `preview --diff` has to show. */
  readonly shows: Readonly<Record<string, readonly string[]>>;
  /** Proves on the server that `up` has repaired it. */
  repaired(pair: Pair): Promise<unknown>;
}

type Node = "db1" | "db2";

export const change = (name: string, live: string, wanted: string): string => `~ ${name}: "${live}" => "${wanted}"`;

/** A running value changed by SET GLOBAL. */
export const variable = (node: Node, option: string, live: string, wanted: string): Row => ({
  name: `${option} of ${node} set while it runs`,
  byHand: (pair) => pair[node].rows(`SET GLOBAL ${option} = ?`, [/^\d+$/.test(live) ? Number(live) : live]),
  shows: { [`sessions-${node}`]: [change(`settings.${option}`, live, wanted)] },
  repaired: async (pair) => expect(await pair[node].variable(option)).toBe(wanted.replace(/^ON$/, "1")),
});

/** The settings file changed by hand. */
export const settingsFile = (
  name: string,
  node: Node,
  byHand: (file: string) => Promise<unknown>,
  shows: readonly string[],
): Row => {
  let before: string;
  return {
    name: `${name}, on ${node}`,
    async byHand(pair) {
      before = await readFile(pair[node].settingsFile, "utf8");
      await byHand(pair[node].settingsFile);
    },
    shows: { [`sessions-${node}`]: shows },
    async repaired(pair) {
      const file = pair[node].settingsFile;
      expect(await readFile(file, "utf8")).toBe(before);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    },
  };
};

export const replaceIn = (from: string, to: string) => async (file: string) => {
  const text = await readFile(file, "utf8");
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  await writeFile(file, text.replace(from, to));
};

/** Something changed about an account, as SHOW CREATE USER and SHOW GRANTS tell. */
export const account = (name: string, node: Node, user: string, statement: string, shows: readonly string[]): Row => {
  let before: string[];
  return {
    name: `${name}, on ${node}`,
    async byHand(pair) {
      before = await definition(pair[node], user);
      await pair[node].run(statement);
      expect(await definition(pair[node], user)).not.toEqual(before);
    },
    shows: { [`sessions-${node}-users`]: shows },
    repaired: async (pair) => expect(await definition(pair[node], user)).toEqual(before),
  };
};

async function definition(server: PairServer, user: string): Promise<string[]> {
  try {
    const rows = [
      ...(await server.rows(`SHOW CREATE USER ${user}`)),
      ...(await server.rows(`SHOW GRANTS FOR ${user}`)),
    ];
    return rows.map((row) => String(Object.values(row)[0])).sort();
  } catch {
    return ["missing"];
  }
}

/** Something changed about the replication of a node. `settled` is what its IO thread comes to by itself. */
export const link = (
  name: string,
  node: Node,
  statements: readonly string[],
  shows: readonly string[],
  settled: IoThread = "No",
): Row => {
  let before: unknown;
  return {
    name: `${name}, on ${node}`,
    async byHand(pair) {
      before = await replication(pair[node]);
      expect(before).toMatchObject({ Slave_IO_Running: "Yes", Slave_SQL_Running: "Yes" });
      await pair[node].run(...statements);
      if (settled === "No") return;
      await ioThread(pair[node], settled);
      if (settled === "Connecting") await noReplica(pair[other(node)]);
    },
    shows: { [`sessions-${node}-from-${other(node)}`]: shows },
    async repaired(pair) {
      expect(await replication(pair[node])).toEqual(before);
      await pair[node].catchUpWith(pair[other(node)]);
      expect(await pair[node].status("Rpl_semi_sync_slave_status")).toBe("ON");
      expect(await pair[other(node)].status("Rpl_semi_sync_master_clients")).toBe("1");
    },
  };
};

type IoThread = "Yes" | "No" | "Connecting";

/** Waits until the IO thread is where it stays: connected, refused by the source, or at its second try. */
export async function ioThread(server: PairServer, wanted: IoThread): Promise<void> {
  await until({ what: `${server.name}'s IO thread to be ${wanted}`, deadline: 20_000 }, async () => {
    const row = await server.replica();
    const seen = `${row?.["Slave_IO_Running"] ?? "No"}, ${row?.["Last_IO_Error"] ?? ""}`;
    const there = seen.startsWith(wanted) && (wanted !== "Connecting" || Number(row?.["Last_IO_Errno"]) > 0);
    return there ? { done: undefined } : { seen };
  });
}

/** Waits until the source has noticed that its replica is gone. */
export const noReplica = (source: PairServer): Promise<void> =>
  source.waitFor(
    "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'Rpl_semi_sync_master_clients'",
    "0",
  );

const other = (node: Node): Node => (node === "db1" ? "db2" : "db1");

async function replication(server: PairServer): Promise<object> {
  const row = (await server.replica()) ?? {};
  const { Master_Host, Master_Port, Master_User, Connect_Retry, Using_Gtid, Slave_IO_Running, Slave_SQL_Running } = row;
  return { Master_Host, Master_Port, Master_User, Connect_Retry, Using_Gtid, Slave_IO_Running, Slave_SQL_Running };
}

export const database = (name: string, node: Node, statement: string, shows: readonly string[]): Row => ({
  name: `${name}, on ${node}`,
  byHand: (pair) => pair[node].run(statement),
  shows: { [`sessions-${node}-database-replicated_session_store`]: shows },
  async repaired(pair) {
    const seen = await pair[node].rows("SHOW CREATE DATABASE replicated_session_store");
    expect(seen[0]?.["Create Database"]).toMatch(/utf8mb4 COLLATE utf8mb4_general_ci/);
  },
});

/** Sessions that are gone from one node only, and must come back from the other one. */
export const sessionsGone = (name: string, node: Node, statement: string, shows: readonly string[]): Row => {
  const rows = (server: PairServer) => server.rows("SELECT * FROM replicated_session_store.a_session ORDER BY id");
  let sessions: unknown[];
  return {
    name: `${name}, on ${node}`,
    async byHand(pair) {
      sessions = await rows(pair[node]);
      expect(sessions.length).toBeGreaterThanOrEqual(3);
      await pair[node].run(statement);
    },
    shows: { [`sessions-${node}-database-replicated_session_store`]: shows },
    async repaired(pair) {
      expect(await rows(pair[node])).toEqual(sessions);
      expect(await rows(pair[other(node)])).toEqual(sessions);
      await pair[other(node)].write("INSERT INTO replicated_session_store.a_session (v) VALUES ('after the loss')");
      await pair[node].catchUpWith(pair[other(node)]);
      expect(await rows(pair[node])).toHaveLength(sessions.length + 1);
    },
  };
};

export const NO_SEMI_SYNC = change("semiSync", "the replica does not acknowledge", "in effect");
export const REPLICATING = (seen: string) => change("state", seen, "replicating");
export const inAccount = (user: string, property: string, live: string | boolean, wanted: string | boolean) =>
  `~ accounts.${user}.${property}: ${JSON.stringify(live)} => ${JSON.stringify(wanted)}`;
export const missingAccount = (user: string, ...grants: string[]) =>
  [
    'expiry: "none"',
    ...grants.map((grant, index) => `grants.[${index}]: "${grant}"`),
    'limits: "none"',
    "locked: false",
    'password: "as configured"',
    'tls: "NONE"',
  ].map((line) => `+ accounts.${user}.${line}`);
