import { accountKey, type WantedAccount } from "../recipe/accounts/accounts";
import { PROBE } from "../recipe/probe";
import { type Refusal, refusalOf } from "../recipe/refusedWrites";
import { inTime, until } from "../waiting";
import { isTrouble } from "./connectionError";
import { isClosed } from "./gate";
import { openAsClient } from "./open";
import type { Server } from "./server";

/** Whether the server takes the proxies' writes, as seen in a session of their account. */

/** How long it may take until what may pass is over, in milliseconds. */
const PASSES = 10_000;
/** In milliseconds. No statement waits for a lock for longer than a second. */
const DEADLINE = 5_000;
const NO_TABLE = `${PROBE}_none`;

/** The account of the proxies that is let in through the server's own socket, where it needs no certificate; undefined where there is none. */
export function triedAccount(accounts: readonly WantedAccount[]): WantedAccount | undefined {
  const tried = accounts.filter(({ role, tls }) => role === "proxy" && tls !== "X509");
  return tried.find(({ host }) => host === "localhost") ?? tried.find(({ host }) => host === "%");
}

/** Refuses to call accounts right whose proxies can't write. What may be over in a moment is waited for. */
export async function refuseUnlessWritable(
  server: Server,
  accounts: readonly WantedAccount[],
  databases: readonly string[],
): Promise<void> {
  const account = triedAccount(accounts);
  if (!account) return;
  let refusal: Refusal | undefined;
  const isOver = async () => {
    refusal = await refusedWrite(server, account, databases);
    return refusal?.mayPass ? { seen: refusal.word, errno: refusal.errno } : { done: undefined };
  };
  const what = `${server.name} to let ${accountKey(account)} write`;
  await inTime(until({ what, deadline: PASSES, pause: 100 }, isOver));
  if (!refusal) return;
  throw new Error(
    `${server.name}: its accounts are as wanted, but a proxy can't write there, tried as ${accountKey(account)}: error ${refusal.errno}, ` +
      `${refusal.cause}. ${refusal.remedy}`,
  );
}

/**
 * Why the server refuses a login or a write of this account; undefined where it takes both, or can't be tried. The write is a DELETE of no row, which
 * the server judges as any other and which is rolled back: nothing of it is in a table or in the binary log.
 * @param server a session of the admin account
 */
export async function refusedWrite(
  server: Server,
  account: WantedAccount,
  databases: readonly string[],
): Promise<Refusal | undefined> {
  try {
    if (await isClosed(server)) return undefined;
    const { user, passwords, tls, authentication } = account;
    const client = { user, password: passwords[0] ?? "", tls: tls !== "NONE", authentication };
    await using session = await openAsClient(server.connection, client);
    // Another account of this name may be nearer to the server's own machine than the proxies'.
    if ((await session.value("SELECT CURRENT_USER()", [], DEADLINE)) !== accountKey(account)) return undefined;
    return await tryToWrite(session, databases);
  } catch (error) {
    if (isTrouble(error)) return refusalOf(error.errno);
    throw error;
  }
}

async function tryToWrite(session: Server, databases: readonly string[]): Promise<Refusal | undefined> {
  await session.query("SET SESSION autocommit=0, lock_wait_timeout=1, sql_safe_updates=0", [], DEADLINE);
  for (const database of databases) {
    // One database at a time: asked about several, the server would look into all that it has.
    const table = await session.value(
      `SELECT MIN(TABLE_NAME) FROM information_schema.TABLES
        WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'BASE TABLE' AND ENGINE = 'InnoDB'`,
      [database],
      DEADLINE,
    );
    try {
      // Where there is none, a name that nobody has: rights and what is read-only are asked for first.
      await session.query("DELETE FROM ??.?? WHERE FALSE", [database, table || NO_TABLE], DEADLINE);
    } catch (error) {
      if (!isTrouble(error)) throw error;
      const refusal = refusalOf(error.errno);
      if (refusal) return refusal;
    }
  }
  await session.query("ROLLBACK", [], DEADLINE);
  return undefined;
}
