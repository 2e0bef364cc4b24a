import { replicaStatus } from "../mariadb/replication";
import { semiSync } from "../mariadb/semiSync";
import type { Server } from "../mariadb/server";
import { progress } from "../run";
import { inTime, until } from "../waiting";
import { failIfStopped } from "./proof";

/** Semi-synchronous replication between the two: commits on the source wait for the replica, or for nobody while it is away. */

/** Brings about that the replica acknowledges and the source's commits wait for that, where both sides want it. */
export async function bringAcknowledgement(source: Server, replica: Server, deadline: number): Promise<void> {
  await bringReplicaToAcknowledge(source, replica, deadline);
  const { sourceEnabled, sourceActive, replicas } = await semiSync(source);
  if (!sourceEnabled || sourceActive || replicas === 0) return;
  // A source that has given up waits again when an acknowledgement reaches its last commit. Under load over a slow network none does.
  await source.query("SET GLOBAL rpl_semi_sync_master_enabled = OFF");
  await source.query("SET GLOBAL rpl_semi_sync_master_enabled = ON");
}

/**
 * A replica acknowledges by itself when its IO thread starts; one that was started before the variable was on, or that the source
 * doesn't count, has to start again.
 */
async function bringReplicaToAcknowledge(source: Server, replica: Server, deadline: number): Promise<void> {
  const acknowledged = (longest: number) =>
    until({ what: `${replica.name} to acknowledge what ${source.name} commits`, deadline: longest }, async () => {
      const [from, to] = await Promise.all([semiSync(source), semiSync(replica)]);
      if (!to.replicaEnabled || (from.replicas > 0 && to.replicaActive)) return { done: true };
      failIfStopped(replica, source, await replicaStatus(replica));
      return { seen: `${source.name} counts ${from.replicas} acknowledging replicas` };
    });
  if (await inTime(acknowledged(1000))) return;
  progress(`${replica.name}: restarting the IO thread, so that it acknowledges what ${source.name} commits`);
  await withoutWaiting(
    source,
    () => restartIoThread(replica),
    () => acknowledged(deadline),
  );
}

async function restartIoThread(replica: Server): Promise<void> {
  await replica.query("STOP SLAVE IO_THREAD");
  await replica.query("START SLAVE IO_THREAD");
}

/**
 * Runs `work` while commits on the source wait for nobody, so that no client stalls when its replica goes away for a while.
 * Semi-sync comes back only when the replica acknowledges again: otherwise the next commit would wait for the timeout.
 * When it does not come back, semi-sync stays off; the next `up` finds it so and switches it on.
 */
export async function withoutWaiting<T>(
  source: Server,
  work: () => Promise<T>,
  acknowledged: () => Promise<unknown>,
): Promise<T> {
  const { sourceEnabled } = await semiSync(source);
  if (sourceEnabled) await source.query("SET GLOBAL rpl_semi_sync_master_enabled = OFF");
  const switchOn = async () => {
    try {
      await acknowledged();
      if (sourceEnabled) await source.query("SET GLOBAL rpl_semi_sync_master_enabled = ON");
    } catch (error) {
      if (sourceEnabled) progress(`${source.name}: semi-sync stays off until the next \`pulumi up\``);
      throw error;
    }
  };
  const result = await work().catch(async (error: unknown) => {
    await switchOn().catch(() => undefined);
    throw error;
  });
  await switchOn();
  return result;
}
