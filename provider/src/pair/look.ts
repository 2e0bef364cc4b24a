import type { Connection } from "../inputs";
import { askIfThere } from "../mariadb/open";
import { describe, isRunning, type ReplicaStatus, replicaStatus } from "../mariadb/replication";
import { type SemiSync, semiSync } from "../mariadb/semiSync";
import type { Server } from "../mariadb/server";
import { type SemiSyncState, WORDS } from "../recipe/words";
import { until } from "../waiting";

/** A pair as it stands, read from both servers: what previews show, and what a planned stop goes by. */

/** One direction as both of its ends tell of it. */
export interface LinkLook {
  /** Undefined: the replica replicates from nobody. */
  readonly status: ReplicaStatus | undefined;
  /** Whether commits on the source wait until the replica has them, in words. Undefined: the source was not asked. */
  readonly semiSync: SemiSyncState | undefined;
}

/** The ends of a direction, as far as they can be asked. */
export interface SeenEnds {
  readonly replica: Server;
  readonly source: Server | undefined;
}

/** Both directions, from the point of view of one node. */
export interface PairLook {
  /** The node replicates from its peer. */
  readonly incoming: LinkLook;
  /** The peer replicates from the node. */
  readonly outgoing: LinkLook;
}

/** What `semiSync` is when nothing is wrong. */
export const IN_EFFECT = WORDS["ReplicationLink.semiSync"].wanted;

export async function lookAtPair(node: Server, peer: Server): Promise<PairLook> {
  const [incoming, outgoing] = await Promise.all([
    lookAtLink({ replica: node, source: peer }),
    lookAtLink({ replica: peer, source: node }),
  ]);
  return { incoming, outgoing };
}

/** True when at least one of the two replicates from the other. */
export const areLinked = ({ incoming, outgoing }: PairLook): boolean =>
  incoming.status !== undefined || outgoing.status !== undefined;

/** True when this server replicates, or another one from it, by its own word. */
export async function isLinkedByOwnWord(server: Server): Promise<boolean> {
  if (await replicaStatus(server)) return true;
  const dumps = "SELECT 1 FROM information_schema.PROCESSLIST WHERE COMMAND = 'Binlog Dump' LIMIT 1";
  return (await server.row(dumps)) !== undefined;
}

/**
 * The servers that a change of this one concerns: both, once one replicates from the other. Those of a first bring-up hold up nobody.
 * @param isNew the server has nothing of this component yet, as far as is known: the peer is then not asked, which would take a session
 */
export async function concerned(
  server: Server,
  peer: Connection | undefined,
  isNew = false,
): Promise<readonly Connection[]> {
  const isLinked =
    peer && ((await isLinkedByOwnWord(server)) || (!isNew && (await askIfThere(peer, isLinkedByOwnWord))));
  return isLinked ? [server.connection, peer] : [server.connection];
}

async function lookAtLink({ replica, source }: SeenEnds): Promise<LinkLook> {
  const status = await replicaStatus(replica);
  return { status, semiSync: source && effect(await semiSync(source), await semiSync(replica)) };
}

export interface Patience {
  /** How long a link that is just connecting is given, in milliseconds. */
  readonly milliseconds: number;
  /** True: also one that has failed to connect and tries again. */
  readonly despiteErrors: boolean;
}

/** A direction, a moment after a start or reconnection given to it: what is on its way does not count as drift. */
export async function settledLink(ends: SeenEnds, { milliseconds, despiteErrors }: Patience): Promise<LinkLook> {
  const end = Date.now() + milliseconds;
  const wait = { what: `${ends.replica.name}'s replication to settle`, deadline: milliseconds + 8_000 };
  return until<LinkLook>(wait, async () => {
    const look = await lookAtLink(ends);
    return isOnTheWay(look, despiteErrors) && Date.now() < end ? { seen: inWords(look) } : { done: look };
  });
}

function isOnTheWay({ status, semiSync }: LinkLook, despiteErrors: boolean): boolean {
  if (!status) return false;
  if (status.ioThread === "Preparing") return true;
  if (status.ioThread === "Connecting") return despiteErrors || !status.ioError;
  return isRunning(status) && semiSync !== undefined && semiSync !== IN_EFFECT;
}

const inWords = ({ status, semiSync }: LinkLook): string =>
  [status ? describe(status) : "not configured", ...(semiSync === undefined ? [] : [`semi-sync ${semiSync}`])].join(
    ", ",
  );

/** Semi-sync in effect, which needs more than the variables; what these say is the nodes' matter. */
function effect(source: SemiSync, replica: SemiSync): SemiSyncState {
  if (!source.sourceEnabled || !replica.replicaEnabled) return IN_EFFECT;
  if (!replica.replicaActive || source.replicas === 0) return "the replica does not acknowledge";
  return source.sourceActive ? IN_EFFECT : "given up: commits on the source wait for nobody";
}
