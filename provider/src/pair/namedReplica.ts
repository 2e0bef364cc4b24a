import type { Connection } from "../inputs";
import { openServer } from "../mariadb/open";
import { type NamedReplica, namedReplicas, pullsFrom, replicaStatus } from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import type { Ends } from "./ends";

/**
 * Replica connections under a name, which somebody made beside the link. One to the other node is in the link's way: each transaction would come
 * twice, and the source serves only one of them. One to any other server is its maker's matter.
 */

/** Those that pull from this source. @param source undefined: it can't be asked, and is known by its address only */
export async function namedFrom(
  replica: Server,
  where: Connection,
  source: Server | undefined,
): Promise<NamedReplica[]> {
  const named = await namedReplicas(replica);
  if (named.length === 0) return [];
  const isServed = source !== undefined && (await servesUnderOtherAddress(replica, source));
  const sourceId = isServed ? Number(await source.value("SELECT @@GLOBAL.server_id")) : undefined;
  return named.filter((one) => pullsFrom(one, where) || (one.ioThread === "Yes" && one.sourceId === sourceId));
}

/** The source sends to this replica, though not through the link. */
async function servesUnderOtherAddress(replica: Server, source: Server): Promise<boolean> {
  if ((await replicaStatus(replica))?.ioThread === "Yes") return false;
  const id = await replica.value("SELECT @@GLOBAL.server_id");
  // Only who may change a source is told of its replicas.
  await using admin = await openServer(source.connection);
  return (await admin.query("SHOW SLAVE HOSTS")).some((row) => String(row["Server_id"]) === id);
}

/** Refuses a change of a link beside which there is another connection to the same source. */
export async function refuseNamed({ replica, source }: Ends): Promise<void> {
  const [named] = await namedFrom(replica, source.connection, source);
  if (!named) return;
  const name = `'${named.name.replaceAll("'", "''")}'`;
  throw new Error(
    `${replica.name} replicates from ${source.name} (${named.sourceAddress}:${named.sourcePort}) under the name ${name}, which is not the link: a pair's link ` +
      "has no name. Nothing was touched. When the connection has applied all that it received (its Gtid_IO_Pos in SHOW ALL SLAVES STATUS is in gtid_slave_pos; " +
      `until then leave its threads running), run \`STOP SLAVE ${name}; RESET SLAVE ${name} ALL;\` on ${replica.name}, then \`pulumi up\`: the link goes on where ` +
      "it ended.",
  );
}
