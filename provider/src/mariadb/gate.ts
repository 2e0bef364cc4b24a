import type { Account } from "../recipe/accounts/accounts";
import { escapeWildcards } from "../recipe/accounts/grantText";
import { ownNames } from "../recipe/accounts/own";
import { LOADER, OWN_DATABASES } from "../recipe/names";
import { progress } from "../run";
import { IS_NO_ROLE } from "./accountRows";
import { accountExists } from "./accounts";
import { setGlobal } from "./rights";
import type { Server } from "./server";
import { endSessions, ownUsers } from "./sessions";

/**
 * Keeps a server closed while its sessions are not whole: every account is locked but ours and root's, their sessions are ended, and
 * events stand still. All of it lasts over a restart of the server, because nobody may be there to close it again.
 */

const GATE = OWN_DATABASES.gate;
const ACCOUNTS = [GATE, "accounts"] as const;
const SETTINGS = [GATE, "settings"] as const;
const STAND_INS = [GATE, "stand_ins"] as const;
/** As the server keeps its accounts: a note is there after a crash if what it is about is. InnoDB may be set to be less careful. */
export const DURABLE = "ENGINE=Aria TRANSACTIONAL=1";

export async function isClosed(server: Server): Promise<boolean> {
  return (await server.row("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", [GATE])) !== undefined;
}

/** Closes the server, also one that a run before this has begun to close. */
export async function closeGate(server: Server): Promise<void> {
  await server.query("CREATE DATABASE IF NOT EXISTS ?? CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", [GATE]);
  const account = "(user VARCHAR(128), host VARCHAR(255), PRIMARY KEY (user, host))";
  for (const table of [ACCOUNTS, STAND_INS]) {
    await server.query(`CREATE TABLE IF NOT EXISTS ??.?? ${account} ${DURABLE}`, [...table]);
  }
  const setting = "(name VARCHAR(64) PRIMARY KEY, value VARCHAR(64))";
  await server.query(`CREATE TABLE IF NOT EXISTS ??.?? ${setting} ${DURABLE}`, [...SETTINGS]);
  await setForClosed(server);
  const open = await unlockedAccounts(server);
  for (const { user, host } of open) {
    await server.query("INSERT IGNORE INTO ??.?? VALUES (?, ?)", [...ACCOUNTS, user, host]);
  }
  for (const { user, host } of open) await server.query("ALTER USER IF EXISTS ?@? ACCOUNT LOCK", [user, host]);
  // Those who were in before. The peer's replica is one of them: it comes again when it may.
  await endSessions(server, "USER NOT IN (?)", [[...ownUsers(server), LOADER]]);
}

/**
 * Makes accounts that don't exist here yet and in whose names something is copied: without them the server refuses some of it. They are
 * locked, and gone before the server is opened; the pair's own are made after that.
 */
export async function makeStandIns(
  server: Server,
  accounts: readonly Account[],
  databases: readonly string[],
): Promise<void> {
  for (const { user, host } of accounts) {
    if (await accountExists(server, { user, host })) continue;
    await server.query("INSERT IGNORE INTO ??.?? VALUES (?, ?)", [...STAND_INS, user, host]);
    await server.query("CREATE USER ?@? ACCOUNT LOCK", [user, host]);
    for (const database of databases) {
      await server.query("GRANT ALL PRIVILEGES ON ??.* TO ?@?", [escapeWildcards(database), user, host]);
    }
  }
}

/** Opens a server that was closed, also one that is half open or half closed. */
export async function openGate(server: Server): Promise<void> {
  for (const { user, host } of await server
    .query("SELECT user, host FROM ??.??", [...STAND_INS])
    .catch(unlessMissing)) {
    await server.query("DROP USER IF EXISTS ?@?", [user, host]);
  }
  for (const { user, host } of await server.query("SELECT user, host FROM ??.??", [...ACCOUNTS]).catch(unlessMissing)) {
    await server.query("ALTER USER IF EXISTS ?@? ACCOUNT UNLOCK", [user, host]);
  }
  const settings = "SELECT name, value FROM ??.?? WHERE name IN (?)";
  const former = await server.query(settings, [...SETTINGS, Object.keys(WHILE_CLOSED)]).catch(unlessMissing);
  for (const { name, value } of former) await setGlobal(server, String(name), asNumber(String(value)));
  await server.query("DROP DATABASE IF EXISTS ??", [GATE]);
  progress(`${server.name}: is open again to all accounts`);
}

/** What the server runs with while it is closed. */
const WHILE_CLOSED = {
  // An event would write among the rows that are copied.
  event_scheduler: "OFF",
  // Else only an account with all rights could make triggers and functions.
  log_bin_trust_function_creators: "1",
};

async function setForClosed(server: Server): Promise<void> {
  for (const [name, value] of Object.entries(WHILE_CLOSED)) {
    const former = await server.value("SELECT @@GLOBAL.??", [name]);
    // A scheduler that is disabled altogether can't be set, and need not be.
    if (former === value || former === "DISABLED") continue;
    await server.query("INSERT IGNORE INTO ??.?? VALUES (?, ?)", [...SETTINGS, name, former]);
    await setGlobal(server, name, asNumber(value));
  }
}

/** A switch takes 0 and 1 as numbers, the scheduler its words. */
const asNumber = (value: string): string | number => (/^\d+$/.test(value) ? Number(value) : value);

/** All that may log in and are neither ours nor root through the socket. */
async function unlockedAccounts(server: Server): Promise<Account[]> {
  const rows = await server.query(
    `SELECT User, Host FROM mysql.global_priv
      WHERE IFNULL(JSON_VALUE(Priv, '$.account_locked'), 0) NOT IN ('1', 'true')
        AND ${IS_NO_ROLE}`,
  );
  return rows.map((row) => ({ user: String(row["User"]), host: String(row["Host"]) })).filter(isOther(server));
}

const isOther =
  ({ connection, host }: Server) =>
  (account: Account): boolean =>
    !ownNames(connection).includes(account.user) &&
    !(account.host === "localhost" && (account.user === host.superuser || account.user === LOADER));

/** The run that closed the server was cut off before it had made its tables. */
function unlessMissing(error: unknown): [] {
  const NO_SUCH_TABLE = 1146;
  if ((error as { errno?: number }).errno !== NO_SUCH_TABLE) throw error;
  return [];
}
