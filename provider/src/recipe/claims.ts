import type { Claim } from "../inputs";
import { type Account, accountKey } from "./accounts/accounts";
import { isReservedUser } from "./names";

/**
 * Who declares an object, such as an account or a link. Every resource that declares one puts a claim beside it, and only the resource whose
 * claim is the last one left takes the object away. So a rename, a replacement or a second program never tears down what runs.
 */

/** Objects as claims name them. */
export const REPLICATION = "the replication";
const OPTION_FILE = "the option file ";
export const optionFile = (path: string): string => `${OPTION_FILE}${path}`;
export const isOptionFile = (object: string): boolean => object.startsWith(OPTION_FILE);
export const pathIn = (object: string): string => object.slice(OPTION_FILE.length);
const ACCOUNT = "the account ";
export const accountObject = (account: Account): string => `${ACCOUNT}${accountKey(account)}`;

/** The accounts among objects, without MariaDB's own, which an earlier version of this library took as an admin: nobody may drop those. */
export const accountsAmong = (objects: readonly string[]): Account[] =>
  objects.flatMap((object) => {
    if (!object.startsWith(ACCOUNT)) return [];
    // The name of a user may have the sign too, a host has none.
    const at = object.lastIndexOf("@");
    const user = object.slice(ACCOUNT.length, at);
    return isReservedUser(user) ? [] : [{ user, host: object.slice(at + 1) }];
  });

/** A resource as claims name it. */
export type Owner = Omit<Claim, "token">;

/** A claim as it lies beside its object. */
export interface Entry extends Claim {
  readonly object: string;
}

export const entryOf = (object: string, { token, stack, resource }: Claim): Entry => ({
  object,
  token,
  stack,
  resource,
});

/** What a resource says when it declares objects. */
export interface Declaration extends Claim {
  /** Takes over what another stack declares. */
  readonly adopt: boolean;
  /** True for a resource of the same program: it is not a former name of this one. */
  isInProgram(resource: string): boolean;
}

/** What the claims that are there mean for a declaration. */
export interface Verdict {
  /** Why the objects may not be declared. */
  readonly refusal?: string;
  /** Claims that the declaration puts an end to. */
  readonly outdated: readonly Entry[];
  /** Claims of resources under whose names the objects stood until now. */
  readonly former: readonly Entry[];
}

/** @param server how messages name the server, or the directory of one */
export function judge(entries: readonly Entry[], mine: Declaration, server: string): Verdict {
  const others = entries.filter(({ token }) => token !== mine.token);
  // The same resource, replaced, or made again after it was taken out of the state.
  const own = others.filter((entry) => isOf(entry, mine));
  const siblings = others.filter((entry) => entry.stack === mine.stack && entry.resource !== mine.resource);
  const foreign = others.filter(({ stack }) => stack !== mine.stack);
  const twice = siblings.filter(({ resource }) => mine.isInProgram(resource));
  const verdict = { outdated: mine.adopt ? [...own, ...foreign] : own, former: siblings };
  if (twice.length > 0) return { ...verdict, refusal: declaredTwice(twice, mine, server) };
  if (foreign.length > 0 && !mine.adopt) return { ...verdict, refusal: ofAnotherStack(foreign, server) };
  return verdict;
}

/** The objects that only these claims are left on, and the others with who else declares them. */
export function release(
  entries: readonly Entry[],
  token: string,
): { readonly free: readonly string[]; readonly kept: readonly Entry[] } {
  const kept = entries.filter((entry) => entry.token !== token);
  const objects = new Set(entries.filter((entry) => entry.token === token).map(({ object }) => object));
  return {
    free: [...objects].filter((object) => !kept.some((entry) => entry.object === object)),
    kept: kept.filter(({ object }) => objects.has(object)),
  };
}

const isOf = (entry: Owner, owner: Owner): boolean => entry.stack === owner.stack && entry.resource === owner.resource;

/** Objects and who declares them, for messages. */
export function describeEntries(entries: readonly Entry[]): string {
  const objects = unique(entries.map(({ object }) => object));
  const owners = unique(entries.map(describeOwner));
  return `${objects.join(", ")} (${owners.join(", ")})`;
}

export const describeOwner = ({ stack, resource }: Owner): string =>
  stack === "" ? resource : `${resource} of the stack ${stack}`;

export const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

const declaredTwice = (entries: readonly Entry[], mine: Owner, server: string): string =>
  `${server} is declared twice in this program: ${mine.resource} and ${unique(entries.map(({ resource }) => resource)).join(", ")} both declare ` +
  `${unique(entries.map(({ object }) => object)).join(", ")}. Nothing was changed. Each would undo what the other does: declare each server once ` +
  "(one ReplicatedSessionStore takes several `databases`)";

const ofAnotherStack = (entries: readonly Entry[], server: string): string =>
  `${server} belongs to another stack: ${describeEntries(entries)}. Nothing was changed. To take it over, set \`adopt: true\` here; then run ` +
  "`pulumi up` once, and take it out of the other program: what this stack has adopted stays when the other one deletes it. (After `pulumi stack rename` it is this stack's own: run `up` " +
  "before any resource gets another name, or set `adopt: true` for one `up`)";
