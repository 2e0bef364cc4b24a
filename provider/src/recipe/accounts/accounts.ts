import type { AccountState, AccountsInputs, ClientAccountInputs } from "../../inputs";
import { inProfile } from "../names";
import type { TlsRequirement } from "../tls";
import { WORDS } from "../words";
import { AS_CONFIGURED, type Authentication, NATIVE } from "./password";
import { ROLES, type Role, rowOf } from "./table";

/** Accounts that may be known in part, as in a preview. */
export type GivenAccounts = Omit<AccountsInputs, Role> & {
  readonly [R in Role]?: ClientAccountInputs | undefined;
};

/** The property with the accounts that are no rows of the table. */
export const EXTRA = "extraAccounts";

/** One account: a name and one host. */
export interface Account {
  readonly user: string;
  readonly host: string;
}

/** One account as it is wanted. */
export interface WantedAccount extends Account {
  /** `own`: this library works by it. */
  readonly role: Role | typeof EXTRA | "own";
  /** The property it comes from, such as `extraAccounts[0]`. */
  readonly property: string;
  readonly grants: readonly string[];
  readonly tls: TlsRequirement;
  /** What checks its passwords. */
  readonly authentication: Authentication;
  /** Newest first. */
  readonly passwords: readonly string[];
}

/** The key of an account in `accounts`. */
export const accountKey = ({ user, host }: Account): string => `${user}@${host}`;

/** The same for people: one without a name is not taken for a host. */
export const describeAccount = (account: Account): string =>
  account.user === "" ? `''@${account.host}` : accountKey(account);

/** Every account that one node must have, in the order of the recipe. */
export function wantedAccounts(inputs: GivenAccounts): WantedAccount[] {
  const ofRoles = ROLES.flatMap((role) => {
    const grants = inProfile(inputs.profile, rowOf(role))?.(inputs.databases) ?? [];
    return wantedOf(inputs, { role, property: role, grants, account: inputs[role] });
  });
  const extra = inputs.extraAccounts.flatMap((account, i) =>
    wantedOf(inputs, { role: EXTRA, property: `${EXTRA}[${i}]`, grants: account.grants, account }),
  );
  return [...ofRoles, ...extra];
}

interface Given extends Pick<WantedAccount, "role" | "property" | "grants"> {
  /** Undefined: the program does not ask for it. */
  readonly account: ClientAccountInputs | undefined;
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
    authentication: account.authentication ?? NATIVE,
    tls: host === "localhost" ? "NONE" : (account.requireTls ?? inputs.requireTls ?? "NONE"),
    passwords: [password, ...(previousPassword === undefined ? [] : [previousPassword])],
  }));
}

/** What `expiry` and `limits` of an account are when nothing is wrong. */
export const NO_EXPIRY = WORDS["SessionStoreUsers.accounts.expiry"].wanted;
export const UNLIMITED = WORDS["SessionStoreUsers.accounts.limits"].wanted;

/** How a wanted account looks when nothing is wrong with it. */
export function healthyState(grants: readonly string[], tls: TlsRequirement = "NONE"): AccountState {
  return { password: AS_CONFIGURED, grants, locked: false, tls, expiry: NO_EXPIRY, limits: UNLIMITED };
}

/** What `accounts` must be. It depends on no server's version and on no password. */
export function wantedStates(inputs: GivenAccounts): Record<string, AccountState> {
  return Object.fromEntries(
    wantedAccounts(inputs).map((account) => [accountKey(account), healthyState(account.grants, account.tls)]),
  );
}
