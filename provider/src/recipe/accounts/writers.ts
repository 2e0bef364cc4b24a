import { type Account, describeAccount } from "./accounts";
import { nameAccount } from "./grantText";
import { GRANT_OPTION } from "./privileges";

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
const GRANT_BIT = 1n << 10n;

/** One row of what the server keeps. */
export interface Right {
  /** A role has no host. */
  readonly who: Account;
  /** What it is on. `*.*`: everything. */
  readonly on: string;
  readonly privileges: readonly string[];
  /** True: on MariaDB's own tables, which comes to everything. @default false */
  readonly isEverywhere?: boolean;
  /** Who acts then: it lets write what that account may write. A nameless one stands for all. @default itself */
  readonly as?: Account;
}

/** What an account or role gets from a role. */
export interface Membership {
  readonly who: Account;
  readonly role: string;
}

export const globalRights = (bits: bigint): string[] => {
  const found = Object.keys(BITS).filter((name) => (bits & (BITS[name] ?? 0n)) !== 0n);
  return found.length > 0 && (bits & GRANT_BIT) !== 0n ? [...found, GRANT_OPTION] : found;
};

/** Of the privileges that tables of MariaDB name, those that change something. */
export const rightsAmong = (names: readonly string[]): string[] => {
  const upper = names.map((name) => name.toUpperCase().replace("DELETE VERSIONING ROWS", "DELETE HISTORY"));
  const found = ON_ROWS.filter((name) => upper.includes(name));
  return found.length > 0 && upper.includes("GRANT") ? [...found, GRANT_OPTION] : found;
};

/** In words, by what each of these may write; first who may everywhere. Who may not is left out. */
export function writers(
  accounts: readonly Account[],
  rights: readonly Right[],
  memberships: readonly Membership[],
): { readonly account: Account; readonly by: string }[] {
  const ways = waysOf(rights, memberships);
  const found = accounts.map((account) => {
    const by = ways(account).sort((one, other) => other.reach - one.reach);
    return {
      account,
      reach: by[0]?.reach ?? 0,
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

/** How an account gets to write, and how far that reaches. */
interface Way {
  readonly text: string;
  readonly reach: number;
}

function waysOf(rights: readonly Right[], memberships: readonly Membership[]): (account: Account) => Way[] {
  const known = new Map<string, Way[]>();
  const ways = (account: Account): Way[] => {
    const key = nameAccount(account);
    const found = known.get(key);
    if (found) return found;
    // Who may act as somebody who may act as it gets no further by that.
    known.set(key, []);
    const own = rightsOf(account, rights).map((right) => ({ right, by: "" }));
    const ofRoles = rolesOf(account, memberships).flatMap((role) =>
      rightsOf(asRole(role), rights).map((right) => ({ right, by: ` by the role ${role}` })),
    );
    const all = [...own, ...ofRoles].flatMap(({ right, by }) => {
      const reach = reachOf(right);
      return reach > 0 ? [{ text: `${describe(right)}${by}`, reach }] : [];
    });
    known.set(key, all);
    return all;
  };
  const reachOf = ({ on, as, isEverywhere, privileges }: Right): number => {
    if (!as) return (on === "*.*" || isEverywhere ? EVERYWHERE : 0) + privileges.length;
    return as.user === "" ? EVERYWHERE : Math.max(0, ...ways(as).map(({ reach }) => reach));
  };
  return ways;
}

const EVERYWHERE = 1000;

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

function describe({ on, privileges, as }: Right): string {
  const named = privileges.filter((name) => name !== GRANT_OPTION);
  const text = `${some(named, 3)} ON ${on}${named.length < privileges.length ? " WITH GRANT OPTION" : ""}`;
  return as && privileges[0] !== PROXY ? `${text}, which acts as ${describeAccount(as)}` : text;
}

/** The first ones, and how many there are beside them. */
export const some = (names: readonly string[], most: number): string =>
  names.length <= most ? names.join(", ") : `${names.slice(0, most).join(", ")} and ${names.length - most} more`;

const PROXY = "PROXY";

/** A right to act as another account. */
export const actsAs = (account: Account): Pick<Right, "on" | "privileges" | "as"> => ({
  on: nameAccount(account),
  privileges: [PROXY],
  as: account,
});
