import type { Connection, HistoryMark } from "../inputs";
import { nameOf } from "../mariadb/connection";
import { isClosed } from "../mariadb/gate";
import { askIfThere, isTroubleOf, openServer } from "../mariadb/open";
import { pullsFrom, replicaStatus, writtenPosition } from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import { type History, historyByPeer } from "../pair/history";
import { inTurn, lockServers } from "../pair/lock";
import {
  closeForSeeding,
  hasSessions,
  isBeingSeeded,
  isNewAndEmpty,
  openPeerForSeeding,
  openUnlessUnfinished,
  refuseHalfSeeded,
  type Stream,
} from "../pair/seeding";
import type { NodeState } from "../recipe/words";
import { until } from "../waiting";

/** How long a peer may come and go before an empty node gives up to ask it, in milliseconds. */
const PEER_DEADLINE = 60_000;

/** A node's history where its peer may be in trouble. Of that the peer's own node says what it is. */

/** For a preview. Fails with this server's own trouble only. */
export async function historyToShow(
  server: Server,
  peer: Connection | undefined,
  stream: Stream,
  verified: HistoryMark | undefined,
): Promise<History | undefined> {
  // A server that waits for room on its disk answers all but what these ask.
  await replicaStatus(server);
  await writtenPosition(server);
  return historyByPeer(server, peer, stream, verified).catch((error: unknown) => unknownIfPeers(peer, error));
}

/**
 * For a change. A node that is lost is closed, before anything else is done on it; one that a cut-off run has left half closed, or half open, is opened
 * where it is whole.
 */
export async function settleHistory(
  server: Server,
  peer: Connection | undefined,
  stream: Stream,
  verified: HistoryMark | undefined,
): Promise<History | undefined> {
  const history = await historyToGoBy(server, peer, stream, verified);
  if (history?.refusal || (history?.word !== "lost" && !(await isClosed(server)))) return history;
  return inTurn([server.connection], async () => {
    // The lock ends with this session.
    await using keeper = await openServer(server.connection);
    await lockServers([keeper]);
    // Another run, for which this one waited, may have filled and opened it.
    const settled = await historyToGoBy(keeper, peer, stream, verified);
    if (settled?.word === "lost") {
      if (peer) await refuseWhileFormerServes(keeper, peer);
      await closeForSeeding(keeper, stream.databases);
    } else if (!settled?.refusal) await openUnlessUnfinished(keeper);
    return settled;
  });
}

/**
 * Another machine takes the place of one that still serves. Both would write with the same numbers, and what the former one goes on writing would
 * reach the new one never.
 */
async function refuseWhileFormerServes(server: Server, peer: Connection): Promise<void> {
  const status = await askIfThere(peer, replicaStatus);
  if (status?.ioThread !== "Yes" || pullsFrom(status, server.connection)) return;
  const former = `${status.sourceAddress}:${status.sourcePort}`;
  throw new Error(
    `${server.name} is to take the place of ${former}, which still serves: ${nameOf(peer)} receives sessions from it. Nothing was changed on either. Let the ` +
      `proxies use ${nameOf(peer)} alone, stop the server ${former}, and run \`pulumi up\` again: ${server.name} is then seeded from ${nameOf(peer)}`,
  );
}

/** A node in use is repaired also while its peer can't be asked. One that is empty, or half filled, may lack sessions that the peer has. */
async function historyToGoBy(
  server: Server,
  peer: Connection | undefined,
  stream: Stream,
  verified: HistoryMark | undefined,
): Promise<History | undefined> {
  const look = () => historyByPeer(server, peer, stream, verified);
  if (!peer) await refuseHalfSeeded(server);
  if (!peer || (await isInUse(server, stream.databases))) return look().catch((error) => unknownIfPeers(peer, error));
  const isHalf = await isBeingSeeded(server);
  return until<History | undefined>({ what: `${nameOf(peer)} to be asked`, deadline: PEER_DEADLINE }, async () => {
    const history = await look();
    if (history || (!isHalf && (await isNewAndEmpty(peer, stream.databases)))) return { done: history };
    await using _peer = await openPeerForSeeding(server.name, peer, !isHalf);
    return { seen: "it restarts" };
  });
}

async function isInUse(server: Server, databases: readonly string[]): Promise<boolean> {
  if (await isBeingSeeded(server)) return false;
  return (await replicaStatus(server)) !== undefined || (await hasSessions(server, databases));
}

/** The word for a server that answers and is not as it should be. */
export function wordOf(history: History | undefined): NodeState | undefined {
  if (history?.word === "lost") return "empty";
  return history?.refusal === undefined ? undefined : history.word;
}

function unknownIfPeers(peer: Connection | undefined, error: unknown): undefined {
  if (!peer || !isTroubleOf(peer, error)) throw error;
}
