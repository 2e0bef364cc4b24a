import type { Server } from "../mariadb/server";
import {
  accountOf,
  brokenViews,
  ordinaryAccounts,
  type StoredObject,
  storedObjects,
  triggersOf,
} from "../mariadb/storedObjects";
import { versionedTables } from "../mariadb/tables";
import { DEFINERS, rowOf } from "../recipe/accounts/table";
import type { CheckedStatement } from "../recipe/schema/script";
import { progress } from "../run";

/** What keeps databases from being copied, found before anything is touched. */

/**
 * Refuses what mariadb-dump would end with, and what nobody may bring along. Returns what has a definer.
 * @param definers names of the pair's users in whose names something may come along, beside the default one of the proxy
 */
export async function refuseUnfitToCopy(
  from: Server,
  databases: readonly string[],
  definers: readonly string[],
): Promise<StoredObject[]> {
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
  const [objects, ordinary] = await Promise.all([storedObjects(from, databases), ordinaryAccounts(from)]);
  const users = [...DEFINERS.map((role) => rowOf(role).user), ...definers];
  return refuseForeign(from, objects, (definer) => ordinary.has(definer) && users.includes(accountOf(definer).user));
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

/** Refuses triggers of tables in a name that is not an account of both servers: the one to which they go has its accounts already. */
export async function refuseForeignTriggers(
  from: Server,
  to: Server,
  database: string,
  tables: readonly string[],
): Promise<StoredObject[]> {
  const triggers = await triggersOf(from, database, tables);
  const [there, here] = await Promise.all([ordinaryAccounts(from), ordinaryAccounts(to)]);
  return refuseForeign(from, triggers, (definer) => there.has(definer) && here.has(definer));
}

/** Refuses what a script would make in a name in which it could not be copied. */
export async function refuseForeignDefiners(
  servers: readonly Server[],
  statements: readonly Pick<CheckedStatement, "line" | "definer">[],
): Promise<void> {
  const named = statements.flatMap(({ line, definer }) => (definer && "user" in definer ? [{ line, ...definer }] : []));
  if (named.length === 0) return;
  for (const server of servers) {
    const ordinary = await ordinaryAccounts(server);
    const foreign = named.find(
      ({ user, host }) => user !== server.connection.admin.user && !ordinary.has(`${user}@${host}`),
    );
    if (!foreign) continue;
    const { line, user, host } = foreign;
    throw new Error(
      `line ${line} of the script: it names DEFINER=${user}@${host}, which is no account of ${server.name}, or one with rights beyond its databases. ` +
        "Nothing of the script was run. Take the clause out: then it runs as the admin account; or name an account that the pair has on both nodes, such as its proxy's",
    );
  }
}

/**
 * Refuses what would run on the other server in the name of its root, or of an account that is not the pair's: there, that account is missing,
 * or somebody else.
 */
function refuseForeign(from: Server, objects: StoredObject[], isOfPair: (definer: string) => boolean): StoredObject[] {
  const { user } = from.connection.admin;
  const foreign = objects.filter(({ definer }) => accountOf(definer).user !== user && !isOfPair(definer));
  if (foreign.length === 0) return objects;
  const named = foreign.map(({ kind, name, definer }) => `the ${kind} ${name} (definer ${definer})`).join(", ");
  throw new Error(
    `${from.name} can't be copied: ${named} would run on the other node in the name of an account that has rights beyond its databases, or that ` +
      `is not known to be the pair's. Nothing was copied. On ${from.name}, make each again with a definer that the pair has, such as its proxy's ` +
      "account (CREATE OR REPLACE DEFINER=...; ALTER DEFINER=... EVENT), or drop it; or, where the program makes that account on both nodes " +
      'with rights on databases only, add its user name to "definers". Then run `pulumi up` again.',
  );
}
