import type { ByProfile } from "../names";
import { escapeWildcards, quoteName } from "./grantText";

/** The kinds of accounts that the pair has. A row makes the argument, its check, the account and its advice. */

/** What it may do, as between GRANT and TO. What a grant means on which version of the server, `privileges.ts` says. */
type Grants = (databases: readonly string[]) => readonly string[];

export interface AccountRow extends ByProfile<Grants> {
  /** The documentation of the argument. */
  readonly description: string;
  /** Its name, where a program gives none. */
  readonly user: string;
  readonly vendor: Grants;
  /**
   * How its password changes without a moment in which its users are locked out. `previousPassword`: a program gives the former one
   * beside the new one. `link`: the account takes the former one too until the peer's `ReplicationLink` has gone over.
   */
  readonly rotation: "previousPassword" | "link";
  /** True: a program may say what checks its password. */
  readonly hasAuthentication?: true;
  /** True: it is made only if a program asks for it. */
  readonly optional: boolean;
  /** The longest password, in bytes. Absent: any. */
  readonly longestPassword?: { readonly bytes: number; readonly because: string };
  /** True: views, triggers, routines and events of the databases may run in its name, and are copied with it. */
  readonly mayDefine?: boolean;
  readonly source: string;
}

const allOn = (database: string): string => `ALL PRIVILEGES ON ${quoteName(database)}.*`;

/** In the order of the recipe. */
export const ACCOUNTS = {
  proxy: {
    description:
      "The proxies' account: all rights on `databases`, and REPLICATION CLIENT (recipe, step 2). @default user " +
      "`nevisproxy_user`",
    user: "nevisproxy_user",
    vendor: (databases) => ["REPLICATION CLIENT ON *.*", ...databases.map(allOn)],
    hardened: (databases) => [
      "REPLICATION CLIENT ON *.*",
      "SLAVE MONITOR ON *.*",
      ...databases.map((database) => allOn(escapeWildcards(database))),
    ],
    rotation: "previousPassword",
    hasAuthentication: true,
    optional: false,
    mayDefine: true,
    source: "recipe step 2",
  },
  replication: {
    description:
      "The account with which the peer pulls (recipe, step 3). When its password changes, it takes the former " +
      "one too until the peer's `ReplicationLink` has gone over to the new one. At most 96 bytes, which is what " +
      "MariaDB lets a replica send. @default user `replication_user`",
    user: "replication_user",
    vendor: () => ["REPLICATION SLAVE ON *.*"],
    rotation: "link",
    optional: false,
    longestPassword: { bytes: 96, because: "MariaDB takes no more from a replica" },
    source: "recipe step 3",
  },
  binaryLog: {
    description: "The account that purges binary logs (recipe, step 4). @default user `binarylog_user`",
    user: "binarylog_user",
    vendor: () => ["SUPER ON *.*"],
    hardened: () => ["BINLOG ADMIN ON *.*", "BINLOG MONITOR ON *.*"],
    rotation: "previousPassword",
    optional: false,
    source: "recipe step 4",
  },
  monitor: {
    description:
      "An account for health checks: it sees the state of replication (SLAVE MONITOR, BINLOG MONITOR) and no " +
      "data. Not in the recipe. @default none; its user `session_store_monitor`",
    user: "session_store_monitor",
    vendor: () => ["SLAVE MONITOR ON *.*", "BINLOG MONITOR ON *.*"],
    rotation: "previousPassword",
    hasAuthentication: true,
    optional: true,
    source: "beyond the recipe",
  },
} as const satisfies Readonly<Record<string, AccountRow>>;

export type Role = keyof typeof ACCOUNTS;

export const ROLES = Object.keys(ACCOUNTS) as Role[];

export const isRole = (name: string): name is Role => name in ACCOUNTS;

export const rowOf = (role: Role): AccountRow => ACCOUNTS[role];

/** The roles in whose names something may come along with the databases. */
export const DEFINERS = ROLES.filter((role) => rowOf(role).mayDefine);

/** One value for each role. */
export const byRole = <T>(value: (role: Role) => T): Record<Role, T> =>
  Object.fromEntries(ROLES.map((role) => [role, value(role)])) as Record<Role, T>;

/** The accounts of the recipe, out of all that a program gives. */
export const pickRoles = <T extends { readonly [R in Role]?: unknown }>(given: T): Pick<T, Role> =>
  byRole((role) => given[role]) as Pick<T, Role>;
