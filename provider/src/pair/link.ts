import type { HistoryMark, ReplicationLinkComputed } from "../inputs";
import { settlePassword, takesSeveralPasswords } from "../mariadb/accounts";
import {
  describe,
  isRunning,
  pullsFrom,
  type ReplicaStatus,
  reconnectNow,
  replicaStatus,
  waitUntilReceivedIsApplied,
} from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import { candidatesFor, describeCandidates, dropOthers, forIt, narrowestFirst } from "../mariadb/takenForReplica";
import { isLasting, isRefusedLogin, remedy } from "../recipe/linkState";
import { progress } from "../run";
import { TooLate, until } from "../waiting";
import { bringAcknowledgement, withoutWaiting } from "./acknowledgement";
import { changeMaster, DAMAGED, type LinkParameters } from "./changeMaster";
import { direction, type Ends } from "./ends";
import {
  refuseEqualIdentity,
  refuseToDropReceived,
  refuseToLoseRows,
  refuseUnfinished,
  stopIfRewound,
} from "./linkRefusals";
import { encryptionOf, inWords, isVerified, refuseUnprovable, seenTls, wantedTls } from "./linkTls";
import { refuseAfterFailure } from "./lock";
import { refuseNamed } from "./namedReplica";
import { proveRowsArrive, ReplicationStopped, waitUntilReplicating } from "./proof";
import { refuseUnreachable } from "./reachability";

const DEADLINE = 45_000;

/** What is known of a link from the run before. */
export interface Before {
  readonly passwordChanged: boolean;
  readonly sourceMark: HistoryMark | undefined;
}

/**
 * Makes the replica pull from the source, and ends when rows really arrive. A link that is as wanted is left alone, except for one
 * GTID that touches no row.
 */
export async function establishLink(
  ends: Ends,
  wanted: LinkParameters,
  before: Before,
): Promise<ReplicationLinkComputed> {
  const { replica, source } = ends;
  await refuseEqualIdentity(ends);
  await refuseNamed(ends);
  await refuseUnfinished(ends);
  await refuseUnprovable(source, wanted.user, wanted.tls);
  const status = await replicaStatus(replica);
  if (!isConnected(status, source) || differsInTls(status, ends, wanted)) {
    await refuseUnreachable(replica, source, wanted.user, isVerified(wanted.tls));
  }
  let sourceMark = await refuseToLoseRows(ends, before.sourceMark);
  const differences = status ? differing(status, ends, wanted) : [];
  // While the account takes several passwords, nobody else knows which of them this replica logs in with.
  const rotating = await takesSeveralPasswords(source, wanted.user);
  if (!status || differences.length > 0 || before.passwordChanged || rotating) {
    for (const difference of differences) progress(`${direction(replica, source)}: ${difference}`);
    if (status?.otherOptions.some((option) => DROPS_ROWS.test(option))) {
      progress(
        `${direction(replica, source)}: rows that were kept back meanwhile are on ${source.name} only. Compare the tables of both nodes, and copy by hand what is missing.`,
      );
    }
    await pointAtSource(ends, wanted, status);
  } else if (!isRunning(status)) {
    await startOrRepair(ends, wanted, status);
  }
  await reconnectNow(replica);
  if (await withRemedy(isRefused(ends))) await logInAgain(ends, wanted);
  await replicates(ends);
  const { seconds, proved } = await withRemedy(proveRowsArrive(source, replica, DEADLINE));
  if (!isRunning(status)) sourceMark ??= await stopIfRewound(ends, before.sourceMark);
  // A source that lost an earlier connection of this replica only now may have taken it off its count.
  await replicates(ends);
  if (rotating) await settlePassword(source, wanted.user, wanted.password);
  const encryption = await encryptionOf(ends, wanted.user, wanted.tls);
  return {
    direction: direction(replica, source),
    secondsToArrive: seconds,
    proved,
    encryption,
    sourceMark: sourceMark ?? before.sourceMark,
  };
}

/** The source refuses the replica's login, also now that accounts and link are as wanted: an error of an earlier try is gone by then. */
async function isRefused({ replica, source }: Ends): Promise<boolean> {
  const wait = { what: `${replica.name} to replicate from ${source.name}`, deadline: DEADLINE };
  return until<boolean>(wait, async () => {
    const status = await replicaStatus(replica);
    const isOnTheWay = status && ["Preparing", "Connecting"].includes(status.ioThread) && !status.ioError;
    if (isOnTheWay) return { seen: describe(status) };
    return { done: status?.ioThread !== "Yes" && isRefusedLogin(status?.ioError?.errno) };
  });
}

/** The password that a replica has can't be read. Where the account takes the link's, it is the replica's that is wrong. */
async function logInAgain(ends: Ends, wanted: LinkParameters): Promise<void> {
  const { replica, source } = ends;
  const status = await replicaStatus(replica);
  const login = { user: wanted.user, password: wanted.password, refusal: status?.ioError?.text ?? "" };
  const found = await candidatesFor(source, replica, login);
  if (found[0]?.problems.length !== 0) {
    const seen =
      found.length === 0 ? `there is no account "${wanted.user}" ${forIt(login.refusal)}` : describeCandidates(found);
    const remedy = dropOthers(source, found);
    throw new Error(
      `${source.name} refuses the login of ${replica.name}: ${seen}. Nothing was changed about the replication. ${remedy ? `${remedy} ` : ""}` +
        `\`pulumi up\` of the accounts of ${source.name} repairs those of the program; then run \`pulumi up\` of this link.`,
    );
  }
  progress(`${direction(replica, source)}: ${source.name} refuses the login; the replica gets the password once more`);
  await pointAtSource(ends, wanted, status);
}

/**
 * Lets a replica whose threads stand still go on, unless the source has lost what it needs. One that can't log in is left trying: what it lacks
 * may be another change's to bring.
 */
export async function startStopped(ends: Ends, status: ReplicaStatus): Promise<void> {
  await refuseUnfinished(ends);
  const mark = await refuseToLoseRows(ends, undefined);
  await startThreads(ends, status);
  if (mark) return;
  try {
    await waitUntilReplicating(ends.replica, ends.source, DEADLINE, isLasting);
  } catch (error) {
    if (error instanceof ReplicationStopped && isLasting(error.errno)) return;
    throw error;
  }
  await stopIfRewound(ends, undefined);
}

async function startThreads(ends: Ends, status: ReplicaStatus): Promise<void> {
  progress(`${direction(ends.replica, ends.source)}: starting replication (${describe(status)})`);
  await startStoppedThreads(ends.replica, status);
}

/** A replica whose files about replication are damaged fetches again what it has not applied: the source still has it. */
async function startOrRepair(ends: Ends, wanted: LinkParameters, status: ReplicaStatus): Promise<void> {
  try {
    await startThreads(ends, status);
  } catch (error) {
    if ((error as { errno?: number }).errno !== DAMAGED) throw error;
    progress(
      `${ends.replica.name}: its files about replication are damaged (${DAMAGED}); they are made again, and what it has not applied is fetched again from ${ends.source.name}`,
    );
    await changeMaster(ends, wanted);
    await startReplica(ends.replica);
  }
}

/** Ends the replication, after what was received is applied. */
export async function removeLink(replica: Server): Promise<void> {
  const status = await replicaStatus(replica);
  if (!status) return;
  if (status.sqlThread === "Yes") await waitUntilReceivedIsApplied(replica, DEADLINE);
  await replica.query("STOP SLAVE");
  await replica.query("RESET SLAVE ALL");
}

/** The replica gets to where the source is wanted: nothing has to be asked about the network. */
const isConnected = (status: ReplicaStatus | undefined, { connection }: Server): boolean =>
  status?.ioThread === "Yes" && pullsFrom(status, connection);

/** Options with which a replica lets transactions pass without their rows, or leaves them out. */
const DROPS_ROWS = /^(IGNORE_SERVER_IDS|DO_DOMAIN_IDS|IGNORE_DOMAIN_IDS|sql_slave_skip_counter)=/;

/** In words, what CHANGE MASTER has to correct. */
function differing(status: ReplicaStatus, ends: Ends, wanted: LinkParameters): string[] {
  const { address, port } = ends.source.connection;
  const pairs: readonly [string, string | number, string | number | undefined][] = [
    ["address of the source", status.sourceAddress, address],
    ["port of the source", status.sourcePort, port],
    ["user", status.user, wanted.user],
    ["use of GTIDs", status.useGtid, wanted.useGtid],
    ["seconds between tries to connect", status.connectRetry, wanted.connectRetry],
    ["heartbeat period", status.heartbeatPeriod, wanted.heartbeatPeriod],
  ];
  const tls = wantedTls(ends.replica, ends.source, wanted.tls);
  return [
    ...pairs
      .filter(([, seen, want]) => want !== undefined && seen !== want)
      .map(([what, seen, want]) => `${what} is ${seen}, becomes ${want}`),
    ...(differsInTls(status, ends, wanted) ? [`TLS is ${inWords(status.tls)}, becomes ${inWords(tls)}`] : []),
    ...status.otherOptions.map((option) => `${option} is taken away`),
  ];
}

const differsInTls = (status: ReplicaStatus | undefined, ends: Ends, { tls }: LinkParameters): boolean =>
  status !== undefined && seenTls(status.tls, tls, ends) !== tls;

async function pointAtSource(ends: Ends, wanted: LinkParameters, status: ReplicaStatus | undefined): Promise<void> {
  const { replica, source } = ends;
  const turn = async () => {
    await changeMaster(ends, wanted);
    await startReplica(replica);
  };
  if (!status) return turn();
  refuseAfterFailure([replica.connection, source.connection]);
  // CHANGE MASTER throws the relay log away; the source still has what was received from it, another server may not.
  if (status.otherOptions.length > 0) await refuseToDropReceived(ends, status);
  else if (status.sqlThread === "Yes") await waitUntilReceivedIsApplied(replica, DEADLINE);
  await withoutWaiting(
    source,
    async () => {
      await replica.query("STOP SLAVE");
      await turn();
    },
    () => replicates(ends).catch((error: unknown) => explainRefusal(ends, wanted, error)),
  );
}

/** The source may take another account for the replica's than the one that is wanted. */
async function explainRefusal({ replica, source }: Ends, { user, password }: LinkParameters, error: unknown) {
  if (!(error instanceof ReplicationStopped) || !isRefusedLogin(error.errno)) throw error;
  const taken = await candidatesFor(source, replica, { user, password, refusal: error.message });
  error.message = `${error.message} ${narrowestFirst(source, taken, error.message)}`;
  throw error;
}

/** Ends when both threads run and the replica acknowledges. */
async function replicates({ replica, source }: Ends): Promise<void> {
  await withRemedy(waitUntilReplicating(replica, source, DEADLINE, isLasting));
  await withRemedy(bringAcknowledgement(source, replica, DEADLINE));
}

const startReplica = async (replica: Server): Promise<void> => void (await replica.query("START SLAVE"));

async function startStoppedThreads(replica: Server, status: ReplicaStatus): Promise<void> {
  // With its IO thread running, the SQL thread goes on with the relay log; else the source is asked again for what is not applied.
  if (status.ioThread !== "No") await replica.query("START SLAVE SQL_THREAD");
  else if (status.sqlThread !== "No") await replica.query("START SLAVE IO_THREAD");
  else await startReplica(replica);
}

/** Adds to an error what repairs it. */
export async function withRemedy<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    // Errors of other kinds have numbers too, such as that of a refused statement: they are not the replica's.
    const errno = error instanceof ReplicationStopped || error instanceof TooLate ? error.errno : undefined;
    throw Object.assign(error as Error, { message: `${(error as Error).message}. ${remedy(errno)}` });
  }
}
