import { ConnectionError } from "../mariadb/connectionError";
import { inDomain } from "../mariadb/gtid";
import { appliedPosition, waitUntilReceivedIsApplied } from "../mariadb/replication";
import { type Connection, nameOf, openIfThere, Server } from "../mariadb/server";
import { baseTables, hasRows } from "../mariadb/tables";
import { progress } from "../waiting";
import { copyDatabases } from "./copy";

const DEADLINE = 60_000;
/** A database of this name marks a server whose seeding is not at its end. */
const UNFINISHED = "session_store_seeding";

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

/** True from the beginning of a seeding to its end, also when it was cut off. */
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
