import {
  hasAppliedReceived,
  type ReplicaStatus,
  replicaStatus,
  waitUntilReceivedIsApplied,
} from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import { progress } from "../waiting";

const DEADLINE = 60_000;

/** Waits until the peer of a lost server has applied what it received from that, which is nowhere else. A thread that was merely stopped is started. */
export async function applyReceived(peer: Server, lost: string): Promise<void> {
  const status = await replicaStatus(peer);
  if (!status || (await hasAppliedReceived(peer))) return;
  // Where the IO thread stands still too, any start throws the relay log away.
  if (status.sqlThread === "No" && !status.sqlError && status.ioThread !== "No") {
    progress(`${peer.name}: starting its SQL thread, because what it has received from ${lost} is nowhere else`);
    await peer.query("START SLAVE SQL_THREAD");
  }
  try {
    await waitUntilReceivedIsApplied(peer, DEADLINE);
  } catch (error) {
    throw new Error(await notApplied(peer, lost, status, error as Error));
  }
}

async function notApplied(peer: Server, lost: string, status: ReplicaStatus, { message }: Error): Promise<string> {
  const place = await peer.row("SHOW SLAVE STATUS");
  const repair = status.sqlError ? "repair there what the error names, then run on it" : "run on it";
  // MASTER_USE_GTID=no is what keeps the relay log over the start.
  const start =
    status.ioThread === "No"
      ? `STOP SLAVE; CHANGE MASTER TO MASTER_USE_GTID=no, RELAY_LOG_FILE='${place?.["Relay_Log_File"]}', RELAY_LOG_POS=${place?.["Relay_Log_Pos"]}; START SLAVE SQL_THREAD;`
      : "START SLAVE SQL_THREAD;";
  return (
    `${message}. Sessions that ${lost} sent before its data were lost are only there, in the relay log of ${peer.name}: don't restart ${peer.name}, and run ` +
    `neither STOP SLAVE, START SLAVE nor RESET SLAVE on it, which would throw them away. Instead, ${repair}: ${start} When that has applied all, run \`pulumi up\` again. ` +
    `Nothing was copied, and ${lost} stays closed to all other accounts until then.`
  );
}
