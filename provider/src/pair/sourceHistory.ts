import type { HistoryMark } from "../inputs";
import { parsePosition, reaches } from "../mariadb/gtid";
import {
  appliedPosition,
  foundFork,
  foundPurged,
  isMerelyStopped,
  isRunning,
  ownDomain,
  type ReplicaStatus,
  replicaStatus,
  startOf,
  uptime,
} from "../mariadb/replication";
import type { Ends } from "./ends";
import { compareLogs } from "./fork";
import { compareStreams, waitUntilCaughtUp } from "./proof";
import { compareRows, type RowComparison, stillLacking } from "./rows";

/** Whether a source still has what its replica got from it. Histories are told apart by what was written, not by how long they are. */

/** `rows`: the source's (`one`) beside the replica's. */
export type Verdict =
  /** The source has lost nothing. Without a mark: not for certain. */
  | { readonly kind: "whole"; readonly mark?: HistoryMark }
  /** The replica has rows that the source lost. `isProved`: the logs say so too; else the replica may be the one that lost rows, of what the source wrote. */
  | { readonly kind: "rewound"; readonly rows: RowComparison; readonly isProved: boolean }
  /** Its binary log has another history, its rows are all there: somebody ran RESET MASTER, or copied the rows back. */
  | { readonly kind: "reset"; readonly rows: RowComparison }
  /** Nothing tells. `goesOn`: the source has the last transaction that the replica received from it; to let it go on with the next is safe. */
  | { readonly kind: "unknown"; readonly rows: RowComparison; readonly goesOn: boolean };

const SETTLE = 10_000;
/** Rows that are still in flight after so many looks are not in flight. */
const LOOKS = 4;

/**
 * @param domain the source's own
 * @param last the mark of an earlier look
 */
export async function judgeSource(ends: Ends, domain: number, last: HistoryMark | undefined): Promise<Verdict> {
  const { replica, source } = ends;
  const start = await startOf(source);
  const { known, written } = await compareStreams(source, replica, domain);
  const isVerified = last?.start === start;
  const whole = { kind: "whole", mark: isVerified ? last : { start, sequence: String(known) } } as const;
  if (known === 0n) return whole;
  const status = await replicaStatus(replica);
  const isShorter = known > written;
  if (!isShorter && isVerified && isRunning(status)) return whole;
  // The source refuses that replica in any case; what is to be done about it is the link's matter.
  if (!isShorter && status && foundPurged(status)) return { kind: "whole" };

  const since = BigInt(last?.sequence ?? 0);
  const logs = isShorter ? "different" : await compareLogs({ ...ends, domain, known, since });
  const isCertain = logs === "same" || (logs === "same as far as it goes" && isVerified);
  if (isCertain || (isVerified && logs !== "different" && isAtRest(status))) return whole;
  const isForked = logs === "different" || (status !== undefined && foundFork(status));
  const verdict = await judgeByRows(ends, {
    isForked,
    isRunning: isRunning(status),
    goesOn: logs !== undefined && !isForked,
  });
  return verdict === "whole" ? whole : verdict;
}

/** The mark of a direction that runs: a start of its source is looked into while both can be asked. What can't be told leaves the last one. */
export async function renewMark(ends: Ends, last: HistoryMark | undefined): Promise<HistoryMark | undefined> {
  const { replica, source } = ends;
  if (last?.start === (await startOf(source)) || !isRunning(await replicaStatus(replica))) return last;
  const domain = await ownDomain(source);
  const verdict = await judgeSource(ends, domain, last);
  return (verdict.kind === "whole" ? verdict.mark : undefined) ?? last;
}

/** Nobody has asked for more of the source's log and been refused. */
const isAtRest = (status: ReplicaStatus | undefined): boolean =>
  !status || isRunning(status) || isMerelyStopped(status);

interface Seen {
  readonly isForked: boolean;
  readonly isRunning: boolean;
  readonly goesOn: boolean;
}

async function judgeByRows(ends: Ends, { isForked, isRunning, goesOn }: Seen): Promise<Verdict | "whole"> {
  const { replica, source } = ends;
  await settle(ends);
  const rows = await compareRows(source, replica);
  const total = (count: "onlyOther" | "differing") => rows.tables.reduce((sum, table) => sum + table[count], 0);
  const { isLacking, settled } = await lookAgain(ends, rows);
  const isComparable = rows.tables.every(({ notComparable }) => !notComparable);
  const unknown = { kind: "unknown", rows, goesOn } as const;
  if (isForked) {
    if (isLacking || total("differing") > 0) return { kind: "rewound", rows, isProved: true };
    return isComparable ? { kind: "reset", rows } : unknown;
  }
  // While something is under way, a row that is on one side only may have been made or deleted on the other.
  if (isLacking && !settled) return unknown;
  // What the replica reused numbers for, the source has never got: it may be the replica that went back, as a server does at its start.
  const isOther = isLacking && ((await isRewound({ replica: source, source: replica })) || (await startedFirst(ends)));
  if (isOther) return { kind: "whole" };
  if (isLacking) return { kind: "rewound", rows, isProved: false };
  if (!isComparable) return unknown;
  // While it runs, rows that differ are on their way.
  return isRunning || total("differing") === 0 ? "whole" : unknown;
}

/** True where the logs prove it. */
async function isRewound(ends: Ends): Promise<boolean> {
  const domain = await ownDomain(ends.source);
  const { known } = await compareStreams(ends.source, ends.replica, domain);
  return (await compareLogs({ ...ends, domain, known, since: 0n })) === "different";
}

/** True when the replica's server has started since the source's has. */
async function startedFirst({ replica, source }: Ends): Promise<boolean> {
  return (await uptime(source)) > (await uptime(replica));
}

/** Looks again at the rows that the source lacks, after what is on its way has arrived. */
async function lookAgain(ends: Ends, { lacking }: RowComparison): Promise<{ isLacking: boolean; settled: boolean }> {
  let left = lacking;
  let settled = true;
  for (let look = 0; look < LOOKS && left.length > 0; look++) {
    settled = await settle(ends);
    left = await stillLacking(ends.source, ends.replica, left);
  }
  return { isLacking: left.length > 0, settled };
}

/** Waits, as far as the links run, until each has applied what the other has written by now. True: each has. */
async function settle({ replica, source }: Ends): Promise<boolean> {
  const directions = [
    { to: replica, from: source },
    { to: source, from: replica },
  ];
  const arrived = await Promise.all(
    directions.map(async ({ to, from }) => {
      if (isRunning(await replicaStatus(to))) {
        return waitUntilCaughtUp(from, to, SETTLE).then(
          () => true,
          () => false,
        );
      }
      const written = parsePosition(await from.value("SELECT @@GLOBAL.gtid_binlog_pos"));
      return reaches(await appliedPosition(to), written);
    }),
  );
  return arrived.every((each) => each);
}
