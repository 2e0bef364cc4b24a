import type { Server } from "../mariadb/server";
import { brokenViews, ordinaryAccounts, type StoredObject, storedObjects } from "../mariadb/storedObjects";

/** What keeps databases from being copied, found before anything is touched. */

/** Refuses what mariadb-dump would end with, and what nobody may bring along. Returns what has a definer. */
export async function refuseUnfitToCopy(from: Server, databases: readonly string[]): Promise<StoredObject[]> {
  if (databases.length === 0) return [];
  const broken = await brokenViews(from, databases);
  if (broken.length > 0) {
    throw new Error(
      `${from.name} can't be copied, because views there no longer work: ${broken.join("; ")}. Nothing was touched. ` +
        `Repair or drop them on ${from.name}, then run \`pulumi up\` again.`,
    );
  }
  return refuseForeignDefiners(from, databases);
}

/**
 * Refuses views, triggers, routines and events that would run on the other server in the name of its root, or of an account that is not the
 * pair's: there, that account is missing, or somebody else.
 */
export async function refuseForeignDefiners(from: Server, databases: readonly string[]): Promise<StoredObject[]> {
  const [objects, ordinary] = await Promise.all([storedObjects(from, databases), ordinaryAccounts(from)]);
  const { user } = from.connection.admin;
  const foreign = objects.filter(({ definer }) => !definer.startsWith(`${user}@`) && !ordinary.has(definer));
  if (foreign.length === 0) return objects;
  const named = foreign.map(({ kind, name, definer }) => `the ${kind} ${name} (definer ${definer})`).join(", ");
  throw new Error(
    `${from.name} can't be copied: ${named} would run on the other node in the name of an account that has all rights there, or that is not ` +
      `there. Nothing was touched. On ${from.name}, make each again with a definer that the pair has, such as its proxy's account ` +
      "(CREATE OR REPLACE DEFINER=...; ALTER DEFINER=... EVENT), or drop it; then run `pulumi up` again.",
  );
}
