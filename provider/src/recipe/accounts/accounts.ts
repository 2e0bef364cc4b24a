import { inProfile, isReservedUser, type Profile } from "../names";
import type { TlsRequirement } from "../tls";
import type { PasswordExpiry, PasswordState } from "../words";
import { AS_CONFIGURED } from "./password";
import { type ACCOUNTS, ROLES, type Role, type RolesWith, rowOf } from "./table";

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

type InputsOf<R extends Role> = (typeof ACCOUNTS)[R]["rotation"] extends "previousPassword"
  ? RotatingAccountInputs
  : AccountInputs;

/** The accounts of the recipe, each a row of the table. */
type RoleInputs = {
  readonly [R in keyof Pick<typeof ACCOUNTS, RolesWith<{ optional: false }>>]: InputsOf<R>;
} & {
  readonly [R in keyof Pick<typeof ACCOUNTS, RolesWith<{ optional: true }>>]?: InputsOf<R> | undefined;
};

/** The accounts of one node, by their part in the recipe. */
export interface AccountsInputs extends RoleInputs {
  /** The databases that the proxies use. @default ["replicated_session_store"] */
  readonly databases: readonly string[];
  /**
   * `vendor`: grants as in the recipe, to the letter. `hardened`: database names are exact instead of patterns, the binary log
   * account gets BINLOG ADMIN and BINLOG MONITOR instead of SUPER, and the proxy may also see the replication's state (SLAVE MONITOR).
   * A change takes effect at once: what is newly allowed is granted before the rest is revoked.
   * On MariaDB 11.0.1 and later SUPER no longer covers the binary log; there it is granted with BINLOG ADMIN and BINLOG MONITOR.
   * @default "vendor"
   */
  readonly profile: Profile;
  /**
   * What connections of all accounts need that don't say otherwise themselves: `NONE`, `SSL` or `X509`. A change is made at once. The
   * server has to have its certificate before, and the links have to use it. @default NONE
   */
  readonly requireTls?: TlsRequirement | undefined;
  /** More accounts that this server must have, such as one for backups. @default [] */
  readonly extraAccounts: readonly ExtraAccountInputs[];
}

/** Accounts that may be known in part, as in a preview. */
export type GivenAccounts = Omit<AccountsInputs, Role> & {
  readonly [R in Role]?: RotatingAccountInputs | undefined;
};

/** How an account is, or must be, as previews show it. No secret is in it. */
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

/** The property with the accounts that are no rows of the table. */
const EXTRA = "extraAccounts";

/** One account: a name and one host. */
export interface Account {
  readonly user: string;
  readonly host: string;
}

/** One account as it is wanted. */
export interface WantedAccount extends Account {
  readonly role: Role | typeof EXTRA;
  /** The property it comes from, such as `extraAccounts.0`. */
  readonly property: string;
  readonly grants: readonly string[];
  readonly tls: TlsRequirement;
  /** Newest first. */
  readonly passwords: readonly string[];
}

/** The key of an account in `accounts`. */
export const accountKey = ({ user, host }: Account): string => `${user}@${host}`;

/** Every account that one node must have, in the order of the recipe. */
export function wantedAccounts(inputs: GivenAccounts): WantedAccount[] {
  const ofRoles = ROLES.flatMap((role) => {
    const grants = inProfile(inputs.profile, rowOf(role))?.(inputs.databases) ?? [];
    return wantedOf(inputs, { role, property: role, grants, account: inputs[role] });
  });
  const extra = inputs.extraAccounts.flatMap((account, i) =>
    wantedOf(inputs, { role: EXTRA, property: `${EXTRA}.${i}`, grants: account.grants, account }),
  );
  return [...ofRoles, ...extra];
}

interface Given extends Pick<WantedAccount, "role" | "property" | "grants"> {
  /** Undefined: the program does not ask for it. */
  readonly account: RotatingAccountInputs | undefined;
}

/** One account for each host that it may come from. */
function wantedOf(inputs: GivenAccounts, { account, ...rest }: Given): WantedAccount[] {
  if (!account) return [];
  const { user, password, previousPassword } = account;
  return account.from.map((host) => ({
    ...rest,
    user,
    host,
    // The server's own socket is no network, and has no TLS.
    tls: host === "localhost" ? "NONE" : (account.requireTls ?? inputs.requireTls ?? "NONE"),
    passwords: [password, ...(previousPassword === undefined ? [] : [previousPassword])],
  }));
}

/** How a wanted account looks when nothing is wrong with it. */
export function healthyState(grants: readonly string[], tls: TlsRequirement = "NONE"): AccountState {
  return { password: AS_CONFIGURED, grants, locked: false, tls, expiry: "none", limits: "none" };
}

/** What `accounts` must be. It depends on no server's version and on no password. */
export function wantedStates(inputs: GivenAccounts): Record<string, AccountState> {
  return Object.fromEntries(
    wantedAccounts(inputs).map((account) => [accountKey(account), healthyState(account.grants, account.tls)]),
  );
}

/** What only the accounts together show: the same one twice, or one that belongs to the server or to us. */
export function clashes(inputs: GivenAccounts, admin: string): { property: string; reason: string }[] {
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
    if (isReservedUser(user)) {
      found.set(`${property}.user`, `"${user}" belongs to MariaDB itself; choose another name`);
    }
  }
  return [...found].map(([property, reason]) => ({ property, reason }));
}
