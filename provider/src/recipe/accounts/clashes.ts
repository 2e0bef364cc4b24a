import { isReservedUser } from "../names";
import { accountKey, EXTRA, type GivenAccounts, wantedAccounts } from "./accounts";
import { inPlaceOf } from "./clientHosts";

/** Accounts of a program that can't stand beside each other, or beside others. */

/** What only all accounts together show: one that is declared twice, or that is the server's or our own. */
export function clashes(inputs: GivenAccounts, own: readonly string[]): { property: string; reason: string }[] {
  const seen = new Map<string, string>();
  const found = new Map<string, string>();
  const all = wantedAccounts(inputs);
  const replication = all.filter(({ role }) => role === "replication");
  for (const account of all) {
    const { user, property } = account;
    const key = accountKey(account);
    const hidden = account.role === EXTRA && replication.find((wanted) => inPlaceOf(wanted, [account]).length > 0);
    if (hidden) {
      found.set(
        `${property}.from`,
        `MariaDB would take "${key}" for the peer's logins as ${user}, because it looks at the narrowest host first, and replication would stop. ` +
          'Choose another name, or give "replication" that host in its "from"',
      );
    }
    const first = seen.get(key);
    if (first) {
      found.set(
        property === first ? `${property}.from` : `${property}.user`,
        `"${key}" is there twice (see "${first}")`,
      );
    }
    seen.set(key, property);
    if (own.includes(user))
      found.set(`${property}.user`, `"${user}" is an account with which this library works on the server`);
    if (isReservedUser(user)) {
      found.set(`${property}.user`, `"${user}" belongs to MariaDB itself, or to this library; choose another name`);
    }
  }
  return [...found].map(([property, reason]) => ({ property, reason }));
}
