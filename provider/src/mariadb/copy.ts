import { PassThrough } from "node:stream";
import { during, progress } from "../waiting";
import { replicaStatus } from "./replication";
import type { Server } from "./server";

/** Tables are filled here and moved when they are whole: a copy that was cut off leaves nothing half behind. */
const WORKSHOP = "session_store_copy";

/**
 * Copies tables that `to` lacks from its peer, with their rows. What `to` then applies of its relay log may touch rows of the copy a
 * second time; slave_exec_mode=IDEMPOTENT makes that come out the same. Its IO thread goes on, so no commit on the peer waits.
 */
export async function copyTables(from: Server, to: Server, database: string, tables: readonly string[]): Promise<void> {
  const what = `${to.name}: copying ${tables.map((table) => `${database}.${table}`).join(", ")} from ${from.name}`;
  progress(what);
  const applying = (await replicaStatus(to))?.sqlThread === "Yes";
  if (applying) await to.query("STOP SLAVE SQL_THREAD");
  await to.query("DROP DATABASE IF EXISTS ??", [WORKSHOP]);
  await to.query("CREATE DATABASE ??", [WORKSHOP]);
  await during(what, dumpInto(from, to, database, tables));
  const moves = tables.map(() => "??.?? TO ??.??").join(", ");
  await to.query(
    `RENAME TABLE ${moves}`,
    tables.flatMap((table) => [WORKSHOP, table, database, table]),
  );
  await to.query("DROP DATABASE ??", [WORKSHOP]);
  // A thread that stood still before is started by the link, which looks at both threads.
  if (applying) await to.query("START SLAVE SQL_THREAD");
}

/** MariaDB's own dump, read in one snapshot without locks, flows into MariaDB's own client. Both log in through their sockets. */
async function dumpInto(from: Server, to: Server, database: string, tables: readonly string[]): Promise<void> {
  const flow = new PassThrough();
  const login = async ({ host }: Server) => [`--socket=${await host.socket()}`, `--user=${host.superuser}`];
  const dump = from.host.run(
    [
      "mariadb-dump",
      "--no-defaults",
      ...(await login(from)),
      "--single-transaction",
      "--hex-blob",
      "--skip-add-drop-table",
      "--default-character-set=utf8mb4",
      database,
      ...tables,
    ],
    { output: flow },
  );
  const load = to.host.run(
    [
      "mariadb",
      "--no-defaults",
      ...(await login(to)),
      "--init-command=SET SESSION sql_log_bin=0",
      "--default-character-set=utf8mb4",
      WORKSHOP,
    ],
    { input: flow },
  );
  dump.catch((error) => flow.destroy(error as Error));
  await Promise.all([dump, load]);
}
