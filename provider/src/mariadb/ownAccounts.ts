import type { Claim, Connection } from "../inputs";
import { type Account, accountKey } from "../recipe/accounts/accounts";
import { ownNames } from "../recipe/accounts/own";
import { AS_CONFIGURED } from "../recipe/accounts/password";
import { accountObject, accountsAmong, describeEntries, type Entry, unique } from "../recipe/claims";
import { isReservedUser } from "../recipe/names";
import type { OwnAccountState } from "../recipe/words";
import { progress } from "../run";
import { IS_NO_ROLE } from "./accountRows";
import { dropAccounts, examineAccounts } from "./accounts";
import { ownAccounts } from "./admin";
import { claimsOn, giveUp, objectsOf } from "./register";
import type { Server } from "./server";

/** The accounts by which this library works, and those that were: from another host, under another name, of a run that failed. */

/** How a resource begins in claims that declares accounts as others than ours. */
const USERS = "SessionStoreUsers ";

/** In words, what is not as it should be of them. Undefined: nothing. */
export async function ownAccountProblems(
  server: Server,
  claim: Claim | undefined,
): Promise<OwnAccountState[] | undefined> {
  const repairs = await examineAccounts(server, ownAccounts(server.connection));
  const wrong = repairs.flatMap(({ account, problems }) =>
    problems.length === 0 ? [] : [`${accountKey(account)}: ${problems.join("; ")}` as const],
  );
  const left = [...(await formerAccounts(server, claim)), ...(claim ? await keptByOthers(server, claim) : [])].map(
    (account) => `${accountKey(account)}: no longer used` as const,
  );
  return wrong.length + left.length > 0 ? [...wrong, ...left] : undefined;
}

/** Takes away those that are no longer used. @param last undefined: nothing is known of former ones but what the register has */
export async function dropFormerAccounts(server: Server, claim: Claim, last: Connection | undefined): Promise<void> {
  const former = await formerAccounts(server, claim, last);
  const objects = [...former, ...(await keptByOthers(server, claim))].map(accountObject);
  if (objects.length === 0) return;
  if (former.length > 0)
    progress(`${server.name}: dropping accounts that are no longer used: ${former.map(accountKey).join(", ")}`);
  await giveUp(server, claim, objects, () => dropAccounts(server, former));
}

/** Those under this claim that are wanted no more and that somebody else declares too: only the claim goes. */
async function keptByOthers(server: Server, claim: Claim): Promise<Account[]> {
  const wanted = ownAccounts(server.connection).map(accountObject);
  const unwanted = (await objectsOf(server, claim)).filter((object) => !wanted.includes(object));
  const kept = (await claimsOn(server, unwanted)).filter(({ token }) => token !== claim.token);
  return accountsAmong(unique(kept.map(({ object }) => object)));
}

/**
 * All accounts of our names, and those that the register has under this claim, except the wanted ones and what somebody else declares.
 * @param last how the server was reached before, perhaps under other names
 */
export async function formerAccounts(server: Server, claim: Claim | undefined, last?: Connection): Promise<Account[]> {
  const wanted = ownAccounts(server.connection).map(accountKey);
  const declared = claim ? accountsAmong(await objectsOf(server, claim)) : [];
  const found = await accountsNamed(server, [...ownNames(server.connection), ...(last ? ownNames(last) : [])]);
  const all = new Map([...declared, ...found].map((account) => [accountKey(account), account]));
  const others = [...all].sort().flatMap(([key, account]) => (wanted.includes(key) ? [] : [account]));
  const claims = await claimsOn(server, others.map(accountObject));
  return others.filter(
    (account) => !claims.some(({ object, token }) => object === accountObject(account) && token !== claim?.token),
  );
}

/**
 * By property, names that are new to the program and that somebody else's accounts have: these would become this library's, or be dropped. An account
 * that somebody declared is known, and one that takes our password was made for us, or by a run of ours that was cut off.
 * @param last undefined: the program does not know the server yet
 */
export async function takenNames(
  server: Server,
  last: Connection | undefined,
): Promise<{ property: string; reason: string }[]> {
  const { connection, name } = server;
  const known = last ? ownNames(last) : [];
  const found = await accountsNamed(
    server,
    ownNames(connection).filter((each) => !known.includes(each)),
  );
  if (found.length === 0) return [];
  const claims = await claimsOn(server, found.map(accountObject));
  const ofOthers = claims.filter(({ resource }) => resource.startsWith(USERS));
  const taking = (await examineAccounts(server, ownAccounts(connection)))
    .filter(({ seen }) => seen?.password === AS_CONFIGURED)
    .map(({ account }) => accountKey(account));
  const isAmong = (entries: readonly Entry[], account: Account) =>
    entries.some(({ object }) => object === accountObject(account));
  const isOurs = (account: Account) =>
    !isAmong(ofOthers, account) && (taking.includes(accountKey(account)) || isAmong(claims, account));
  return (["admin", "viewer"] as const).flatMap((role) => {
    const taken = found.filter((account) => account.user === connection[role]?.user && !isOurs(account));
    if (taken.length === 0) return [];
    const declared = ofOthers.filter(({ object }) => taken.some((account) => object === accountObject(account)));
    const reason =
      declared.length > 0
        ? `${name} has accounts of this name that are declared as others: ${describeEntries(declared)}. Choose another name, or take them out there ` +
          "and run `pulumi up` before this one gets it"
        : `${name} has ${taken.map(accountKey).join(", ")}, which this program did not make: all accounts of this name would be this library's, ` +
          "and these would be changed or dropped. Choose another name, or drop them by hand";
    return [{ property: `connection.${role}.user`, reason }];
  });
}

async function accountsNamed(server: Server, names: readonly string[]): Promise<Account[]> {
  const own = names.filter((name) => !isReservedUser(name));
  if (own.length === 0) return [];
  const rows = await server.query(
    `SELECT User, Host FROM mysql.global_priv WHERE User IN (?) AND ${IS_NO_ROLE} ORDER BY 1, 2`,
    [own],
  );
  return rows.map((row) => ({ user: String(row["User"]), host: String(row["Host"]) }));
}
