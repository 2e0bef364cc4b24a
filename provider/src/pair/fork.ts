import { ConnectionError } from "../mariadb/connectionError";
import { parsePosition } from "../mariadb/gtid";
import { binaryLog, headOf, pieceOf, relayLogs, tailOf } from "../mariadb/logFiles";
import type { Server } from "../mariadb/server";
import { firstSequence, holds, isLegible, lastTransaction, receivedFrom, type Transaction } from "../recipe/logEvents";
import { progress } from "../run";

/** Whether a source's log still holds the last transaction that its replica received from it: the bytes of both logs are compared. */

/** Of a transaction that is larger nothing is known. docs/hosts.md names both numbers. */
const TAIL = 1 << 20;
const HEAD = 4096;
/** The newest relay logs. A server keeps one or two that it has applied. */
const FILES = 4;
/** What the text of a statement may add in the source's log. */
const ALLOWANCE = 1 << 20;

interface Received {
  readonly transaction: Transaction;
  /** The file of the source's log from which it came. */
  readonly from: string;
}

/**
 * `different`: the source's log has another transaction in the place of one that the replica received, or none. `same`: it holds the last one
 * of each connection of the replica, from where it was certain on; or it begins right after what the replica has, as after a seeding.
 * `same as far as it goes`: it holds the very last one that the replica has; what was received over earlier connections is not in the relay log
 * any more, and the source may have gone back before the later ones. Undefined: the relay log does not have the last one, as after a start of
 * the replica, or a log can't be read.
 */
export type LogEvidence = "same" | "same as far as it goes" | "different" | undefined;

export interface Question {
  readonly replica: Server;
  readonly source: Server;
  /** The source's own. */
  readonly domain: number;
  /** The last number of that domain that the replica has. */
  readonly known: bigint;
  /** Up to that number the source is known to have lost nothing. */
  readonly since: bigint;
}

/** What the logs of both say about whether the source has gone back in time. It takes some reads of a few pages, however large the logs are. */
export async function compareLogs(question: Question): Promise<LogEvidence> {
  const { replica, source, domain, known, since } = question;
  try {
    const begin = await beginOf(source, domain);
    if (begin === known) return "same";
    let found: LogEvidence;
    let last = 0n;
    const relays = await relayLogs(replica);
    for (const file of relays.slice(0, FILES)) {
      const received = await lastOf(replica, file, domain);
      if (!received || received.transaction.sequence <= begin) continue;
      const evidence = await compare(source, received);
      if (evidence === "different") return "different";
      found ??= evidence && "same as far as it goes";
      if (evidence && received.transaction.sequence > last) last = received.transaction.sequence;
    }
    if (last < known) return undefined;
    const first = relays.length > FILES ? undefined : await firstOf(replica, relays, domain);
    const reachesBack = first !== undefined && (first <= since + 1n || first <= begin + 1n);
    return found && reachesBack ? "same" : found;
  } catch (error) {
    if (error instanceof ConnectionError) throw error;
    progress(`the logs of ${replica.name} and ${source.name} can't be compared: ${(error as Error).message}`);
    return undefined;
  }
}

/** The files of a binary log, the oldest first, with their sizes. */
async function filesOf(source: Server): Promise<ReadonlyMap<string, number>> {
  const rows = await source.query("SHOW BINARY LOGS");
  return new Map(rows.map((row) => [String(row["Log_name"]), Number(row["File_size"])]));
}

/** The last number of a domain before the oldest file of a binary log. */
async function beginOf(source: Server, domain: number): Promise<bigint> {
  const [oldest = ""] = (await filesOf(source)).keys();
  const events = await source.query("SHOW BINLOG EVENTS IN ? LIMIT 4", [oldest]);
  const list = events.find((row) => row["Event_type"] === "Gtid_list");
  return parsePosition(String(list?.["Info"] ?? "").replace(/[[\]]/g, "")).get(domain)?.sequence ?? 0n;
}

async function lastOf(replica: Server, file: string, domain: number): Promise<Received | undefined> {
  const transaction = lastTransaction(await tailOf(replica, file, TAIL), domain);
  const from = transaction && receivedFrom(await headOf(replica, file, HEAD));
  return transaction && from !== undefined ? { transaction, from } : undefined;
}

/** The number of the oldest transaction that the relay logs still have. */
async function firstOf(replica: Server, relays: readonly string[], domain: number): Promise<bigint | undefined> {
  for (const file of [...relays].reverse()) {
    const first = firstSequence(await headOf(replica, file, HEAD), domain);
    if (first !== undefined) return first;
  }
  return undefined;
}

async function compare(source: Server, { transaction, from }: Received): Promise<"same" | "different" | undefined> {
  // After the look at the relay log: the source's log had that transaction before.
  const files = await filesOf(source);
  const size = files.get(from);
  if (size === undefined) {
    const [oldest] = [...files.keys()].map(parts);
    const { base, number } = parts(from);
    // Removed since; or of another name, as after a change of `log_bin`.
    return oldest && oldest.base === base && number > oldest.number ? "different" : undefined;
  }
  if (transaction.begin >= size) return "different";
  const file = await binaryLog(source, from);
  if (!isLegible(await headOf(source, file, HEAD))) return undefined;
  const wanted = transaction.length + ALLOWANCE;
  const piece = await pieceOf(source, file, transaction.begin, wanted);
  const held = holds(piece, transaction);
  // It ends with the file, which had all of it when the replica got it.
  if (held === undefined) return piece.length < wanted ? "different" : undefined;
  return held ? "same" : "different";
}

function parts(log: string): { base: string; number: number } {
  const dot = log.lastIndexOf(".");
  return { base: log.slice(0, dot), number: Number(log.slice(dot + 1)) };
}
