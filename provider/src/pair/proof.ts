import { parsePosition } from "../mariadb/gtid";
import {
  describe,
  isRunning,
  positionOf,
  type ReplicaStatus,
  replicaStatus,
  writtenPosition,
} from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import { until } from "../waiting";
import { type Proofs, proveRows } from "./probe";
import { rowsKept } from "./rowsKept";

/** Proofs that what one server writes arrives on the other, and waits for it. */

/** The last sequence number of a source's own stream: as its replica got it, and as it stands in the source's binary log. */
export async function compareStreams(
  source: Server,
  replica: Server,
  domain: number,
): Promise<{ known: bigint; written: bigint }> {
  // The replica first: what arrives in between must not look like too much.
  const known = (await positionOf(replica)).get(domain)?.sequence ?? 0n;
  const written = (await writtenPosition(source)).get(domain)?.sequence ?? 0n;
  return { known, written };
}

/** Waits until the replica has applied all that the source has written by now. */
export async function waitUntilCaughtUp(source: Server, replica: Server, deadline: number): Promise<void> {
  const target = await source.value("SELECT @@GLOBAL.gtid_binlog_pos");
  if (target !== "") await waitUntilApplied(source, replica, target, deadline);
}

async function waitUntilApplied(source: Server, replica: Server, target: string, deadline: number): Promise<void> {
  const LONGEST = 1;
  await until({ what: `${replica.name} to apply what ${source.name} wrote (${target})`, deadline }, async () => {
    const seconds = Math.min(LONGEST, deadline / 1000);
    const answer = await replica.value("SELECT MASTER_GTID_WAIT(?, ?)", [target, seconds], seconds * 1000 + 5000);
    if (answer === "0") return { done: undefined };
    const status = await replicaStatus(replica);
    failIfStopped(replica, source, status);
    return notYet(status);
  });
}

/** How it was proved that rows arrive, and how long one took. */
export interface Arrived {
  readonly seconds: number;
  readonly proved: Proofs;
}

/**
 * Proves that rows arrive. First one GTID that touches nothing, which also has the replica caught up: status fields don't prove it, with a dead
 * dump thread they say Yes for up to slave_net_timeout. Then rows, because GTIDs arrive also where rows are kept back.
 */
export async function proveRowsArrive(source: Server, replica: Server, deadline: number): Promise<Arrived> {
  const ends = { replica, source };
  const kept = await rowsKept(ends);
  if (kept.length > 0) {
    throw new Error(
      `rows of ${source.name} don't all reach ${replica.name}, though transactions arrive: ${kept.join("; ")}. \`pulumi up\` of the nodes, then of the link, ` +
        "takes that away",
    );
  }
  const start = Date.now();
  await proveGtidArrives(source, replica, deadline);
  const seconds = (Date.now() - start) / 1000;
  const arrived = async () => waitUntilApplied(source, replica, await source.value("SELECT @@last_gtid"), deadline);
  const { proved, seconds: ofRow } = await proveRows(ends, arrived);
  return { proved, seconds: ofRow || seconds };
}

/**
 * Sends one GTID that touches no row, and waits until the replica has applied it. It has to be beyond all that the replica had of that
 * domain: one below it would count as applied at once, and stands in a log that went back in time.
 */
async function proveGtidArrives(source: Server, replica: Server, deadline: number): Promise<void> {
  const had = await positionOf(replica);
  const sent = await source.logged(async () => {
    const former = await source.value("SELECT @@last_gtid");
    await source.query("DROP DATABASE IF EXISTS pulumi_probe");
    const gtid = await source.value("SELECT @@last_gtid");
    return gtid === former ? "" : gtid;
  });
  if (sent === "") {
    throw new Error(
      `${source.name} did not log a statement that it has to log, so nothing proves that rows reach ${replica.name}: ` +
        "its binary log is off, or filtered",
    );
  }
  for (const [domain, { sequence }] of parsePosition(sent)) {
    const known = had.get(domain)?.sequence ?? 0n;
    if (sequence > known) continue;
    throw new Error(
      `${source.name} wrote ${sent}, but ${replica.name} had received up to number ${known} of that domain before: ${source.name} went back in ` +
        "time or its binary log was reset, and what it writes now does not reach the replica. Run `pulumi up`, whose look at the node says what to do",
    );
  }
  await waitUntilApplied(source, replica, sent, deadline);
}

/** How long an error of an earlier try may still be shown after a thread was started, in milliseconds. */
const STALE = 500;

/**
 * Waits until both threads run. An error that no retry repairs ends the wait at once.
 * @param isLasting says so of an error with which the replica itself goes on trying. @default of none
 */
export async function waitUntilReplicating(
  replica: Server,
  source: Server,
  deadline: number,
  isLasting: (errno: number | undefined) => boolean = () => false,
): Promise<void> {
  const isForLong = comesAgain(STALE, isLasting);
  await until({ what: `${replica.name} to replicate from ${source.name}`, deadline }, async () => {
    const status = await replicaStatus(replica);
    if (isRunning(status)) return { done: undefined };
    failIfStopped(replica, source, status);
    if (status?.ioError && isForLong(status)) throw stoppedBy(replica, source, status, status.ioError.errno);
    return notYet(status);
  });
}

/** Looks, one after another, at an error with which a replica goes on trying: true once the same kind came again after so many milliseconds. */
export function comesAgain(milliseconds: number, isMeant: (errno: number | undefined) => boolean) {
  let since: number | undefined;
  return ({ ioError }: ReplicaStatus): boolean => {
    if (!isMeant(ioError?.errno)) return false;
    since ??= Date.now();
    return Date.now() - since > milliseconds;
  };
}

/** An error has stopped a thread of a replica, which no retry repairs. */
export class ReplicationStopped extends Error {
  constructor(
    message: string,
    /** The number of that error. */
    readonly errno: number,
  ) {
    super(message);
  }
}

/** Fails when an error has stopped a thread for good: to wait any longer would be pointless. */
export function failIfStopped(replica: Server, source: Server, status: ReplicaStatus | undefined): void {
  const stopped =
    (status?.ioThread === "No" && status.ioError) || (status?.sqlThread === "No" && status.sqlError) || undefined;
  if (status && stopped) throw stoppedBy(replica, source, status, stopped.errno);
}

const stoppedBy = (replica: Server, source: Server, status: ReplicaStatus, errno: number): ReplicationStopped =>
  new ReplicationStopped(`${replica.name} does not replicate from ${source.name}: ${describe(status)}`, errno);

/** What a wait for a replica sees. */
const notYet = (status: ReplicaStatus | undefined) =>
  status ? { seen: describe(status), errno: (status.ioError ?? status.sqlError)?.errno } : { seen: "not configured" };
