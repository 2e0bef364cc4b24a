import { Mutex } from "async-mutex";
import { type Connection, nameOf } from "../mariadb/connection";
import type { Row, Server } from "../mariadb/server";
import { ofRun } from "../run";
import { during } from "../waiting";

const LOCK = "pulumi-replicated-session-store";
const LOCK_DEADLINE = 60;

const mutexes = ofRun(() => new Map<string, Mutex>());
/** Why nothing of a pair is stopped any more. */
const failures = ofRun(() => new Map<string, string>());

const keyOf = (connections: readonly Connection[]): string =>
  connections
    .map((connection) => `${connection.address}:${connection.port}`)
    .sort()
    .join(" ");

/** Runs `work` while nothing else of this run changes the pair. What only starts or adds something is tried whatever failed before. */
export async function onePerPair<T>(connections: readonly Connection[], work: () => Promise<T>): Promise<T> {
  const key = keyOf(connections);
  const mutex = mutexes().get(key) ?? new Mutex();
  mutexes().set(key, mutex);
  return mutex.runExclusive(work);
}

/**
 * Runs what stops or restarts something of the pair, within `onePerPair`. When it has failed, the next such change of this run is refused:
 * what broke one node must not reach the other.
 */
export async function stopping<T>(connections: readonly Connection[], work: () => Promise<T>): Promise<T> {
  const key = keyOf(connections);
  const failure = failures().get(key);
  if (failure) throw new Error(`not touched, because the change before it in this run failed: ${failure}`);
  try {
    return await work();
  } catch (error) {
    failures().set(key, (error as Error).message);
    throw error;
  }
}

/** Keeps other runs from changing these servers until their sessions end. */
export async function lockServers(servers: readonly Server[], deadline = LOCK_DEADLINE): Promise<void> {
  const sorted = [...servers].sort((one, other) => (nameOf(one.connection) < nameOf(other.connection) ? -1 : 1));
  for (const server of sorted) await lockServer(server, deadline);
}

async function lockServer(server: Server, deadline: number): Promise<void> {
  const asked = server.value("SELECT GET_LOCK(?, ?)", [LOCK, deadline], (deadline + 10) * 1000);
  const got = await during(`${server.name}: waiting for another run that changes this server`, asked);
  if (got === "1") return;
  const holder = await server.row(
    "SELECT ID, USER, HOST, TIME FROM information_schema.PROCESSLIST WHERE ID = IS_USED_LOCK(?)",
    [LOCK],
  );
  throw new Error(
    `${server.name} is being changed by another run for more than ${deadline} s (${describe(holder)}); nothing was touched. ` +
      "Wait for that run to end, or end it, then run `pulumi up` again.",
  );
}

const describe = (holder: Row | undefined): string =>
  holder
    ? `connection ${holder["ID"]} of ${holder["USER"]}@${holder["HOST"]}, idle for ${holder["TIME"]} s`
    : "it has just ended";
