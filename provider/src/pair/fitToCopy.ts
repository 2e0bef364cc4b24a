import type { Server } from "../mariadb/server";
import { brokenViews, ordinaryAccounts, type StoredObject, storedObjects, triggersOf } from "../mariadb/storedObjects";
import { versionedTables } from "../mariadb/tables";
import { progress } from "../waiting";

/** What keeps databases from being copied, found before anything is touched. */

/** Refuses what mariadb-dump would end with, and what nobody may bring along. Returns what has a definer. */
export async function refuseUnfitToCopy(from: Server, databases: readonly string[]): Promise<StoredObject[]> {
  if (databases.length === 0) return [];
  const broken = await brokenViews(from, databases);
  if (broken.length > 0) {
    throw new Error(
      `${from.name} can't be copied, because views there no longer work: ${broken.join("; ")}. Nothing was copied. ` +
        `Repair or drop them on ${from.name}, then run \`pulumi up\` again.`,
    );
  }
  const versioned = await versionedTables(from, databases);
  if (versioned.length > 0) {
    progress(
      `${versioned.join(", ")}: only the rows of now are copied; their history (SYSTEM VERSIONING) stays on ${from.name} alone`,
    );
  }
  return refuseForeignDefiners(from, databases);
}

/**
 * Makes sure that the source can tell at which GTID it stands. It can't while its binary log holds an event larger than its
 * max_allowed_packet, as after a change of that: then mariadb-dump crashes.
 */
export async function ensurePosition(from: Server): Promise<void> {
  if (await tellsItsPosition(from)) return;
  progress(
    `${from.name}: its binary log holds an event larger than its max_allowed_packet; beginning another log file`,
  );
  await from.query("FLUSH BINARY LOGS");
  if (await tellsItsPosition(from)) return;
  throw new Error(
    `${from.name} can't be copied, because it does not tell the GTID of its place in its binary log (BINLOG_GTID_POS gives NULL). Nothing was copied. ` +
      `Look at its binary log (SHOW MASTER STATUS, SHOW BINARY LOGS) and its error log, then run \`pulumi up\` again.`,
  );
}

async function tellsItsPosition(server: Server): Promise<boolean> {
  const place = await server.row("SHOW MASTER STATUS");
  if (!place) return true;
  const gtid = await server.row("SELECT BINLOG_GTID_POS(?, ?) AS gtid", [place["File"], Number(place["Position"])]);
  return gtid?.["gtid"] !== null;
}

/**
 * Refuses views, triggers, routines and events that would run on the other server in the name of its root, or of an account that is not the
 * pair's: there, that account is missing, or somebody else.
 */
async function refuseForeignDefiners(from: Server, databases: readonly string[]): Promise<StoredObject[]> {
  const [objects, ordinary] = await Promise.all([storedObjects(from, databases), ordinaryAccounts(from)]);
  return refuseUnless((definer) => ordinary.has(definer), from, objects);
}

/** The same for the triggers of some tables. The other server has its accounts: in the name of one that both have, they may come along. */
export async function refuseForeignTriggers(
  from: Server,
  to: Server,
  database: string,
  tables: readonly string[],
): Promise<StoredObject[]> {
  const triggers = await triggersOf(from, database, tables);
  const [here, there] = await Promise.all([ordinaryAccounts(to), ordinaryAccounts(from)]);
  return refuseUnless((definer) => here.has(definer) && there.has(definer), from, triggers);
}

function refuseUnless(isOfPair: (definer: string) => boolean, from: Server, objects: StoredObject[]): StoredObject[] {
  const { user } = from.connection.admin;
  const foreign = objects.filter(({ definer }) => !definer.startsWith(`${user}@`) && !isOfPair(definer));
  if (foreign.length === 0) return objects;
  const named = foreign.map(({ kind, name, definer }) => `the ${kind} ${name} (definer ${definer})`).join(", ");
  throw new Error(
    `${from.name} can't be copied: ${named} would run on the other node in the name of an account that has all rights there, or that is not ` +
      `there. Nothing was copied. On ${from.name}, make each again with a definer that the pair has, such as its proxy's account ` +
      "(CREATE OR REPLACE DEFINER=...; ALTER DEFINER=... EVENT), or drop it; then run `pulumi up` again.",
  );
}
