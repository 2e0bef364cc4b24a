import { Transform } from "node:stream";
import { replicaStatus } from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import { during, progress } from "../waiting";

/** Tables are filled here and moved when they are whole: a copy that was cut off leaves nothing half behind. */
const WORKSHOP = "session_store_copy";

/**
 * Copies tables that `to` lacks from its peer, with their rows. What `to` then applies of its relay log may touch rows of the copy a
 * second time; slave_exec_mode=IDEMPOTENT makes that come out the same. Its IO thread goes on, so no commit on the peer waits.
 */
export async function copyTables(from: Server, to: Server, database: string, tables: readonly string[]): Promise<void> {
  progress(`${to.name}: copying ${tables.map((table) => `${database}.${table}`).join(", ")} from ${from.name}`);
  const applying = (await replicaStatus(to))?.sqlThread === "Yes";
  if (applying) await to.query("STOP SLAVE SQL_THREAD");
  await discardCopy(to);
  await to.query("CREATE DATABASE ??", [WORKSHOP]);
  await during(
    `${to.name}: copying from ${from.name}`,
    pour(from, to, [...SNAPSHOT, "--", database, ...tables], [WORKSHOP]),
  );
  const moves = tables.map(() => "??.?? TO ??.??").join(", ");
  await to.query(
    `RENAME TABLE ${moves}`,
    tables.flatMap((table) => [WORKSHOP, table, database, table]),
  );
  await to.query("DROP DATABASE ??", [WORKSHOP]);
  // A thread that stood still before is started by the link, which looks at both threads.
  if (applying) await to.query("START SLAVE SQL_THREAD");
}

/** True when a copy was cut off, or is under way. */
export async function hasUnfinishedCopy(server: Server): Promise<boolean> {
  const count = await server.value("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", [
    WORKSHOP,
  ]);
  return count !== "0";
}

/** Removes what a copy that was cut off has left: the tables, and the client that may still be filling them. */
export async function discardCopy(server: Server): Promise<void> {
  for (const client of await server.query("SELECT ID FROM information_schema.PROCESSLIST WHERE DB = ?", [WORKSHOP])) {
    await server.query("KILL ?", [Number(client["ID"])]).catch(unlessGone);
  }
  await server.query("DROP DATABASE IF EXISTS ??", [WORKSHOP]);
}

function unlessGone(error: unknown): void {
  const NO_SUCH_THREAD = 1094;
  if ((error as { errno?: number }).errno !== NO_SUCH_THREAD) throw error;
}

/** Copies whole databases, over what `to` has of them. Answers the GTID position at which `from` was copied. */
export async function copyDatabases(from: Server, to: Server, databases: readonly string[]): Promise<string> {
  const whole = [
    "--gtid",
    "--master-data=2",
    "--routines",
    "--triggers",
    "--events",
    "--add-drop-database",
    "--databases",
  ];
  const head = await during(
    `${to.name}: copying ${databases.join(", ")} from ${from.name}`,
    pour(from, to, [...SNAPSHOT, ...whole, "--", ...databases], []),
  );
  const position = /gtid_slave_pos='([^']*)'/.exec(head)?.[1];
  if (position === undefined)
    throw new Error(`the dump of ${from.name} does not tell its GTID position; nothing was linked`);
  return position;
}

/** One snapshot, read without locks. */
const SNAPSHOT = ["--single-transaction", "--hex-blob", "--skip-add-drop-table", "--default-character-set=utf8mb4"];

/** MariaDB's own dump flows into MariaDB's own client. Both log in through their sockets. Answers the first lines of the dump. */
async function pour(from: Server, to: Server, what: readonly string[], into: readonly string[]): Promise<string> {
  let head = "";
  const flow = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (head.length < 1 << 16) head += chunk.toString("latin1");
      done(null, chunk);
    },
  });
  const login = async ({ host }: Server) => [
    "--no-defaults",
    `--socket=${await host.socket()}`,
    `--user=${host.superuser}`,
  ];
  const unlogged = ["--init-command=SET SESSION sql_log_bin=0", "--default-character-set=utf8mb4"];
  const dump = from.host.run(["mariadb-dump", ...(await login(from)), ...what], { output: flow, asSuperuser: true });
  const load = to.host.run(["mariadb", ...(await login(to)), ...unlogged, ...into], { input: flow, asSuperuser: true });
  dump.catch((error) => flow.destroy(error as Error));
  await Promise.all([dump, load]);
  return head;
}
