import type { Account } from "./accounts";
import { nameAccount } from "./grantText";

/** Who may write to the databases of sessions, or to everything, out of what the server keeps of all its accounts. */

/** Changes rows, or what rows are in. */
const ON_ROWS = [
  "INSERT",
  "UPDATE",
  "DELETE",
  "CREATE",
  "DROP",
  "INDEX",
  "ALTER",
  "TRIGGER",
  "DELETE HISTORY",
] as const;

/**
 * Privileges on `*.*` after which nothing holds somebody back, and their bits in `mysql.global_priv`: SUPER sets what others run (`init_connect`),
 * CREATE USER changes the password of any account, SET USER runs as any account, BINLOG REPLAY runs events of a binary log, and REPLICATION SLAVE
 * ADMIN lets another server write.
 */
const BITS: Readonly<Record<string, bigint>> = {
  INSERT: 1n << 1n,
  UPDATE: 1n << 2n,
  DELETE: 1n << 3n,
  CREATE: 1n << 4n,
  DROP: 1n << 5n,
  INDEX: 1n << 12n,
  ALTER: 1n << 13n,
  SUPER: 1n << 15n,
  "CREATE USER": 1n << 25n,
  TRIGGER: 1n << 27n,
  "DELETE HISTORY": 1n << 29n,
  "SET USER": 1n << 30n,
  "REPLICATION SLAVE ADMIN": 1n << 34n,
  "BINLOG REPLAY": 1n << 37n,
};
const GRANT_OPTION = 1n << 10n;

/** One row of what the server keeps. */
export interface Right {
  /** A role has no host. */
  readonly who: Account;
  /** What it is on. `*.*`: everything. */
  readonly on: string;
  readonly privileges: readonly string[];
}

/** What an account or role gets from a role. */
export interface Membership {
  readonly who: Account;
  readonly role: string;
}

export const globalRights = (bits: bigint): string[] => {
  const found = Object.keys(BITS).filter((name) => (bits & (BITS[name] ?? 0n)) !== 0n);
  return found.length > 0 && (bits & GRANT_OPTION) !== 0n ? [...found, "GRANT OPTION"] : found;
};

/** Of the privileges that tables of MariaDB name, those that change something. */
export const rightsAmong = (names: readonly string[]): string[] => {
  const upper = names.map((name) => name.toUpperCase().replace("DELETE VERSIONING ROWS", "DELETE HISTORY"));
  const found = ON_ROWS.filter((name) => upper.includes(name));
  return found.length > 0 && upper.includes("GRANT") ? [...found, "GRANT OPTION"] : found;
};

/** In words, by what each of these may write; first who may everywhere. Who may not is left out. */
export function writers(
  accounts: readonly Account[],
  rights: readonly Right[],
  memberships: readonly Membership[],
): { readonly account: Account; readonly by: string }[] {
  const found = accounts.map((account) => {
    const own = rightsOf(account, rights).map((right) => ({ ...right, text: describe(right) }));
    const ofRoles = rolesOf(account, memberships).flatMap((role) =>
      rightsOf(asRole(role), rights).map((right) => ({ ...right, text: `${describe(right)} by the role ${role}` })),
    );
    const by = [...own, ...ofRoles].sort((one, other) => reach(other) - reach(one));
    return {
      account,
      reach: Math.max(0, ...by.map(reach)),
      by: some(
        by.map(({ text }) => text),
        2,
      ),
    };
  });
  return found
    .filter(({ by }) => by !== "")
    .sort((one, other) => other.reach - one.reach)
    .map(({ account, by }) => ({ account, by }));
}

const EVERYWHERE = 1000;
const reach = ({ on, privileges }: Right): number => (on === "*.*" ? EVERYWHERE : 0) + privileges.length;

/** Roles as accounts without a host. */
const asRole = (role: string): Account => ({ user: role, host: "" });

const isSame = (one: Account, other: Account): boolean => one.user === other.user && one.host === other.host;

const rightsOf = (account: Account, rights: readonly Right[]): Right[] =>
  rights.filter(({ who, privileges }) => privileges.length > 0 && isSame(who, account));

/** Those that it has been given and those that these have, whether it has switched them on or not. */
function rolesOf(account: Account, memberships: readonly Membership[]): string[] {
  const found = new Set<string>();
  const add = (who: Account) => {
    for (const { role } of memberships.filter((each) => isSame(each.who, who) && !found.has(each.role))) {
      found.add(role);
      add(asRole(role));
    }
  };
  add(account);
  return [...found];
}

const describe = ({ on, privileges }: Right): string => `${some(privileges, 3)} ON ${on}`;

/** The first ones, and how many there are beside them. */
export const some = (names: readonly string[], most: number): string =>
  names.length <= most ? names.join(", ") : `${names.slice(0, most).join(", ")} and ${names.length - most} more`;

/** A right to act as another account. */
export const actsAs = (account: Account): Pick<Right, "on" | "privileges"> => ({
  on: nameAccount(account),
  privileges: ["PROXY"],
});
