import { dropLoader } from "../mariadb/loader";
import { openServer } from "../mariadb/open";
import { replicaStatus, waitUntilReceivedIsApplied } from "../mariadb/replication";
import { setGlobal } from "../mariadb/rights";
import type { Server } from "../mariadb/server";
import { endSessions } from "../mariadb/sessions";
import { type StoredObject, storedObjects } from "../mariadb/storedObjects";
import { OWN_DATABASES } from "../recipe/names";
import { progress } from "../run";
import { pourDump } from "./dump";
import { refuseForeignTriggers } from "./fitToCopy";

const DEADLINE = 60_000;
/** Tables are filled here and moved when they are whole: a copy that was cut off leaves nothing half behind. */
const WORKSHOP = OWN_DATABASES.copy;

/** Copies tables that `to` lacks from its peer, with their rows and triggers. */
export async function copyTables(from: Server, to: Server, database: string, tables: readonly string[]): Promise<void> {
  const triggers = await refuseForeignTriggers(from, to, database, tables);
  progress(`${to.name}: copying ${tables.map((table) => `${database}.${table}`).join(", ")} from ${from.name}`);
  await withoutApplying(to, async () => {
    await discardCopy(to);
    await to.query("CREATE DATABASE ??", [WORKSHOP]);
    const rows = ["--skip-triggers", "--", database, ...tables];
    await pourDump({ from, to, what: rows, databases: [WORKSHOP], into: WORKSHOP, forOthers: false });
    const moves = tables.map(() => "??.?? TO ??.??").join(", ");
    await to.query(
      `RENAME TABLE ${moves}`,
      tables.flatMap((table) => [WORKSHOP, table, database, table]),
    );
    if (triggers.length > 0) await copyTriggers(from, to, database, tables);
    await to.query("DROP DATABASE ??", [WORKSHOP]);
  });
}

/**
 * Does `work` while the replica applies nothing, and lets it go on afterwards, also where `work` fails. What it then applies may touch rows
 * of a copy a second time; slave_exec_mode=IDEMPOTENT makes that come out the same. Its IO thread goes on, so no commit on the peer waits.
 */
async function withoutApplying(replica: Server, work: () => Promise<void>): Promise<void> {
  const status = await replicaStatus(replica);
  // A thread that stood still before is started by the link, which looks at both threads.
  if (status?.sqlThread !== "Yes") return work();
  if (status.ioThread === "No") {
    await waitUntilReceivedIsApplied(replica, DEADLINE);
    return work();
  }
  await replica.query("STOP SLAVE SQL_THREAD");
  try {
    await work();
  } catch (error) {
    await applyAgain(replica).catch(({ message }: Error) =>
      progress(`${replica.name} does not apply what it receives until the next \`pulumi up\`: ${message}`),
    );
    throw error;
  }
  await applyAgain(replica);
}

/** In a session of its own: the other one may be what failed. */
async function applyAgain({ connection }: Server): Promise<void> {
  await using replica = await openServer(connection);
  const status = await replicaStatus(replica);
  // Started without the IO thread, it would throw away what is not applied. The link brings both back.
  if (status?.ioThread !== "No") await replica.query("START SLAVE SQL_THREAD");
  else progress(`${replica.name}: its IO thread has stopped meanwhile, so its SQL thread is not started here either`);
}

/** A trigger can't move to another database with its table. */
async function copyTriggers(from: Server, to: Server, database: string, tables: readonly string[]): Promise<void> {
  const what = ["--no-create-info", "--no-data", "--triggers", "--", database, ...tables];
  const TRUST = "log_bin_trust_function_creators";
  const former = Number(await to.value("SELECT @@GLOBAL.??", [TRUST]));
  await setGlobal(to, TRUST, 1);
  try {
    await pourDump({ from, to, what, databases: [database], into: database, forOthers: true });
  } finally {
    await setGlobal(to, TRUST, former);
  }
}

/** True when a copy was cut off, or is under way. */
export async function hasUnfinishedCopy(server: Server): Promise<boolean> {
  const count = await server.value("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", [
    WORKSHOP,
  ]);
  return count !== "0";
}

/** Removes what a copy that was cut off has left: the tables, and the session that may still be filling them. */
export async function discardCopy(server: Server): Promise<void> {
  await dropLoader(server);
  await endSessions(server, "DB = ?", [WORKSHOP]);
  await server.query("DROP DATABASE IF EXISTS ??", [WORKSHOP]);
}

/**
 * Copies whole databases, over what `to` has of them. Returns the GTID position at which `from` was copied.
 * @param objects what there is in them that has a definer
 */
export async function copyDatabases(
  from: Server,
  to: Server,
  databases: readonly string[],
  objects: readonly StoredObject[],
): Promise<string> {
  const whole = ["--gtid", "--master-data=2", "--routines", "--triggers", "--events", "--add-drop-database"];
  const what = [...whole, "--databases", "--", ...databases];
  const { position } = await pourDump({ from, to, what, databases, forOthers: objects.length > 0 });
  await refuseUnannounced(to, databases, objects);
  return position;
}

/** What runs in somebody's name is what was looked at before, and nothing else. */
async function refuseUnannounced(
  to: Server,
  databases: readonly string[],
  announced: readonly StoredObject[],
): Promise<void> {
  const inWords = ({ kind, name, definer }: StoredObject) => `the ${kind} ${name} (definer ${definer})`;
  const known = new Set(announced.map(inWords));
  const others = (await storedObjects(to, databases)).map(inWords).filter((object) => !known.has(object));
  if (others.length === 0) return;
  throw new Error(`the copy has what was not there a moment before: ${others.join(", ")}`);
}
