import {
  hasAppliedReceived,
  type ReplicaStatus,
  replicaStatus,
  waitUntilReceivedIsApplied,
} from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import { progress } from "../run";

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
  return (
    `${message}. Sessions that ${lost} sent before its data were lost are only there, in the relay log of ${peer.name}: don't restart ${peer.name}, and run ` +
    `neither STOP SLAVE, START SLAVE nor RESET SLAVE on it, which would throw them away. Instead, ${await stepsToSave(peer, status)} Then run \`pulumi up\` again. ` +
    `Nothing was copied, and ${lost} stays closed to all other accounts until then.`
  );
}

async function stepsToSave(peer: Server, { ioThread, sqlError }: ReplicaStatus): Promise<string> {
  const place = await peer.row("SHOW SLAVE STATUS");
  // MASTER_USE_GTID=no is what keeps the relay log over the start.
  const keep = `CHANGE MASTER TO MASTER_USE_GTID=no, RELAY_LOG_FILE='${place?.["Relay_Log_File"]}', RELAY_LOG_POS=${place?.["Relay_Log_Pos"]}`;
  const start = "START SLAVE SQL_THREAD; and wait until that has applied all.";
  // Its threads wait for locks of each other: one alone gets through.
  if (place?.["Slave_SQL_Running"] === "Yes") {
    const threads = await peer.value("SELECT @@GLOBAL.slave_parallel_threads");
    return (
      "if it stands still (SHOW PROCESSLIST: its threads wait for each other), let one thread apply it; run on it: STOP SLAVE; SET GLOBAL slave_parallel_threads=0; " +
      `${keep}; ${start} After that: STOP SLAVE; SET GLOBAL slave_parallel_threads=${threads};`
    );
  }
  const repair = sqlError ? "repair there what the error names, then run on it" : "run on it";
  return `${repair}: ${ioThread === "No" ? `STOP SLAVE; ${keep}; ` : ""}${start}`;
}
