import { Mutex } from "async-mutex";
import { HostUnreachable } from "../hosts/Host";
import type { Connection } from "../inputs";
import { nameOf, placeOf } from "../mariadb/connection";
import { isTroubleOf } from "../mariadb/open";
import type { Row, Server } from "../mariadb/server";
import { ofRun, progress } from "../run";
import { during, inTime, sleep, until } from "../waiting";

/** One change at a time: within this run by turns, against other runs by a lock on the servers. */

const LOCK = "pulumi-replicated-session-store";
const LOCK_DEADLINE = 60;
const AGAIN = "Wait for that run to end, or end it, then run `pulumi up` again.";

/** One for each server. */
const mutexes = ofRun(() => new Map<string, Mutex>());
/** Servers whose lock another run did not give up in time: the next change of this run does not wait as long again. */
const lockedOut = ofRun(() => new Set<string>());
/** Why nothing is stopped any more on a server, by its place. */
const failures = ofRun(() => new Map<string, string>());
/** Servers that this run gets ready, by their place: why it can't, once it is known. */
const readying = ofRun(() => new Map<string, Promise<string | undefined>>());
const notReady = ofRun(() => new Map<string, string>());

const placesOf = (connections: readonly Connection[]): string[] => [...new Set(connections.map(placeOf))].sort();

function mutexOf(place: string): Mutex {
  const mutex = mutexes().get(place) ?? new Mutex();
  mutexes().set(place, mutex);
  return mutex;
}

/** A change relies on something that is not there yet, and that another change may bring. It has stopped nothing. */
export class NotYet extends Error {
  /** @param wait what it waits for, as it reads after "waiting for" */
  constructor(
    readonly wait: string,
    message: string,
  ) {
    super(message);
  }
}

/** How long a change gets turn after turn for what is not there yet, in milliseconds, and the pause between two turns. */
const PATIENCE = 15_000;
const PAUSE = 250;
/** What one turn counts at most: to wait for it may take as long as the change that brings what is lacking. */
const LONGEST = 2_000;
const TELL = 5_000;

/**
 * Runs `work` while nothing else of this run changes one of these servers: those that it changes, and those on which it relies meanwhile.
 * It must not wait for what another change does in its own turn, but throw `NotYet`: its turn ends, and it gets another one. It opens its
 * sessions in its turn: they would not outlast a long wait. When it fails, nothing is stopped on these servers any more (`refuseAfterFailure`).
 */
export async function inTurn<T>(connections: readonly Connection[], work: () => Promise<T>): Promise<T> {
  let [patience, tellAt] = [PATIENCE, PATIENCE];
  for (;;) {
    const start = Date.now();
    try {
      return await oneTurn(connections, work);
    } catch (error) {
      if (!(error instanceof NotYet)) {
        for (const place of placesOf(connections)) failures().set(place, (error as Error).message);
        throw error;
      }
      if (patience <= 0) throw error;
      if (patience <= tellAt) {
        progress(`waiting for ${error.wait} ...`);
        tellAt = patience - TELL;
      }
    }
    await sleep(PAUSE);
    patience -= Math.min(Date.now() - start, LONGEST);
  }
}

async function oneTurn<T>(connections: readonly Connection[], work: () => Promise<T>): Promise<T> {
  const free: (() => void)[] = [];
  try {
    // Always in the same order: two changes can't wait for each other.
    for (const place of placesOf(connections)) {
      const what = `waiting until another change of this run has ended on ${nameAt(place, connections)}`;
      free.push(await during(what, mutexOf(place).acquire()));
    }
    return await work();
  } finally {
    for (const release of free) release();
  }
}

const nameAt = (place: string, connections: readonly Connection[]): string =>
  connections.flatMap((connection) => (placeOf(connection) === place ? [nameOf(connection)] : []))[0] ?? place;

/** Gets a server ready for a change, before its turn. Those who rely on it can wait for that (`whyNotReady`). */
export async function gettingReady<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  const place = placeOf(connection);
  const done = work();
  readying().set(
    place,
    done.then(
      () => undefined,
      (error: Error) => {
        // Whoever needs a machine that can't be reached says so, and how to go on without it.
        if (!(error instanceof HostUnreachable)) notReady().set(place, error.message);
        return error.message;
      },
    ),
  );
  return done;
}

/** Why this run could not get a server ready, if it tries to: that is waited for. */
export const whyNotReady = (connection: Connection): Promise<string | undefined> =>
  during(
    `waiting until another change of this run has got ${nameOf(connection)} ready`,
    Promise.resolve(readying().get(placeOf(connection))),
  );

/** The same, as far as it is known by now. */
export const knownNotReady = (connection: Connection): string | undefined => notReady().get(placeOf(connection));

/**
 * Refuses to stop, to restart or to turn elsewhere anything of servers on which a change of this run has failed: what broke one node must not
 * reach the other. What only starts or adds something is tried all the same.
 */
export function refuseAfterFailure(connections: readonly Connection[]): void {
  const failure = placesOf(connections)
    .map((place) => failures().get(place))
    .find((message) => message !== undefined);
  if (failure) throw new Error(`not touched, because the change before it in this run failed: ${failure}`);
}

/** Keeps other runs from changing these servers until their sessions end. */
export async function lockServers(servers: readonly Server[], deadline = LOCK_DEADLINE): Promise<void> {
  // By place, as turns: a server may have another name in another program.
  const sorted = [...servers].sort((one, other) => (placeOf(one.connection) < placeOf(other.connection) ? -1 : 1));
  for (const server of sorted) await lockServer(server, deadline);
}

async function lockServer(server: Server, deadline: number): Promise<void> {
  const { name, connection } = server;
  const place = placeOf(connection);
  const longest = lockedOut().has(place) ? Math.min(deadline, 1) : deadline;
  const wait = { what: `another change of ${name} to end`, deadline: longest * 1000 };
  let holder: string | undefined;
  const isLocked = await inTime(
    until(wait, async () => {
      const got = await server.value("SELECT GET_LOCK(?, ?)", [LOCK, holder ? Math.min(longest, 1) : 0]);
      if (got === "1") return { done: undefined };
      holder = describe(await holderOf(server));
      return { seen: holder };
    }),
  ).catch((error: unknown) => {
    if (holder && isTroubleOf(connection, error)) {
      error.message = `${error.message.replace(/\.$/, "")}, while another run was changing it (${holder}). ${AGAIN}`;
    }
    throw error;
  });
  if (isLocked) return;
  lockedOut().add(place);
  throw new Error(
    `${name} has been locked by another run for more than ${deadline} s (${describe(await holderOf(server))}); nothing was touched. ${AGAIN}`,
  );
}

const holderOf = (server: Server): Promise<Row | undefined> =>
  server.row("SELECT ID, USER, HOST, TIME FROM information_schema.PROCESSLIST WHERE ID = IS_USED_LOCK(?)", [LOCK]);

const describe = (holder: Row | undefined): string =>
  holder
    ? `connection ${holder["ID"]} of ${holder["USER"]}@${holder["HOST"]}, idle for ${holder["TIME"]} s`
    : "it has just ended";
