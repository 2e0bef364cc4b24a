import type { Connection } from "../mariadb/connection";
import { replicaStatus, writtenPosition } from "../mariadb/replication";
import { isTroubleOf, type Server } from "../mariadb/server";
import { type History, historyByPeer } from "../pair/history";
import { hasSessions, type Stream } from "../pair/seeding";
import type { Mark } from "../pair/sourceHistory";

/** A node's history where its peer may be in trouble. Of that the peer's own node says what it is. */

/** For a preview. Fails with this server's own trouble only. */
export async function historyToShow(
  server: Server,
  peer: Connection | undefined,
  stream: Stream,
  verified: Mark | undefined,
): Promise<History | undefined> {
  // A server that waits for room on its disk answers all but what these ask.
  await replicaStatus(server);
  await writtenPosition(server);
  return historyByPeer(server, peer, stream, verified).catch((error: unknown) => unknownIfPeers(peer, error));
}

/** For a change: a node in use is repaired also while its peer can't be asked; an empty one may be missing the peer's sessions. */
export async function historyToGoBy(
  server: Server,
  peer: Connection | undefined,
  stream: Stream,
  verified: Mark | undefined,
): Promise<History | undefined> {
  return historyByPeer(server, peer, stream, verified).catch(async (error: unknown) => {
    const isInUse = (await replicaStatus(server)) !== undefined || (await hasSessions(server, stream.databases));
    if (!isInUse) throw error;
    return unknownIfPeers(peer, error);
  });
}

/** The word for a server that answers and is not as it should be. */
export function wordOf(history: History | undefined): string | undefined {
  if (history?.word === "lost") return "empty";
  return history?.refusal && history.word;
}

function unknownIfPeers(peer: Connection | undefined, error: unknown): undefined {
  if (!peer || !isTroubleOf(peer, error)) throw error;
}
