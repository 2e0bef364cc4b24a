import { inTime, progress, until } from "../waiting";
import { failIfStopped, replicaStatus } from "./replication";
import type { Server } from "./server";

/** Semi-synchronous replication as it is in effect, which the variables alone don't tell. */
export interface SemiSync {
  /** As source: wanted by the variable. */
  readonly sourceEnabled: boolean;
  /** As source: commits wait for an acknowledgement. */
  readonly sourceActive: boolean;
  /** As source: how many replicas acknowledge. */
  readonly replicas: number;
  readonly replicaEnabled: boolean;
  /** As replica: acknowledges. Follows the variable only when the IO thread starts. */
  readonly replicaActive: boolean;
}

export async function semiSync(server: Server): Promise<SemiSync> {
  const rows = await server.query("SHOW GLOBAL STATUS LIKE 'Rpl\\_semi\\_sync\\_%'");
  const status = new Map(rows.map((row) => [String(row["Variable_name"]), String(row["Value"])]));
  const enabled = await server.row(
    "SELECT @@GLOBAL.rpl_semi_sync_master_enabled AS source, @@GLOBAL.rpl_semi_sync_slave_enabled AS replica",
  );
  return {
    sourceEnabled: Number(enabled?.["source"]) === 1,
    sourceActive: status.get("Rpl_semi_sync_master_status") === "ON",
    replicas: Number(status.get("Rpl_semi_sync_master_clients")),
    replicaEnabled: Number(enabled?.["replica"]) === 1,
    replicaActive: status.get("Rpl_semi_sync_slave_status") === "ON",
  };
}

/** Before 10.3.3 semi-sync came as two plug-ins (recipe, step 5), and its settings are unknown without them. */
export async function installSemiSync(server: Server): Promise<void> {
  if (server.version.atLeast("10.3.3")) return;
  for (const side of ["master", "slave"]) {
    const plugin = `rpl_semi_sync_${side}`;
    if (await server.row("SELECT 1 FROM information_schema.PLUGINS WHERE PLUGIN_NAME = ?", [plugin])) continue;
    progress(`${server.name}: installing the plug-in ${plugin}`);
    await server.query(`INSTALL PLUGIN ${plugin} SONAME 'semisync_${side}.so'`);
  }
}

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
