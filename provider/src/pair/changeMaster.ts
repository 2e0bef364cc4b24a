import type { ReplicationLinkInputs } from "../inputs";
import { withRights } from "../mariadb/rights";
import { Secret } from "../mariadb/secret";
import type { Server } from "../mariadb/server";
import type { Ends } from "./ends";
import { wantedTls } from "./linkTls";

/** The statement that says from where, as whom and how a replica pulls. */

/** How the replica is to pull from the source. */
export type LinkParameters = Omit<ReplicationLinkInputs, "replica" | "source" | "revisions">;

/** What the server says where its files about replication (master.info, relay-log.info, the relay log) don't fit together, as after a crash. */
export const DAMAGED = 1201;

/** Its threads have to stand still. Files about replication that are damaged are made again: what it has applied is in a table. */
export async function changeMaster(ends: Ends, wanted: LinkParameters): Promise<void> {
  try {
    await send(ends, wanted);
  } catch (error) {
    if ((error as { errno?: number }).errno !== DAMAGED) throw error;
    await ends.replica.query("RESET SLAVE");
    await send(ends, wanted);
  }
}

async function send({ replica, source }: Ends, wanted: LinkParameters): Promise<void> {
  const { address, port } = source.connection;
  const { on, verified, ca, certificate } = wantedTls(replica, source, wanted.tls);
  const login = [address, port, wanted.user, new Secret(wanted.password)];
  const values: unknown[] = [...login, wanted.connectRetry, Number(on), Number(verified), ca, certificate, certificate];
  const heartbeat = wanted.heartbeatPeriod === undefined ? "" : ", MASTER_HEARTBEAT_PERIOD=?";
  if (wanted.heartbeatPeriod !== undefined) values.push(wanted.heartbeatPeriod);
  // All options that the link does not have too: those of an earlier CHANGE MASTER stay in force otherwise, those of TLS even after RESET SLAVE ALL.
  const statement = `CHANGE MASTER TO MASTER_HOST=?, MASTER_PORT=?, MASTER_USER=?, MASTER_PASSWORD=?, MASTER_USE_GTID=${wanted.useGtid},
       MASTER_CONNECT_RETRY=?, MASTER_SSL=?, MASTER_SSL_VERIFY_SERVER_CERT=?, MASTER_SSL_CA=?, MASTER_SSL_CERT=?,
       MASTER_SSL_KEY=?, MASTER_SSL_CAPATH='', MASTER_SSL_CIPHER='', MASTER_SSL_CRL='', MASTER_SSL_CRLPATH='',
       MASTER_DELAY=0, IGNORE_SERVER_IDS=(), DO_DOMAIN_IDS=(), IGNORE_DOMAIN_IDS=()${heartbeat}`;
  await unheard(replica, (by) => by.query(statement, values));
}

/**
 * Runs a statement that has a password in clear text, which the general log would keep, and the performance schema where somebody lets it have
 * a history of statements. Only who has SUPER may leave that log.
 */
async function unheard(server: Server, work: (by: Server) => Promise<unknown>): Promise<void> {
  const isLogged = (await server.value("SELECT @@GLOBAL.general_log")) !== "0";
  if (!isLogged && !(await isInstrumented(server))) return void (await work(server));
  await withRights(server, async (by) => {
    const wasInstrumented = await isInstrumented(by);
    if (isLogged) await by.query("SET SESSION sql_log_off=1");
    try {
      if (wasInstrumented) await instrument(by, "NO");
      await work(by);
    } finally {
      if (wasInstrumented) await instrument(by, "YES");
      if (isLogged) await by.query("SET SESSION sql_log_off=0");
    }
  });
}

/** Whether the performance schema looks at this session. Its tables are empty where it is off. */
const isInstrumented = async (server: Server): Promise<boolean> =>
  (await server.value(
    "SELECT MAX(INSTRUMENTED) FROM performance_schema.threads WHERE PROCESSLIST_ID = CONNECTION_ID()",
  )) === "YES";

const instrument = (server: Server, whether: "YES" | "NO"): Promise<unknown> =>
  server.query("UPDATE performance_schema.threads SET INSTRUMENTED = ? WHERE PROCESSLIST_ID = CONNECTION_ID()", [
    whether,
  ]);
