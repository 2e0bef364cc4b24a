import type { AccountState, AccountsInputs, RotatingAccountInputs } from "../../inputs";
import type { TlsRequirement } from "../tls";
import { escapeWildcards, quoteName } from "./grantText";
import { AS_CONFIGURED } from "./password";

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
