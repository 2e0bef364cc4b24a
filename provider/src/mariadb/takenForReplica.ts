import { isDeepStrictEqual } from "node:util";
import { type Account, accountKey, describeAccount } from "../recipe/accounts/accounts";
import { candidates } from "../recipe/accounts/clientHosts";
import { quoteAccount } from "../recipe/accounts/grantText";
import type { Client } from "../recipe/accounts/hostPatterns";
import { loginMethod, NATIVE } from "../recipe/accounts/password";
import { accountObject } from "../recipe/claims";
import { IS_NO_ROLE, type LiveAccount, readAccounts } from "./accountRows";
import { claimsOn } from "./register";
import type { Server } from "./server";

/** Which accounts a source may take for a replica that it refuses, one after the other: by name, without a name, declared or not. */

export interface Candidate extends Account {
  /** In words, why it refuses. Empty: nothing is seen that would. */
  readonly problems: readonly string[];
  readonly requires: string;
  /** False: no program declares it. */
  readonly isDeclared: boolean;
}

/** A replica's login, as far as it is known. */
export interface ReplicaLogin {
  readonly user: string;
  /** Undefined: it can't be read. */
  readonly password?: string;
  /** The error of the replica: it says from where the source sees it come. */
  readonly refusal: string;
}

/**
 * In the order in which the source takes them: when one is dropped, it takes the next. Where the error does not say from where the replica comes, those
 * that take its password are first.
 */
export async function candidatesFor(
  source: Server,
  replica: Server,
  { user, password, refusal }: ReplicaLogin,
): Promise<Candidate[]> {
  const rows = await source.query(
    `SELECT User AS user, Host AS host FROM mysql.global_priv WHERE User IN (?, '') AND ${IS_NO_ROLE} ORDER BY 1, 2`,
    [user],
  );
  const all = rows.map((row) => ({ user: String(row["user"]), host: String(row["host"]) }));
  const client = clientIn(refusal, replica);
  // From elsewhere than the error says, those without a name may not match.
  const taken = client ? candidates(all, user, client) : all.filter((account) => account.user === user);
  const { accounts } = await readAccounts(source, taken);
  const declared = await claimsOn(source, taken.map(accountObject));
  const found = taken.flatMap((account) => {
    const live = accounts.get(accountKey(account));
    const isDeclared = declared.some(({ object }) => object === accountObject(account));
    return live ? [{ ...account, problems: problemsOf(live, password), requires: live.tls, isDeclared }] : [];
  });
  return client ? found : found.sort((one, other) => one.problems.length - other.problems.length);
}

function problemsOf({ methods, locked, expiry }: LiveAccount, password: string | undefined): string[] {
  const takesIt =
    password === undefined || methods.some((method) => isDeepStrictEqual(method, loginMethod(NATIVE, password)));
  return [
    ...(takesIt ? [] : ["another password"]),
    ...(locked ? ["locked"] : []),
    ...(expiry === "expired" ? ["password expired"] : []),
  ];
}

/** For whom an account would have to be. */
export function forIt(refusal: string): string {
  const from = hostIn(refusal);
  return from
    ? `for the host from which it comes, ${from} (\`from\` of the replication account has to match it)`
    : "for it";
}

const hostIn = (refusal: string): string | undefined => /Access denied for user '.*?'@'([^']*)'/s.exec(refusal)?.[1];

/** The accounts in their order, each with what is seen of it. */
export const describeCandidates = (found: readonly Candidate[]): string =>
  found
    .map((each) => {
      const seen = [...each.problems, ...(each.requires === "NONE" ? [] : [`requires ${each.requires}`])];
      return describeAccount(each) + (seen.length > 0 ? ` (${seen.join(", ")})` : "");
    })
    .join(", then ");

/** What gets those out of the way that nobody declares and that come first. Undefined: there are none. */
export function dropOthers(source: Server, found: readonly Candidate[]): string | undefined {
  const first = found.findIndex(({ isDeclared }) => isDeclared);
  // Where nothing says what is declared, only an account without a name is surely none of the link's.
  const others = first < 0 ? found.filter(({ user }) => user === "") : found.slice(0, first);
  if (others.length === 0) return undefined;
  const statements = others.map((account) => `DROP USER ${quoteAccount(account)};`).join(" ");
  return `No program declares ${others.map(describeAccount).join(" and ")}: drop what nobody needs on ${source.name}: ${statements}`;
}

/** Who decides about the login, and what to do about it. */
export function narrowestFirst(source: Server, found: readonly Candidate[], refusal: string): string {
  if (found.length === 0) return `${source.name} has no account of that name ${forIt(refusal)}.`;
  const order = `${source.name} takes the account with the narrowest host: ${describeCandidates(found)}.`;
  return [order, dropOthers(source, found)].filter(Boolean).join(" ");
}

const isAddress = (text: string): boolean => /^[\d.]+$|:/.test(text);

/** A replica comes over the network. Where the source shows its name, its address is the one that it is reached at, if that is one. */
function clientIn(refusal: string, { connection: { address } }: Server): Client | undefined {
  const from = hostIn(refusal);
  if (from === undefined) return undefined;
  if (isAddress(from)) return { ip: from };
  if (from === "localhost") return { host: from, ip: "127.0.0.1" };
  return isAddress(address) ? { host: from, ip: address } : { host: from };
}
