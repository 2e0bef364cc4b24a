import { openAsSuperuserStarted } from "../mariadb/admin";
import { type Connection, nameOf } from "../mariadb/connection";
import { ConnectionError } from "../mariadb/connectionError";
import { allowOpening, closeGate, isClosed, makeStandIns, mayBeOpened, openGate } from "../mariadb/gate";
import { inDomain } from "../mariadb/gtid";
import { appliedPosition, replicaStatus, waitUntilReceivedIsApplied } from "../mariadb/replication";
import { Server } from "../mariadb/server";
import { accountOf, setEvent, storedEvents } from "../mariadb/storedObjects";
import { baseTables, hasRows } from "../mariadb/tables";
import { progress, until } from "../waiting";
import { copyDatabases } from "./copy";
import { ensurePosition, refuseUnfitToCopy } from "./fitToCopy";
import { lockServers } from "./lock";

const DEADLINE = 60_000;
/** How long a peer that does not run may take to come up, in milliseconds: after a crash it reads its whole redo log first. */
const PEER_PATIENCE = 30_000;
/** A database of this name marks a server whose seeding is not at its end. */
const UNFINISHED = "session_store_seeding";

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
  const { domain, databases } = stream;
  const there = await existing(peer, databases);
  const objects = await refuseUnfitToCopy(peer, there, stream.definers ?? []);
  await ensurePosition(peer);
  await lockServers([server]);
  await closeForSeeding(server);
  const definers = new Set(objects.map(({ definer }) => definer));
  await makeStandIns(server, [...definers].map(accountOf), there);
  await forgetReplication(server);
  await waitUntilReceivedIsApplied(peer, DEADLINE);
  const own = inDomain(await appliedPosition(peer), domain);
  progress(
    `${server.name}: seeding it from ${peer.name} (${there.join(", ") || "no database"}); its own stream goes on after ${own || "nothing"}. ` +
      "It is closed to all other accounts until that is done",
  );
  const copied =
    there.length > 0
      ? await withWayOut(copyDatabases(peer, server, there, objects), server, peer)
      : await peer.value("SELECT @@GLOBAL.gtid_binlog_pos");
  if (there.length > 0) await giveEventsTheirServer(peer, server, there);
  await server.query("RESET MASTER");
  await server.query("SET GLOBAL gtid_slave_pos = ?", [[copied, own].filter((part) => part !== "").join(",")]);
  await server.query("SET GLOBAL gtid_binlog_state = ?", [own]);
  await allowOpening(server);
  await openIfSeeded(server);
}

/**
 * Closes a server that has lost its data, and marks it. From here on only the end of its seeding opens it. Done as soon as the loss is known:
 * a run that finds the server later, while its peer is away, could not know.
 */
export async function closeForSeeding(server: Server): Promise<void> {
  await closeGate(server);
  await server.query("CREATE DATABASE IF NOT EXISTS ??", [UNFINISHED]);
}

/** Opens a server whose sessions are all there. From here on others may write: it is not seeded again, even if this is cut off. */
async function openIfSeeded(server: Server): Promise<void> {
  if (!(await mayBeOpened(server))) return;
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
      `seeding ${server.name} from ${peer.name} was cut off: ${(error as Error).message}. ${peer.name} was only read and serves on; ` +
        `${server.name} stays closed to all other accounts. Run \`pulumi up\` again: it starts the copy once more.`,
    );
  }
}

/** An event runs on the server where it was made. On the other one, where it came by replication or by this copy, it stands still. */
async function giveEventsTheirServer(from: Server, to: Server, databases: readonly string[]): Promise<void> {
  const here = Number(await to.value("SELECT @@GLOBAL.server_id"));
  for (const event of await storedEvents(from, databases)) {
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

/** Waits for the peer of a server that can't do without: it may be on its way up, in this very run. */
export async function openPeerForSeeding(server: string, peer: Connection): Promise<Server> {
  const patience = Date.now() + PEER_PATIENCE;
  const wait = { what: `${nameOf(peer)}, from which ${server} is seeded`, deadline: 2 * PEER_PATIENCE };
  const found = await until<Server>(wait, async () => {
    try {
      return { done: await Server.open(peer) };
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      if (error.problem === "stopped" && Date.now() < patience) return { seen: error.message };
      throw new Error(
        `${server} needs the sessions of its peer ${nameOf(peer)} and can't get them: ${error.message}. ${server} was not opened to anybody. ` +
          `Bring ${nameOf(peer)} back, then run \`pulumi up\` again.`,
      );
    }
  });
  if (!(await isBeingSeeded(found))) return found;
  await using half = found;
  throw new Error(
    `${server} lost its data, and its peer ${half.name} holds only a part of the sessions: its own seeding was cut off. Nothing was copied, and neither was ` +
      `opened. If there is a whole copy of the sessions elsewhere, put it back on one of the two. If there is none, and what ${half.name} holds is to be kept, ` +
      `run on ${half.name}: INSERT INTO session_store_closed.settings VALUES ('may be opened', 'YES'); then \`pulumi up\`, which seeds ${server} from it.`,
  );
}

/** Finishes, or makes sure that it can be finished, what a run has left that was cut off. */
export async function goOnWithSeeding(server: Server, peer: Connection | undefined): Promise<void> {
  await openIfSeeded(server);
  if (!(await isBeingSeeded(server))) return;
  if (!peer) return refuseHalfSeeded(server);
  await using _peer = await openPeerForSeeding(server.name, peer);
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
  if (!peer || !(await isNew(connection)) || (await isNewAndEmpty(peer, databases))) return;
  await using _peer = await openPeerForSeeding(nameOf(connection), peer);
  await using server = await openAsSuperuserStarted(connection);
  await closeForSeeding(server);
}

async function isNew(where: Connection): Promise<boolean> {
  try {
    await using _server = await Server.open(where);
    return false;
  } catch (error) {
    return error instanceof ConnectionError && error.isNew;
  }
}

/** True when the peer lost its data as well: there are no sessions that could be missed. */
async function isNewAndEmpty(peer: Connection, databases: readonly string[]): Promise<boolean> {
  if (!(await isNew(peer))) return false;
  try {
    await using server = await Server.openAsSuperuser(peer);
    const look = "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA IN (?)";
    return (await server.value(look, [databases])) === "0";
  } catch (error) {
    if (error instanceof ConnectionError) return true;
    throw error;
  }
}

/** True from the beginning of a seeding to its end, also when it was cut off. Asked in this order: it may just be opened. */
export const isBeingSeeded = async (server: Server): Promise<boolean> =>
  !(await mayBeOpened(server)) && ((await isClosed(server)) || (await existing(server, [UNFINISHED])).length > 0);

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
