import { withoutUsersData } from "../hosts/serverText";
import type { Connection } from "../inputs";
import {
  type Column,
  otherOptions,
  REPLICA_COLUMNS,
  SOURCE_COLUMNS,
  unknownColumns,
} from "../recipe/replicationColumns";
import { ofRun, progress } from "../run";
import { until } from "../waiting";
import { type GtidPosition, parsePosition, reaches } from "./gtid";
import type { Row, Server } from "./server";

/** What SHOW SLAVE STATUS says of the replication from the peer. */
export interface ReplicaStatus {
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly user: string;
  readonly useGtid: string;
  readonly connectRetry: number;
  readonly heartbeatPeriod: number;
  readonly tls: LinkTlsValues;
  readonly ioThread: string;
  readonly sqlThread: string;
  readonly ioError: ReplicaError | undefined;
  readonly sqlError: ReplicaError | undefined;
  /** What has arrived in the relay log. */
  readonly received: GtidPosition;
  /** Options that no link has, such as `MASTER_DELAY=3600`. */
  readonly otherOptions: readonly string[];
}

/** The MASTER_SSL values of a replica, as far as they are ours to set. */
export interface LinkTlsValues {
  /** TLS is used where the source offers it. */
  readonly on: boolean;
  /** It is used in any case, and the source has to prove itself. */
  readonly verified: boolean;
  /** Paths on the replica's machine; empty: none. */
  readonly ca: string;
  readonly certificate: string;
}

export interface ReplicaError {
  readonly errno: number;
  /** Without what it quotes of statements and rows: it is shown, and kept in states. */
  readonly text: string;
}

/** A replica connection under a name, which is nobody's link. */
export interface NamedReplica extends ReplicaStatus {
  readonly name: string;
  /** The server_id of its source; 0 before it was connected. */
  readonly sourceId: number;
}

/** Undefined: this server replicates from nobody, except perhaps under a name. */
export async function replicaStatus(server: Server): Promise<ReplicaStatus | undefined> {
  const row = (await allReplicas(server)).find((candidate) => candidate["Connection_name"] === "");
  return row && statusOf(row);
}

export async function namedReplicas(server: Server): Promise<NamedReplica[]> {
  return (await allReplicas(server))
    .filter((row) => row["Connection_name"] !== "")
    .map((row) => ({
      ...statusOf(row),
      name: String(row["Connection_name"]),
      sourceId: Number(row["Master_Server_Id"]),
    }));
}

async function allReplicas(server: Server): Promise<Row[]> {
  const rows = await server.query("SHOW ALL SLAVES STATUS");
  tellUnknown(server, rows[0], REPLICA_COLUMNS);
  return rows;
}

/** What SHOW MASTER STATUS says; undefined while there is no binary log. */
export async function sourceStatus(server: Server): Promise<Row | undefined> {
  const row = await server.row("SHOW MASTER STATUS");
  tellUnknown(server, row, SOURCE_COLUMNS);
  return row;
}

/** Columns of which was told already, by server. */
const told = ofRun(() => new Set<string>());

function tellUnknown({ name, version }: Server, row: Row | undefined, known: Readonly<Record<string, Column>>): void {
  const unknown = unknownColumns(Object.keys(row ?? {}), known);
  const key = `${name}: ${unknown.join(", ")}`;
  if (unknown.length === 0 || told().has(key)) return;
  told().add(key);
  progress(
    `${key}: MariaDB ${version.number} says this of replication, and this library does not know it. Should it keep rows back, previews would not show that`,
  );
}

function statusOf(row: Row): ReplicaStatus {
  const text = (column: string) => String(row[column] ?? "");
  return {
    sourceAddress: text("Master_Host"),
    sourcePort: Number(row["Master_Port"]),
    user: text("Master_User"),
    useGtid: text("Using_Gtid").toLowerCase(),
    connectRetry: Number(row["Connect_Retry"]),
    heartbeatPeriod: Number(row["Slave_heartbeat_period"]),
    tls: {
      on: text("Master_SSL_Allowed") !== "No",
      verified: text("Master_SSL_Verify_Server_Cert") === "Yes",
      ca: text("Master_SSL_CA_File"),
      certificate: text("Master_SSL_Cert"),
    },
    ioThread: text("Slave_IO_Running"),
    sqlThread: text("Slave_SQL_Running"),
    ioError: errorOf(row, "IO"),
    sqlError: errorOf(row, "SQL"),
    received: parsePosition(text("Gtid_IO_Pos")),
    otherOptions: otherOptions((column) => text(column).trim()),
  };
}

function errorOf(row: Row, thread: "IO" | "SQL"): ReplicaError | undefined {
  const errno = Number(row[`Last_${thread}_Errno`]);
  return errno === 0 ? undefined : { errno, text: withoutUsersData(String(row[`Last_${thread}_Error`]), errno) };
}

/** The replica is pointed at this very server. */
export const pullsFrom = ({ sourceAddress, sourcePort }: ReplicaStatus, { address, port }: Connection): boolean =>
  sourceAddress === address && sourcePort === port;

export const isRunning = (status: ReplicaStatus | undefined): boolean =>
  status?.ioThread === "Yes" && status.sqlThread === "Yes";

/** Somebody stopped it, or a run that was cut off: no error that only an operator can mend. A failed try to connect is none. */
export function isMerelyStopped({ ioThread, sqlThread, ioError, sqlError }: ReplicaStatus): boolean {
  const LOGIN_REFUSED = [1045, 1597, 1698, 4150, 4151];
  const isRetried =
    !ioError || (ioError.errno >= 2000 && ioError.errno < 3000) || LOGIN_REFUSED.includes(ioError.errno);
  return (ioThread === "No" || sqlThread === "No") && isRetried && !sqlError;
}

/** The GTID domain in which this server writes. */
export async function ownDomain(server: Server): Promise<number> {
  return Number(await server.value("SELECT @@GLOBAL.gtid_domain_id"));
}

/** All that this server has written to its binary log. */
export async function writtenPosition(server: Server): Promise<GtidPosition> {
  return parsePosition(await server.value("SELECT @@GLOBAL.gtid_binlog_pos"));
}

/** What this server has applied of its peer's binary log. */
export async function appliedPosition(server: Server): Promise<GtidPosition> {
  return parsePosition(await server.value("SELECT @@GLOBAL.gtid_slave_pos"));
}

/** What this server has applied or received, domain by domain the further of both. */
export async function positionOf(replica: Server): Promise<GtidPosition> {
  const received = (await replicaStatus(replica))?.received ?? new Map();
  const position = new Map(await appliedPosition(replica));
  for (const [domain, gtid] of received) {
    if (gtid.sequence > (position.get(domain)?.sequence ?? -1n)) position.set(domain, gtid);
  }
  return position;
}

/** Waits until the replica has applied what it has received by now. A relay log that was not applied is lost at a restart or STOP SLAVE. */
export async function waitUntilReceivedIsApplied(replica: Server, deadline: number): Promise<void> {
  const target = await receivedFromPeer(replica);
  await until({ what: `${replica.name} to apply what it has received`, deadline }, async () => {
    const status = await replicaStatus(replica);
    if (reaches(await appliedPosition(replica), target)) return { done: undefined };
    if (status?.sqlThread === "No") {
      throw new Error(`${replica.name} does not apply what it has received: ${describe(status)}`);
    }
    return { seen: status ? describe(status) : "not configured" };
  });
}

export async function hasAppliedReceived(replica: Server): Promise<boolean> {
  return reaches(await appliedPosition(replica), await receivedFromPeer(replica));
}

/** The received position without this server's own transactions, which stand in it with MASTER_USE_GTID=current_pos. */
async function receivedFromPeer(replica: Server): Promise<GtidPosition> {
  const own = await ownDomain(replica);
  const status = await replicaStatus(replica);
  return new Map([...(status?.received ?? [])].filter(([domain]) => domain !== own));
}

/** The source's binary log does not have the transaction that the replica has received last: it went back in time, or was reset. */
export const foundFork = ({ ioThread, ioError }: ReplicaStatus): boolean =>
  ioThread === "No" && ioError?.errno === 1236 && /not in the master's binlog/.test(ioError.text);

/** The source has removed what the replica needs next. */
export const foundPurged = ({ ioThread, ioError }: ReplicaStatus): boolean =>
  ioThread === "No" && ioError?.errno === 1236 && /Could not find GTID state/.test(ioError.text);

/** When the server started, in seconds of its own clock. Both times are those of the statement: each look gives the same. */
export async function startOf(server: Server): Promise<number> {
  const text = await server.value(
    "SELECT UNIX_TIMESTAMP() - VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'UPTIME'",
  );
  return Math.round(Number(text));
}

/** The names by which replicas are connected now. */
export async function connectedReplicas(source: Server): Promise<string[]> {
  const rows = await source.query(
    "SELECT DISTINCT USER AS user FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'",
  );
  return rows.map(({ user }) => String(user));
}

/** How long the server has been running, in seconds. */
export async function uptime(server: Server): Promise<number> {
  return Number(
    await server.value("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'UPTIME'"),
  );
}

/** The source answered that it has no binary log. No retry follows. */
export const foundNoLog = (status: ReplicaStatus): boolean => /Binary log is not open/.test(status.ioError?.text ?? "");

/**
 * Lets a replica connect now that waits for its next try, or gave up because its source had no binary log: MASTER_CONNECT_RETRY may be long,
 * and commits wait for it. A first try that is under way goes on, however long it takes: until it has failed there is no error.
 */
export async function reconnectNow(replica: Server): Promise<void> {
  const status = await replicaStatus(replica);
  // Only the IO thread: starting the SQL thread without it would throw the relay log away.
  if (status?.sqlThread !== "Yes") return;
  if (status.ioThread === "Connecting" && status.ioError) await replica.query("STOP SLAVE IO_THREAD");
  else if (status.ioThread !== "No" || !foundNoLog(status)) return;
  await replica.query("START SLAVE IO_THREAD");
}

/** Both threads and their errors, in a line. */
export function describe(status: ReplicaStatus): string {
  const errors = [status.ioError, status.sqlError].flatMap((error) => (error ? [`${error.errno} ${error.text}`] : []));
  return [`IO thread ${status.ioThread}`, `SQL thread ${status.sqlThread}`, ...errors].join(", ");
}
