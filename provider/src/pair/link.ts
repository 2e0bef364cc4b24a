import { settlePassword, takesSeveralPasswords } from "../mariadb/accounts";
import { parsePosition } from "../mariadb/gtid";
import {
  appliedPosition,
  compareStreams,
  describe,
  direction,
  isRunning,
  proveRowsArrive,
  type ReplicaStatus,
  reconnectNow,
  replicaStatus,
  waitUntilReceivedIsApplied,
  waitUntilReplicating,
} from "../mariadb/replication";
import { bringAcknowledgement, withoutWaiting } from "../mariadb/semiSync";
import { Secret, type Server } from "../mariadb/server";
import { hasRows, replicatedTables } from "../mariadb/tables";
import { remedy } from "../recipe/linkState";
import type { LinkTls } from "../recipe/tls";
import { progress } from "../waiting";
import { encryptionOf, inWords, isVerified, refuseUnprovable, seenTls, wantedTls } from "./linkTls";
import { refuseUnreachable } from "./reachability";

const DEADLINE = 45_000;

/** How the replica shall pull from the source. */
export interface LinkParameters {
  readonly user: string;
  readonly password: string;
  readonly useGtid: "current_pos" | "slave_pos";
  /** Seconds between two tries to connect. */
  readonly connectRetry: number;
  /** Seconds between two signs of life from the source. Undefined: half of slave_net_timeout, as the server has it. */
  readonly heartbeatPeriod?: number | undefined;
  /** Undefined: as the servers do by themselves. */
  readonly tls?: LinkTls | undefined;
}

/** What was seen of a link that is as wanted. */
export interface Proof {
  /** How long a row took to arrive. */
  readonly secondsToArrive: number;
  /** With what it is encrypted. */
  readonly encryption: string;
}

export interface Ends {
  readonly replica: Server;
  readonly source: Server;
}

/**
 * Makes the replica pull from the source, and ends when rows really arrive. A link that is as wanted is left alone but for one
 * GTID that touches no row.
 */
export async function establishLink(ends: Ends, wanted: LinkParameters, passwordChanged: boolean): Promise<Proof> {
  const { replica, source } = ends;
  await refuseEqualIdentity(ends);
  await refuseUnprovable(source, wanted.user, wanted.tls);
  const status = await replicaStatus(replica);
  if (!isConnected(status, source) || differsInTls(status, ends, wanted)) {
    await refuseUnreachable(replica, source, wanted.user, isVerified(wanted.tls));
  }
  const differences = status ? differing(status, ends, wanted) : [];
  // While the account takes several passwords, nobody but us knows with which one this replica logs in.
  const rotating = await takesSeveralPasswords(source, wanted.user);
  if (!status || differences.length > 0 || passwordChanged || rotating) {
    for (const difference of differences) progress(`${direction(replica, source)}: ${difference}`);
    await refuseToLoseRows(ends);
    await pointAtSource(ends, wanted, status);
  } else if (!isRunning(status)) {
    await startStopped(ends, status);
  }
  await reconnectNow(replica);
  await withRemedy(waitUntilReplicating(replica, source, DEADLINE));
  await bringAcknowledgement(source, replica, DEADLINE);
  const seconds = await withRemedy(proveRowsArrive(source, replica, DEADLINE));
  if (rotating) await settlePassword(source, wanted.user, wanted.password);
  return { secondsToArrive: seconds, encryption: await encryptionOf(source, wanted.user, wanted.tls) };
}

/** Lets a replica whose threads stand still go on. */
export async function startStopped(ends: Ends, status: ReplicaStatus): Promise<void> {
  progress(`${direction(ends.replica, ends.source)}: starting replication (${describe(status)})`);
  await refuseToLoseRows(ends);
  await startStoppedThreads(ends.replica, status);
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
  status?.ioThread === "Yes" && status.sourceAddress === connection.address && status.sourcePort === connection.port;

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
  ];
}

const differsInTls = (status: ReplicaStatus | undefined, ends: Ends, { tls }: LinkParameters): boolean =>
  status !== undefined && seenTls(status.tls, tls, ends) !== tls;

async function refuseEqualIdentity({ replica, source }: Ends): Promise<void> {
  for (const variable of ["server_id", "gtid_domain_id", "server_uid"]) {
    if (variable === "server_uid" && !replica.version.atLeast("10.10")) continue;
    const [one, other] = await Promise.all(
      [replica, source].map((server) => server.value(`SELECT @@GLOBAL.${variable}`)),
    );
    if (one !== other) continue;
    throw new Error(
      `${replica.name} and ${source.name} have the same ${variable} (${one}), so they were not linked. ` +
        (variable === "server_uid" ? "They are the same server." : "Give the nodes the numbers 1 and 2."),
    );
  }
}

async function refuseToLoseRows(ends: Ends): Promise<void> {
  await refuseRewoundSource(ends);
  await refuseToMixHistories(ends);
}

/** A source that has less than the replica got from it went back in time, or was made anew: its next sessions would reuse numbers. */
async function refuseRewoundSource({ replica, source }: Ends): Promise<void> {
  const domain = Number(await source.value("SELECT @@GLOBAL.gtid_domain_id"));
  const { known, written } = await compareStreams(source, replica, domain);
  if (known <= written) return;
  throw new Error(
    `${source.name}'s binary log ends at sequence ${written}, but ${replica.name} has received up to ${known} ` +
      `from it: ${source.name} went back in time or was made anew. Nothing was linked, because sessions would be lost without a word. ` +
      `Bring ${source.name} up with its "peer", which seeds it from ${replica.name}.`,
  );
}

/**
 * Two servers that were never linked and both hold sessions: replaying the one's history (CREATE TABLE runs as CREATE OR REPLACE)
 * would destroy the other's rows.
 */
async function refuseToMixHistories({ replica, source }: Ends): Promise<void> {
  const domain = Number(await source.value("SELECT @@GLOBAL.gtid_domain_id"));
  if ((await appliedPosition(replica)).has(domain)) return;
  if (parsePosition(await source.value("SELECT @@GLOBAL.gtid_binlog_state")).size === 0) return;
  const [own, others] = await Promise.all([tablesWithRows(replica), tablesWithRows(source)]);
  if (own.length === 0 || others.length === 0) return;
  throw new Error(
    `${replica.name} and ${source.name} were never linked, and both hold sessions (${own.join(", ")}). Replaying the history of ${source.name} ` +
      `would destroy rows of ${replica.name}, so they were not linked. Empty the tables of one of them, or drop its database.`,
  );
}

async function tablesWithRows(server: Server): Promise<string[]> {
  const filled: string[] = [];
  for (const table of await replicatedTables(server)) {
    if (await hasRows(server, table)) filled.push(`${table.database}.${table.table}`);
  }
  return filled;
}

async function pointAtSource(ends: Ends, wanted: LinkParameters, status: ReplicaStatus | undefined): Promise<void> {
  const { replica, source } = ends;
  if (!status) {
    await changeMaster(ends, wanted);
    return startReplica(replica);
  }
  // CHANGE MASTER throws the relay log away; the source still has what was received from it, another server may not.
  if (status.sqlThread === "Yes") await waitUntilReceivedIsApplied(replica, DEADLINE);
  await withoutWaiting(
    source,
    async () => {
      await replica.query("STOP SLAVE");
      await changeMaster(ends, wanted);
      await startReplica(replica);
    },
    async () => {
      await withRemedy(waitUntilReplicating(replica, source, DEADLINE));
      await bringAcknowledgement(source, replica, DEADLINE);
    },
  );
}

async function changeMaster({ replica, source }: Ends, wanted: LinkParameters): Promise<void> {
  const { address, port } = source.connection;
  const { on, verified, ca, certificate } = wantedTls(replica, source, wanted.tls);
  const login = [address, port, wanted.user, new Secret(wanted.password)];
  const values: unknown[] = [...login, wanted.connectRetry, Number(on), Number(verified), ca, certificate, certificate];
  const heartbeat = wanted.heartbeatPeriod === undefined ? "" : ", MASTER_HEARTBEAT_PERIOD=?";
  if (wanted.heartbeatPeriod !== undefined) values.push(wanted.heartbeatPeriod);
  // The statement holds the password in clear text, and the general log would keep it.
  await replica.query("SET SESSION sql_log_off=1");
  try {
    // All of the TLS values: those of an earlier CHANGE MASTER stay in force otherwise, even after RESET SLAVE ALL.
    await replica.query(
      `CHANGE MASTER TO MASTER_HOST=?, MASTER_PORT=?, MASTER_USER=?, MASTER_PASSWORD=?, MASTER_USE_GTID=${wanted.useGtid},
         MASTER_CONNECT_RETRY=?, MASTER_SSL=?, MASTER_SSL_VERIFY_SERVER_CERT=?, MASTER_SSL_CA=?, MASTER_SSL_CERT=?,
         MASTER_SSL_KEY=?, MASTER_SSL_CAPATH='', MASTER_SSL_CIPHER='', MASTER_SSL_CRL='', MASTER_SSL_CRLPATH=''${heartbeat}`,
      values,
    );
  } finally {
    await replica.query("SET SESSION sql_log_off=0");
  }
}

const startReplica = async (replica: Server): Promise<void> => void (await replica.query("START SLAVE"));

async function startStoppedThreads(replica: Server, status: ReplicaStatus): Promise<void> {
  // With its IO thread running, the SQL thread goes on with the relay log; else the source is asked again for what is not applied.
  if (status.ioThread !== "No") await replica.query("START SLAVE SQL_THREAD");
  else if (status.sqlThread !== "No") await replica.query("START SLAVE IO_THREAD");
  else await startReplica(replica);
}

async function withRemedy<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const errno = /\b(\d{4})\b/.exec((error as Error).message)?.[1];
    throw new Error(`${(error as Error).message}. ${remedy(Number(errno))}`);
  }
}
