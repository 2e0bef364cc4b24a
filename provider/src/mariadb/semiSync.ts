import { progress } from "../run";
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
  if (server.version.has("built-in semi-sync")) return;
  for (const side of ["master", "slave"]) {
    const plugin = `rpl_semi_sync_${side}`;
    if (await server.row("SELECT 1 FROM information_schema.PLUGINS WHERE PLUGIN_NAME = ?", [plugin])) continue;
    progress(`${server.name}: installing the plug-in ${plugin}`);
    await server.query(`INSTALL PLUGIN ${plugin} SONAME 'semisync_${side}.so'`);
  }
}
