import { ConnectionError } from "../mariadb/connectionError";
import { compareStreams, replicaStatus } from "../mariadb/replication";
import { type Connection, nameOf, openIfThere, type Server } from "../mariadb/server";
import { hasSessions, isBeingSeeded, type Stream } from "./seeding";

/** Whether a server still has what it once wrote, by its peer's word. */

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

/** What an operator has to do about a server that went back in time. */
export function rewoundError(server: Server, peer: Connection | undefined): Error {
  const other = peer ? nameOf(peer) : "the peer";
  return new Error(
    `${server.name} went back in time: ${other} has more of ${server.name}'s sessions than ${server.name}'s own binary log (a restored ` +
      "snapshot, or a power cut with sync_binlog=0). Nothing was touched, because new sessions would silently never reach the peer. " +
      `Save what only ${server.name} has, if anything; then stop it, move its data directory away, and run \`pulumi up\`, which seeds it from ${other}.`,
  );
}
