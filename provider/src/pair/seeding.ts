import { openHost } from "../hosts";
import { HostUnreachable } from "../hosts/Host";
import type { Connection } from "../inputs";
import { makeReplicationAccount, replicationLogins } from "../mariadb/accounts";
import { openAsSuperuserStarted } from "../mariadb/admin";
import { nameOf } from "../mariadb/connection";
import { ConnectionError } from "../mariadb/connectionError";
import { closeGate, isClosed, makeStandIns, openGate } from "../mariadb/gate";
import { inDomain } from "../mariadb/gtid";
import { openAsSuperuser, openServer } from "../mariadb/open";
import { appliedPosition, pullsFrom, replicaStatus } from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import { accountOf, type StoredEvent, type StoredObject, setEvent, storedEvents } from "../mariadb/storedObjects";
import { baseTables, hasRows } from "../mariadb/tables";
import { OWN_DATABASES } from "../recipe/names";
import type { LoginProblem } from "../recipe/words";
import { progress } from "../run";
import { until } from "../waiting";
import { applyReceived } from "./applyReceived";
import { copyDatabases } from "./copy";
import { ensurePosition, refuseUnfitToCopy } from "./fitToCopy";
import { inTurn, knownNotReady, lockServers } from "./lock";

/** How long a peer that does not run may take to come up, in milliseconds: after a crash it reads its whole redo log first. */
const PEER_PATIENCE = 30_000;
const UNFINISHED = OWN_DATABASES.seeding;

/** What a node writes: the GTID domain of its own, and the databases of the sessions. */
export interface Stream {
  readonly domain: number;
  readonly databases: readonly string[];
  /** Users in whose names views, triggers, routines and events may be, beside the default one of the proxy. */
  readonly definers?: readonly string[] | undefined;
}

/**
 * Gives a server that lost its data the sessions of its peer, and the numbers with which its own and the peer's streams go on.
 * Without the numbers its next sessions would reuse some that the peer has seen; the peer stays as it is and goes on serving.
 * Until all is there the server is closed to everybody else, also over a crash. Cut off, it is done again from the start.
 */
export async function seedFromPeer(server: Server, peer: Server, stream: Stream): Promise<void> {
  await lockServers([server]);
  // Another run, for which this one waited, may have seeded and opened it.
  if (!(await isBeingSeeded(server))) return;
  const there = await existing(peer, stream.databases);
  const objects = await refuseUnfitToCopy(peer, there, stream.definers ?? []);
  await ensurePosition(peer);
  await applyReceived(peer, server.name);
  await withWayOut(fill(server, peer, stream.domain, { there, objects }), server, peer);
  await letPeerIn(server, peer);
  await open(server);
}

/**
 * Makes the account with which the peer pulls from this server, with the login that it has on the peer itself: its link comes back at once,
 * also where the accounts of the program wait for a change of the peer that needs this link. All rows are here by now.
 */
async function letPeerIn(server: Server, peer: Server): Promise<void> {
  const status = await replicaStatus(peer);
  if (!status || !pullsFrom(status, server.connection)) return;
  for (const login of await replicationLogins(peer, status.user)) await makeReplicationAccount(server, login);
}

/** What there is on the peer: databases, and what in them has a definer. */
interface Found {
  readonly there: readonly string[];
  readonly objects: readonly StoredObject[];
}

async function fill(server: Server, peer: Server, domain: number, { there, objects }: Found): Promise<void> {
  // It may have restarted since it was closed.
  await closeGate(server);
  const definers = new Set(objects.map(({ definer }) => definer));
  await makeStandIns(server, [...definers].map(accountOf), there);
  await forgetReplication(server);
  const own = inDomain(await appliedPosition(peer), domain);
  progress(
    `${server.name}: seeding it from ${peer.name} (${there.join(", ") || "no database"}); its own stream goes on after ${own || "nothing"}. ` +
      "It is closed to all other accounts until that is done",
  );
  const copied =
    there.length > 0
      ? await copyDatabases(peer, server, there, objects)
      : await peer.value("SELECT @@GLOBAL.gtid_binlog_pos");
  if (there.length > 0) await giveEventsTheirServer(peer, server, there);
  await server.query("RESET MASTER");
  await server.query("SET GLOBAL gtid_slave_pos = ?", [[copied, own].filter((part) => part !== "").join(",")]);
  await server.query("SET GLOBAL gtid_binlog_state = ?", [own]);
}

/**
 * Closes a server that has lost its data, and marks it: from here on only the end of its seeding opens it. Done as soon as the loss is known,
 * and only while the server's lock is held: a later run that finds the server while its peer is away has no way to know.
 */
export async function closeForSeeding(server: Server, databases: readonly string[]): Promise<void> {
  await closeGate(server);
  if (!(await isBeingSeeded(server)) && (await hasSessions(server, databases))) {
    await openGate(server);
    throw new Error(
      `${server.name} was to be seeded from its peer, but it holds sessions now: they were written while it was being closed. It is open again, and ` +
        "nothing was copied. Run `pulumi up` again: it looks at what both nodes hold.",
    );
  }
  await server.query("CREATE DATABASE IF NOT EXISTS ??", [UNFINISHED]);
}

/** Finishes what a run has left half closed, or half open. One that is not whole stays closed. The caller holds the server's lock. */
export async function openUnlessUnfinished(server: Server): Promise<void> {
  if ((await isClosed(server)) && !(await isBeingSeeded(server))) await open(server);
}

/** From here on others may write: the server is not seeded again, even if this is cut off. */
async function open(server: Server): Promise<void> {
  await server.query("DROP DATABASE IF EXISTS ??", [UNFINISHED]);
  await openGate(server);
}

/** A replica that was set up on this server before has nothing to go on from. */
async function forgetReplication(server: Server): Promise<void> {
  if (!(await replicaStatus(server))) return;
  await server.query("STOP SLAVE");
  await server.query("RESET SLAVE ALL");
}

async function withWayOut<T>(work: Promise<T>, server: Server, peer: Server): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new Error(
      `seeding ${server.name} from ${peer.name} was cut off: ${(error as Error).message.replace(/\.$/, "")}. ${peer.name} was only read and serves on; ` +
        `${server.name} stays closed to all other accounts. Run \`pulumi up\` again: it starts the copy once more.`,
    );
  }
}

/** An event runs on the server where it was made. On the other one, where it came by replication or by this copy, it stands still. */
async function giveEventsTheirServer(from: Server, to: Server, databases: readonly string[]): Promise<void> {
  const here = Number(await to.value("SELECT @@GLOBAL.server_id"));
  const nameOfEvent = ({ database, name }: StoredEvent) => JSON.stringify([database, name]);
  // One whose time has passed is not made again, and one may have been made since the copy.
  const copied = new Set((await storedEvents(to, databases)).map(nameOfEvent));
  for (const event of await storedEvents(from, databases)) {
    if (!copied.has(nameOfEvent(event))) continue;
    const { database, name, status, originator } = event;
    if (originator !== here) {
      if (status === "ENABLED") await setEvent(to, event, "DISABLE ON SLAVE");
      // The copy made this server its origin.
      const origin = "UPDATE mysql.event SET originator = ? WHERE db = ? AND name = ?";
      await to.query(origin, [originator, database, name]);
    } else if (status === "SLAVESIDE_DISABLED") {
      progress(`${to.name}: the event ${database}.${name} runs here again`);
      await setEvent(to, event, "ENABLE");
    }
  }
}

/**
 * Waits for the peer of a server that can't do without: it may be on its way up in this very run, where its admin account gets its password.
 * @param mayBeNew it may also be made in this run
 */
export async function openPeerForSeeding(server: string, peer: Connection, mayBeNew = false): Promise<Server> {
  // One that can't be reached is told below.
  await openHost(peer.host).reach().catch(unlessUnreachable);
  const patience = Date.now() + PEER_PATIENCE;
  const wait = { what: `${nameOf(peer)}, whose sessions ${server} may lack`, deadline: 2 * PEER_PATIENCE };
  const found = await until<Server>(wait, async () => {
    try {
      return { done: await openServer(peer) };
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      const isForItsNode = error.problem === "login refused" || (error.problem === "no admin account" && !error.isNew);
      const mayPass = error.problem === "stopped" || isForItsNode || (mayBeNew && error.isNew);
      const failure = knownNotReady(peer);
      if (mayPass && failure === undefined && Date.now() < patience) return { seen: error.message };
      const mayBeGone =
        failure || isForItsNode
          ? ""
          : ` If ${nameOf(peer)} is gone for good, put a server without data in its place: \`pulumi up\` then begins with what there is.`;
      throw new Error(
        `${server} holds no sessions, or only a part, and its peer ${nameOf(peer)}, which may have those that it lacks, can't be asked: ${failure ?? error.message}. ` +
          `${server} was not opened to anybody. ${failure || isForItsNode ? `Repair that` : `Bring ${nameOf(peer)} back`}, then run \`pulumi up\` again.${mayBeGone}`,
      );
    }
  });
  if (!(await isBeingSeeded(found))) return found;
  await using half = found;
  throw new Error(
    `${server} lost its data, and its peer ${half.name} holds only a part of the sessions: its own seeding was cut off. Nothing was copied, and neither was ` +
      `opened. If there is a whole copy of the sessions elsewhere, put it back on one of the two. If there is none, and what ${half.name} holds is to be kept, ` +
      `run on ${half.name}: DROP DATABASE ${UNFINISHED}; then \`pulumi up\`, which seeds ${server} from it.`,
  );
}

/** A server whose seeding was cut off must not be used: what is written there would be in the way of what it still lacks. */
export async function refuseHalfSeeded(server: Server): Promise<void> {
  if (!(await isBeingSeeded(server))) return;
  throw new Error(
    `${server.name} is being seeded from its peer, or that was cut off: it does not hold all sessions yet, and nothing was touched. ` +
      "`pulumi up` of its MariaDbNode goes on with it.",
  );
}

/**
 * Closes a server that is there for the first time since its data were lost, before our account is on it. Refuses while its peer,
 * which has the sessions, is away.
 */
export async function closeIfNew(
  connection: Connection,
  peer: Connection | undefined,
  databases: readonly string[],
): Promise<void> {
  if (!peer || !(await newness(connection)) || (await isNewAndEmpty(peer, databases))) return;
  await inTurn([connection], async () => {
    await using _peer = await openPeerForSeeding(nameOf(connection), peer);
    await using server = await openAsSuperuserStarted(connection);
    await lockServers([server]);
    // Somebody has put sessions back: how they stand to those of the peer is looked at later.
    if (!(await hasSessions(server, databases))) await closeForSeeding(server, databases);
  });
}

function unlessUnreachable(error: unknown): void {
  if (!(error instanceof HostUnreachable)) throw error;
}

async function newness(where: Connection): Promise<LoginProblem | undefined> {
  try {
    await using _server = await openServer(where);
    return undefined;
  } catch (error) {
    return error instanceof ConnectionError && error.isNew ? error.problem : undefined;
  }
}

/** True of a peer that is new, or lost its data as well: there are no sessions that could be missed. */
export async function isNewAndEmpty(peer: Connection, databases: readonly string[]): Promise<boolean> {
  const problem = await newness(peer);
  if (problem !== "no admin account") return problem === "no data";
  try {
    await using server = await openAsSuperuser(peer);
    return !(await hasSessions(server, databases));
  } catch (error) {
    // It stops or restarts just now.
    if (error instanceof ConnectionError) return false;
    throw error;
  }
}

/** True from the moment in which a server is closed for its seeding to its end, also when that was cut off. */
export const isBeingSeeded = async (server: Server): Promise<boolean> =>
  (await existing(server, [UNFINISHED])).length > 0;

async function existing(server: Server, databases: readonly string[]): Promise<string[]> {
  const rows = await server.query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN (?)", [
    databases,
  ]);
  return rows.map((row) => String(row["SCHEMA_NAME"]));
}

export async function hasSessions(server: Server, databases: readonly string[]): Promise<boolean> {
  for (const table of await baseTables(server, databases)) {
    if (await hasRows(server, table)) return true;
  }
  return false;
}
