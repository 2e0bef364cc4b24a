import { ConnectionError } from "../mariadb/connectionError";
import { inDomain } from "../mariadb/gtid";
import { appliedPosition, compareStreams, replicaStatus, waitUntilReceivedIsApplied } from "../mariadb/replication";
import { type Connection, nameOf, openIfThere, Server } from "../mariadb/server";
import { baseTables, hasRows } from "../mariadb/tables";
import { progress } from "../waiting";
import { copyDatabases } from "./copy";

const DEADLINE = 60_000;
/** A database of this name marks a server whose seeding is not at its end. */
const UNFINISHED = "session_store_seeding";

/**
 * What a server's binary log is, by its peer's word.
 * `whole`: it holds all that the peer got from it. `lost`: the peer got sessions from it, and it has nothing: it was made anew.
 * `went back in time`: it has sessions, but fewer than the peer got from it. Its next sessions would reuse numbers, and never reach the peer.
 */
export type History = "whole" | "lost" | "went back in time";

/** Undefined: there is no peer, or one of the two can't be asked. */
export async function historyByPeer(
  server: Server,
  where: Connection | undefined,
  { domain, databases }: Stream,
): Promise<History | undefined> {
  await using peer = where && (await openIfThere(where));
  if (!peer) return undefined;
  const isLogging = (await server.value("SELECT @@GLOBAL.log_bin")) !== "0";
  // With its log switched off a server does not tell what it has written; a new one has its log off, too.
  if (!isLogging && ((await replicaStatus(server)) || (await hasSessions(server, databases)))) return undefined;
  try {
    // Also where its numbers are set already: nobody could write here before the end, so it is seeded once more.
    if (await isBeingSeeded(server)) return "lost";
    const { known, written } = await compareStreams(server, peer, domain);
    if (written >= known) return "whole";
    return (await hasSessions(server, databases)) ? "went back in time" : "lost";
  } catch (error) {
    // In a first bring-up the peer restarts by itself, and may do so just now.
    if (error instanceof ConnectionError) return undefined;
    throw error;
  }
}

/** What a node writes: the GTID domain of its own, and the databases of the sessions. */
export interface Stream {
  readonly domain: number;
  readonly databases: readonly string[];
}

/**
 * Gives a server that was made anew the sessions of its peer, and the numbers with which its own and the peer's streams go on.
 * Without the first its next sessions would reuse numbers that the peer has seen; the peer stays as it is and goes on serving.
 * The proxies and the peer can't come in before: their accounts are made later. Cut off, it can be done again from the start.
 */
export async function seedFromPeer(server: Server, peer: Server, { domain, databases }: Stream): Promise<void> {
  await waitUntilReceivedIsApplied(peer, DEADLINE);
  const own = inDomain(await appliedPosition(peer), domain);
  const there = await existing(peer, databases);
  progress(
    `${server.name}: is new; seeding it from ${peer.name} (${there.join(", ") || "no database"}; its own stream goes on after ${own})`,
  );
  // The mark that what is here is not whole yet.
  await server.query("CREATE DATABASE IF NOT EXISTS ??", [UNFINISHED]);
  const copied =
    there.length > 0 ? await copyDatabases(peer, server, there) : await peer.value("SELECT @@GLOBAL.gtid_binlog_pos");
  await server.query("RESET MASTER");
  await server.query("SET GLOBAL gtid_slave_pos = ?", [[copied, own].filter((part) => part !== "").join(",")]);
  await server.query("SET GLOBAL gtid_binlog_state = ?", [own]);
  await server.query("DROP DATABASE ??", [UNFINISHED]);
}

/** What an operator has to do about a server that went back in time. */
export function rewoundError(server: Server, peer: Connection | undefined): Error {
  const other = peer ? nameOf(peer) : "the peer";
  return new Error(
    `${server.name} went back in time: ${other} has more of ${server.name}'s sessions than ${server.name}'s own binary log (a restored ` +
      "snapshot, or a power cut with sync_binlog=0). Nothing was touched, because new sessions would silently never reach the peer. " +
      `Save what only ${server.name} has, if anything; then stop it, move its data directory away, and run \`pulumi up\`, which seeds it from ${other}.`,
  );
}

/** A server that was made anew needs its peer's sessions before anyone may use it. */
export async function refuseWithoutPeersSessions(
  connection: Connection,
  peer: Connection | undefined,
  databases: readonly string[],
): Promise<void> {
  if (!peer || !(await isNew(connection))) return;
  await using other = await openIfThere(peer);
  if (other || (await isNewAndEmpty(peer, databases))) return;
  throw new Error(
    `${nameOf(connection)} was made anew, and its peer ${nameOf(peer)}, which has the sessions, can't be reached. Nothing was touched: ` +
      "sessions written here now would be in the way of those. Bring the peer back first.",
  );
}

async function isNew(where: Connection): Promise<boolean> {
  try {
    await using _server = await Server.open(where);
    return false;
  } catch (error) {
    return error instanceof ConnectionError && error.isNew;
  }
}

/** True when the peer was made anew as well: there are no sessions that could be missed. */
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

const isBeingSeeded = async (server: Server): Promise<boolean> => (await existing(server, [UNFINISHED])).length > 0;

async function existing(server: Server, databases: readonly string[]): Promise<string[]> {
  const rows = await server.query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN (?)", [
    databases,
  ]);
  return rows.map((row) => String(row["SCHEMA_NAME"]));
}

async function hasSessions(server: Server, databases: readonly string[]): Promise<boolean> {
  for (const table of await baseTables(server, databases)) {
    if (await hasRows(server, table)) return true;
  }
  return false;
}
