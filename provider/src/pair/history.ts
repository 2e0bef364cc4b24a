import type { Connection, HistoryMark } from "../inputs";
import { nameOf } from "../mariadb/connection";
import { ConnectionError } from "../mariadb/connectionError";
import { askIfThere, openerOf, openIfThere } from "../mariadb/open";
import { ownDomain, replicaStatus, startOf } from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import type { NodeState } from "../recipe/words";
import { direction, type Ends } from "./ends";
import { compareStreams } from "./proof";
import { hasSessions, isBeingSeeded, type Stream } from "./seeding";
import { judgeSource, type Verdict } from "./sourceHistory";
import { lacks, wayOut } from "./wayOut";

/** Whether a server still has what it once wrote, by its peer's word. */

/**
 * What a server's history is. `whole`: it holds all that the peer got from it. `lost`: the peer got sessions from it, and it has nothing:
 * it was made again. Its next sessions would reuse numbers, and never reach the peer, where it `went back in time` (the peer has rows
 * that it lacks), where its `binary log was reset` (its rows are all there), and where it is `the other node`: the two were given in the other order.
 */
export type History = Settled | Refused;

interface Settled {
  readonly word: "whole" | "lost";
  /** Up to where the server is known to have lost nothing. Undefined: not for certain. */
  readonly mark?: HistoryMark | undefined;
  readonly refusal?: undefined;
}

interface Refused {
  readonly word: Extract<NodeState, "went back in time" | "binary log was reset" | "the other node">;
  readonly mark?: undefined;
  /** Why nothing may be changed about this server, and what to do. */
  readonly refusal: string;
}

/**
 * Undefined: there is no peer, or one of the two can't be asked.
 * @param last the mark of an earlier look
 */
export async function historyByPeer(
  server: Server,
  where: Connection | undefined,
  stream: Stream,
  last: HistoryMark | undefined,
): Promise<History | undefined> {
  await using peer = where && (await openIfThere(where, openerOf(server)));
  if (!peer) return undefined;
  try {
    if (await areExchanged(server, peer, stream.domain))
      return { word: "the other node", refusal: exchanged(server.name, peer.name) };
    const isLogging = (await server.value("SELECT @@GLOBAL.log_bin")) !== "0";
    // With its log switched off a server does not tell what it has written; a new one has its log off, too.
    if (!isLogging && ((await replicaStatus(server)) || (await hasSessions(server, stream.databases))))
      return undefined;
    // Also where its numbers are set already: nobody could write here before the end, so it is seeded once more.
    if (await isBeingSeeded(server)) return { word: "lost" };
    const { known, written } = await compareStreams(server, peer, stream.domain);
    if (known > written && !(await hasSessions(server, stream.databases))) return { word: "lost" };
    return await inWords(
      { source: server, replica: peer },
      await judgeSource({ source: server, replica: peer }, stream.domain, last),
    );
  } catch (error) {
    // In a first bring-up the peer restarts by itself, and may do so just now.
    if (error instanceof ConnectionError) return undefined;
    throw error;
  }
}

/** The mark of a server that was looked at or has just been filled. If we have restarted it since then, that changes nothing. */
export async function markOf(history: History | undefined, server: Server): Promise<HistoryMark | undefined> {
  const sequence = history?.word === "lost" ? "0" : history?.mark?.sequence;
  return sequence === undefined ? undefined : { start: await startOf(server), sequence };
}

async function inWords(ends: Ends, verdict: Verdict): Promise<History> {
  switch (verdict.kind) {
    case "whole":
      return { word: "whole", mark: verdict.mark };
    case "unknown":
      // Of a server that serves, nothing is refused on suspicion; the link to its peer is not started.
      return { word: "whole" };
    case "rewound":
      return { word: "went back in time", refusal: await forked(ends, verdict) };
    case "reset":
      return { word: "binary log was reset", refusal: await forked(ends, verdict) };
  }
}

/** What is to be said of a source whose history is not the one that its replica knows. */
export async function forked(ends: Ends, verdict: Exclude<Verdict, { kind: "whole" }>): Promise<string> {
  const { source, replica } = ends;
  const untouched = `Nothing was touched, and ${direction(replica, source)} is not started`;
  const seeding = await wayOut({ node: source, from: replica }, verdict.rows);
  if (verdict.kind === "unknown") {
    return (
      `Nothing tells whether ${source.name} still has all that ${replica.name} got from it: since ${source.name} started that was not certain, ` +
      `${replica.name}'s relay log is gone, and while ${direction(replica, source)} stands still the rows of both differ anyway. ${untouched}. ` +
      `If ${source.name} was not put back to an earlier state, run ${await startByHand(ends)} on ${replica.name}, then \`pulumi up\`. If it was: ${seeding}`
    );
  }
  if (verdict.kind === "reset") {
    return (
      `${source.name}'s binary log was reset (RESET MASTER), or ${source.name} went back in time and its rows were brought back since: it holds every row of ` +
      `${replica.name}, but not the transactions that ${replica.name} has received from it. ${untouched}, because new sessions of ${source.name} would ` +
      `silently never reach ${replica.name}. ${seeding}`
    );
  }
  const lost = lacks(verdict.rows);
  const seen = verdict.isProved
    ? `${source.name} went back in time (a restored snapshot, or a power cut with sync_binlog=0): its binary log does not hold what ` +
      `${replica.name} has received from it${lost ? `, and it lacks ${lost}` : ""}`
    : `${source.name} lacks ${lost} that ${replica.name} has, though each has applied all that the other wrote: ${source.name} went back in time ` +
      `(a restored snapshot, or a power cut with sync_binlog=0), or ${replica.name} did`;
  return `${seen}. ${untouched}, because new sessions may silently never reach the other node. ${seeding}`;
}

/** A link that was removed has to be made again before it starts. */
async function startByHand({ source, replica }: Ends): Promise<string> {
  if (await replicaStatus(replica)) return "START SLAVE";
  const { address, port } = source.connection;
  return (
    `CHANGE MASTER TO MASTER_HOST='${address}', MASTER_PORT=${port}, MASTER_USER=<the replication account>, MASTER_PASSWORD=<its password>, ` +
    "MASTER_USE_GTID=slave_pos; START SLAVE;"
  );
}

/** Refuses two servers that the program names in the other order. */
export async function refuseExchanged(server: Server, where: Connection | undefined, domain: number): Promise<void> {
  const isOther = where && (await askIfThere(where, (peer) => areExchanged(server, peer, domain)));
  if (isOther) throw new Error(exchanged(server.name, nameOf(where)));
}

/** The server has the numbers of its peer: the program names the two in the other order. */
async function areExchanged(server: Server, peer: Server, domain: number): Promise<boolean> {
  const [own, others] = await Promise.all([ownDomain(server), ownDomain(peer)]);
  return others === domain && own !== domain && own !== 0;
}

/** What is said when the program names two servers in the other order. */
export const exchanged = (server: string, peer: string): string =>
  `${server} is the other node of the pair: it has the numbers (server_id, gtid_domain_id) that ${peer} is to have, and ${peer} those of ${server}. ` +
  "The program names the two in the other order than before. Nothing was touched: each holds its sessions. " +
  `Exchange the two "connection"s (in ReplicatedSessionStore, the two nodes), so that node 1 is again the server with server_id 1.`;
