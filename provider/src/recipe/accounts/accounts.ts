import type { TlsRequirement } from "../tls";
import type { PasswordExpiry, PasswordState } from "../words";
import { escapeWildcards, quoteName } from "./grantText";
import { AS_CONFIGURED } from "./password";

/** A login name, and from where it may be used. */
export interface AccountInputs {
  /**
   * Name of the account. Another name makes a new account and drops the former one in the same `up`: whoever still uses it can't
   * log in any more. To go over slowly, keep the former one in `extraAccounts` for a while.
   */
  readonly user: string;
  /**
   * Its password. It goes to the server as a hash and is never shown; state and outputs hold it as a secret. A change is
   * made at once; sessions that are open stay open. An empty one, or one with a line break, is refused.
   */
  readonly password: string;
  /**
   * The hosts it may come from, each an account of its own: names, addresses, patterns with `%`, or `address/netmask`. A proxy on
   * the server's own machine may need `localhost` beside `%`. MariaDB keeps them in lower case. An entry that is taken out is dropped.
   * @default ["%"]
   */
  readonly from: readonly string[];
  /**
   * What its connections need: `NONE`, `SSL`, or `X509`, a certificate that the node's `ca` signed. A change is made at once; whoever
   * comes without is refused at the next login. From `localhost`, which is the server's own socket, nothing is needed.
   * @default `requireTls` of the resource
   */
  readonly requireTls?: TlsRequirement | undefined;
}

/** An account whose password can be changed without a moment in which its users are locked out. */
export interface RotatingAccountInputs extends AccountInputs {
  /**
   * A second password that the account takes too. For a rotation: set the new `password`, and the one in use here; `up`; give
   * the new one to all who log in; take this out; `up`. @default none
   */
  readonly previousPassword?: string | undefined;
}

export interface ExtraAccountInputs extends RotatingAccountInputs {
  /**
   * What it may do, as between GRANT and TO: `"SELECT ON mydb.*"`, `"PROCESS ON *.*"`. It can do this and no more. `_` and `%`
   * in the name of a database are wildcards, as in GRANT. Refused: what MariaDB doesn't know, WITH GRANT OPTION, roles.
   */
  readonly grants: readonly string[];
}

/** The accounts of one node, by their part in the recipe. */
export interface AccountsInputs {
  /** The databases that the proxies use. @default ["replicated_session_store"] */
  readonly databases: readonly string[];
  /**
   * `vendor`: grants as in the recipe, to the letter. `hardened`: database names are exact instead of patterns, the binary log
   * account gets BINLOG ADMIN and BINLOG MONITOR instead of SUPER, and the proxy may also see the replication's state (SLAVE MONITOR).
   * A change takes effect at once: what is newly allowed is granted before the rest is revoked.
   * On MariaDB 11.0.1 and later SUPER no longer covers the binary log; there it is granted with BINLOG ADMIN and BINLOG MONITOR.
   * @default "vendor"
   */
  readonly profile: "vendor" | "hardened";
  /**
   * What connections of all accounts need that don't say otherwise themselves: `NONE`, `SSL` or `X509`. A change is made at once. The
   * server has to have its certificate before, and the links have to use it. @default NONE
   */
  readonly requireTls?: TlsRequirement | undefined;
  /** The proxies' account: all rights on `databases`, and REPLICATION CLIENT (recipe, step 2). @default user `nevisproxy_user` */
  readonly proxy: RotatingAccountInputs;
  /**
   * The account with which the peer pulls (recipe, step 3). When its password changes, it takes the former one too until the
   * peer's `ReplicationLink` has gone over to the new one. At most 96 bytes, which is what MariaDB lets a replica send.
   * @default user `replication_user`
   */
  readonly replication: AccountInputs;
  /** The account that purges binary logs (recipe, step 4). @default user `binarylog_user` */
  readonly binaryLog: RotatingAccountInputs;
  /**
   * An account for health checks: it sees the state of replication (SLAVE MONITOR, BINLOG MONITOR) and no data. Not in the
   * recipe. @default none; its user `session_store_monitor`
   */
  readonly monitor?: RotatingAccountInputs | undefined;
  /** More accounts that this server shall have, such as one for backups. @default [] */
  readonly extraAccounts: readonly ExtraAccountInputs[];
}

/** How an account is, or shall be, as previews show it. No secret is in it. */
export interface AccountState {
  /** `as configured`, `differs`, `accepts another one too`, `does not accept the previous one`, `none`, `checked by <plugin>`. */
  readonly password: PasswordState;
  /** What it may do, in the spelling of what is wanted. */
  readonly grants: readonly string[];
  /** True: it can't log in. */
  readonly locked: boolean;
  /** What the server asks of the connection: `NONE`, `SSL`, `X509`, or certificate details. */
  readonly tls: string;
  /** `none`, `expired`, or `after 90 days`. */
  readonly expiry: PasswordExpiry;
  /** `none`, or such as `MAX_USER_CONNECTIONS 5`. */
  readonly limits: string;
}

export type Role = "proxy" | "replication" | "binaryLog" | "monitor" | "extraAccounts";

/** One account: a name and one host. */
export interface Account {
  readonly user: string;
  readonly host: string;
}

/** One account as it is wanted. */
export interface WantedAccount extends Account {
  readonly role: Role;
  /** The property it comes from, such as `extraAccounts.0`. */
  readonly property: string;
  readonly grants: readonly string[];
  readonly tls: TlsRequirement;
  /** Newest first. */
  readonly passwords: readonly string[];
}

export const DEFAULT_USERS = {
  proxy: "nevisproxy_user",
  replication: "replication_user",
  binaryLog: "binarylog_user",
  monitor: "session_store_monitor",
} as const;

/** MariaDB's own accounts: whoever gives one of these names would lose the way into the server with the next `destroy`. */
export const RESERVED_USERS: readonly string[] = ["root", "mysql", "mariadb.sys", "public"];

export const SYSTEM_DATABASES: readonly string[] = ["mysql", "sys", "information_schema", "performance_schema"];

/** The key of an account in `accounts`. */
export const accountKey = ({ user, host }: Account): string => `${user}@${host}`;

/** Every account that one node shall have, in the order of the recipe. */
export function wantedAccounts(inputs: AccountsInputs): WantedAccount[] {
  const { proxy, replication, binaryLog, monitor, extraAccounts, profile } = inputs;
  const hardened = profile === "hardened";
  const ofDatabase = (database: string) =>
    `ALL PRIVILEGES ON ${quoteName(hardened ? escapeWildcards(database) : database)}.*`;
  const of = (role: Role, property: string, account: RotatingAccountInputs, grants: readonly string[]) =>
    account.from.map((host) => ({
      role,
      property,
      user: account.user,
      host,
      grants,
      // The server's own socket is no network, and has no TLS.
      tls: host === "localhost" ? ("NONE" as const) : (account.requireTls ?? inputs.requireTls ?? "NONE"),
      passwords: [account.password, ...(account.previousPassword === undefined ? [] : [account.previousPassword])],
    }));
  const forProxy = ["REPLICATION CLIENT ON *.*", ...(hardened ? ["SLAVE MONITOR ON *.*"] : [])];
  const forBinaryLog = hardened ? ["BINLOG ADMIN ON *.*", "BINLOG MONITOR ON *.*"] : ["SUPER ON *.*"];
  return [
    ...of("proxy", "proxy", proxy, [...forProxy, ...inputs.databases.map(ofDatabase)]),
    ...of("replication", "replication", replication, ["REPLICATION SLAVE ON *.*"]),
    ...of("binaryLog", "binaryLog", binaryLog, forBinaryLog),
    ...(monitor ? of("monitor", "monitor", monitor, ["SLAVE MONITOR ON *.*", "BINLOG MONITOR ON *.*"]) : []),
    ...extraAccounts.flatMap((extra, i) => of("extraAccounts", `extraAccounts.${i}`, extra, extra.grants)),
  ];
}

/** How a wanted account looks when nothing is wrong with it. */
export function healthyState(grants: readonly string[], tls: TlsRequirement = "NONE"): AccountState {
  return { password: AS_CONFIGURED, grants, locked: false, tls, expiry: "none", limits: "none" };
}

/** What `accounts` shall be. It depends on no server's version and on no password. */
export function wantedStates(inputs: AccountsInputs): Record<string, AccountState> {
  return Object.fromEntries(
    wantedAccounts(inputs).map((account) => [accountKey(account), healthyState(account.grants, account.tls)]),
  );
}

/** What only the accounts together show: the same one twice, or one that belongs to the server or to us. */
export function clashes(inputs: AccountsInputs, admin: string): { property: string; reason: string }[] {
  const seen = new Map<string, string>();
  const found = new Map<string, string>();
  for (const account of wantedAccounts(inputs)) {
    const { user, property } = account;
    const key = accountKey(account);
    const first = seen.get(key);
    if (first) {
      found.set(
        property === first ? `${property}.from` : `${property}.user`,
        `"${key}" is there twice (see "${first}")`,
      );
    }
    seen.set(key, property);
    if (user === admin)
      found.set(`${property}.user`, `"${user}" is the account with which this library works on the server`);
    if (RESERVED_USERS.includes(user.toLowerCase())) {
      found.set(`${property}.user`, `"${user}" belongs to MariaDB itself; choose another name`);
    }
  }
  return [...found].map(([property, reason]) => ({ property, reason }));
}
