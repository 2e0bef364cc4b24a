import type { Account } from "./accounts";
import { type Client, charactersOf, covers, matches, mayMeet } from "./hostPatterns";
import { hostProblem } from "./hostProblem";

/** Which of several accounts MariaDB takes for a client: the order of their hosts, and what a host matches. */

/** The account that the server takes for a login under this name; undefined: it refuses it. */
export function takenAccount<A extends Account>(accounts: readonly A[], user: string, client: Client): A | undefined {
  return candidates(accounts, user, client)[0];
}

/** Those that the server takes one after the other, as each before it is dropped. */
export const candidates = <A extends Account>(accounts: readonly A[], user: string, client: Client): A[] =>
  accounts
    .filter((each) => (each.user === user || each.user === "") && matches(each.host, client))
    .sort(inServersOrder);

/**
 * Accounts that the server takes for clients that a wanted one is there for: they have a narrower host, and its name or none.
 * @param others accounts that nobody declared
 * @param declared accounts that stay: what comes after them is not taken
 */
export const inPlaceOf = <A extends Account>(
  wanted: Account,
  others: readonly A[],
  declared: readonly Account[] = [],
): A[] =>
  others
    .filter(({ user }) => user === wanted.user || user === "")
    .filter((other) => inServersOrder(other, wanted) < 0 && mayMeet(other.host, wanted.host))
    .filter((other) => hostProblem(other.host) === undefined && !hiddenBy(other, wanted.user, declared));

/** The account among these that the server takes for all clients that the other one matches, under this name. */
export const hiddenBy = <A extends Account>(other: Account, user: string, accounts: readonly A[]): A | undefined =>
  accounts.find(
    (first) =>
      (first.user === user || first.user === "") && inServersOrder(first, other) < 0 && covers(first.host, other.host),
  );

/** The narrowest host first; of equally narrow ones a name before none. */
function inServersOrder(one: Account, other: Account): number {
  const [mine, its] = [breadth(one.host), breadth(other.host)];
  const differs = mine.findIndex((part, index) => part !== its[index]);
  if (differs >= 0) return (mine[differs] ?? 0) - (its[differs] ?? 0);
  if ((one.user === "") !== (other.user === "")) return one.user === "" ? 1 : -1;
  return one.host === other.host ? 0 : Buffer.compare(Buffer.from(other.host), Buffer.from(one.host));
}

/** The longest host that the server keeps, and the most wildcards of one kind that it counts. */
const LONGEST = 255;
const MOST = 31;

/** How many clients a host may match, as the server estimates it from its wildcards: numbers to be compared one after the other. */
function breadth(host: string): readonly [number, number, number, number] {
  let [literal, ones, many, prefix] = [0, 0, 0, 0];
  let isMany = false;
  for (const { wild } of charactersOf(host)) {
    if (wild !== undefined && ones + many === 0) prefix = literal;
    if (wild === undefined) literal++;
    if (wild === "_") ones++;
    // Several in a row are one.
    if (wild === "%" && !isMany) many++;
    isMany = wild === "%";
  }
  [ones, many] = [Math.min(ones, MOST), Math.min(many, MOST)];
  const free = many > 0 ? LONGEST - literal - ones : 0;
  return free > ones ? [free * 2 + 1, many, ones, prefix] : [ones * 2, free, many, prefix];
}
