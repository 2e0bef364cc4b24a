import { isDeepStrictEqual } from "node:util";
import { escape as quoteText } from "mysql2";
import type { AccountState } from "../inputs";
import { type Account, accountKey, NO_EXPIRY, UNLIMITED, type WantedAccount } from "../recipe/accounts/accounts";
import { compareGrants, type GrantDifference, type GrantPart, type GrantServer } from "../recipe/accounts/grants";
import { isProxied, proxiedAccount, quoteAccount, renderGrant } from "../recipe/accounts/grantText";
import { isBeyondAdmin } from "../recipe/accounts/own";
import { AS_CONFIGURED, type LoginMethod, loginMethod, NATIVE, passwordState } from "../recipe/accounts/password";
import { isRequirement } from "../recipe/tls";
import { progress } from "../run";
import { type LiveAccount, readAccounts } from "./accountRows";
import { givingPassword } from "./passwordPolicy";
import { asSuperuser, withRights } from "./rights";
import { Secret } from "./secret";
import type { Server } from "./server";
import { objectsInNameOf } from "./storedObjects";

/** Brings accounts to the wanted state. Nothing is written for an account that is right, and no password leaves but as a hash. */

const REPLICATION = "REPLICATION SLAVE ON *.*";

/** What is to be done for one account. */
export interface Repair {
  readonly account: Account;
  /** What is seen. Undefined: the account is missing. */
  readonly seen: AccountState | undefined;
  /** In words, what is wrong. Empty: nothing. */
  readonly problems: readonly string[];
  apply(): Promise<void>;
}

export interface RepairOptions {
  /** True for an account whose present password is still in use by somebody who changes over later: it is kept beside the new one. */
  keepsFormerPassword(account: WantedAccount): boolean;
}

/** How the accounts are, compared with how they are wanted. */
export async function examineAccounts(
  server: Server,
  wanted: readonly WantedAccount[],
  options: RepairOptions = { keepsFormerPassword: () => false },
): Promise<Repair[]> {
  const { accounts, lowerCaseNames } = await readAccounts(server, wanted);
  return wanted.map((account) => {
    const logins = account.passwords.map((password) => loginMethod(account.authentication, password));
    const live = accounts.get(accountKey(account));
    if (live && options.keepsFormerPassword(account)) logins.push(...formerLogins(live.methods, logins));
    return examine(server, account, logins, live, { version: server.version, lowerCaseNames });
  });
}

/** The states of those that exist, as `accounts` shows them. */
export function statesOf(repairs: readonly Repair[]): Record<string, AccountState> {
  return Object.fromEntries(repairs.flatMap(({ account, seen }) => (seen ? [[accountKey(account), seen]] : [])));
}

/**
 * Drops accounts, those that are gone already included. One in whose name something runs only loses its login: without the account, each statement
 * that uses such a view, trigger or routine would fail.
 */
export async function dropAccounts(server: Server, accounts: readonly Account[]): Promise<void> {
  const objects = await objectsInNameOf(server, accounts);
  for (const account of accounts) {
    const inItsName = objects.filter(({ definer }) => definer === accountKey(account));
    if (inItsName.length === 0) {
      await change(server, account, (name) => `DROP USER IF EXISTS ${name}`);
      continue;
    }
    const named = inItsName.map(({ kind, name }) => `${kind} ${name}`).join(", ");
    progress(
      `${server.name}: ${accountKey(account)} is locked, not dropped, since what is in its name would fail: ${named}. ` +
        `Make that again with another DEFINER, then run: DROP USER ${quoteAccount(account)}`,
    );
    await change(server, account, (name) => `ALTER USER IF EXISTS ${name} ACCOUNT LOCK`);
  }
}

/** What the accounts of this name ask of their connections, at the least. */
export async function weakestRequirement(server: Server, user: string): Promise<string> {
  // A replica comes over the network, which `localhost` never is.
  const remote = (await accountsOf(server, user)).filter(({ host }) => host !== "localhost");
  const { accounts } = await readAccounts(server, remote);
  const found = [...accounts.values()].map(({ tls }) => tls);
  return found.find((tls) => tls === "NONE") ?? found[0] ?? "NONE";
}

/** True while the accounts of this name take more than one password: a rotation that is not at its end. */
export async function takesSeveralPasswords(server: Server, user: string): Promise<boolean> {
  const { accounts } = await readAccounts(server, await accountsOf(server, user));
  return [...accounts.values()].some(({ methods }) => methods.length > 1);
}

/**
 * Ends a change of password: the accounts of this name take this one only. For when the last user of the former one, a replica, has
 * gone over. An account that does not take `password` is left alone: its only way in may be in use.
 */
export async function settlePassword(server: Server, user: string, password: string): Promise<void> {
  const login = loginMethod(NATIVE, password);
  const wanted = await accountsOf(server, user);
  const { accounts } = await readAccounts(server, wanted);
  for (const account of wanted) {
    const methods = accounts.get(accountKey(account))?.methods ?? [];
    if (methods.length > 1 && methods.some((method) => isDeepStrictEqual(method, login))) {
      await changeLogin(server, account, "ALTER USER", [identifiedBy([login])]);
    }
  }
}

/** An account and how it logs in. The hashes are secret. */
export interface Login extends Account {
  readonly methods: readonly LoginMethod[];
  readonly tls: WantedAccount["tls"];
}

/** The accounts of this name that may replicate, and log in by password, and at most by a certificate besides. */
export async function replicationLogins(server: Server, user: string): Promise<Login[]> {
  const named = await accountsOf(server, user);
  const { accounts, lowerCaseNames } = await readAccounts(server, named);
  return named.flatMap((account) => {
    const live = accounts.get(accountKey(account));
    if (!live || live.locked || live.expiry === "expired" || !isRequirement(live.tls)) return [];
    const { missing } = compareGrants([REPLICATION], live.grants, { version: server.version, lowerCaseNames });
    const methods = formerLogins(live.methods, []);
    return missing.length === 0 && methods.length > 0 ? [{ ...account, methods, tls: live.tls }] : [];
  });
}

/** Makes an account that may replicate, and no more, unless one of this name and host is there. In one statement: it is whole or not there. */
export async function makeReplicationAccount(server: Server, { methods, tls, ...account }: Login): Promise<void> {
  if (await accountExists(server, account)) return;
  progress(`${server.name}: making the account ${accountKey(account)}, with which its peer replicates`);
  await changeLogin(server, account, `GRANT ${REPLICATION} TO`, [identifiedBy(methods), requires(tls)]);
}

export const accountExists = async (server: Server, { user, host }: Account): Promise<boolean> =>
  (await server.row("SELECT 1 FROM mysql.global_priv WHERE User = ? AND Host = ?", [user, host])) !== undefined;

async function accountsOf(server: Server, user: string): Promise<Account[]> {
  const rows = await server.query("SELECT Host FROM mysql.global_priv WHERE User = ?", [user]);
  return rows.map((row) => ({ user, host: String(row["Host"]) }));
}

function examine(
  server: Server,
  account: WantedAccount,
  logins: readonly LoginMethod[],
  live: LiveAccount | undefined,
  grantServer: GrantServer,
): Repair {
  const grants = compareGrants(account.grants, live?.grants ?? [], grantServer);
  if (!live) {
    const login = [identifiedBy(logins), ...(account.tls === "NONE" ? [] : [requires(account.tls)])];
    return {
      account,
      seen: undefined,
      problems: ["missing"],
      async apply() {
        await changeLogin(server, account, "CREATE USER IF NOT EXISTS", login);
        await applyGrants(server, account, grants);
      },
    };
  }
  const { methods, grants: _lines, ...rest } = live;
  const seen: AccountState = { ...rest, password: passwordState(methods, logins), grants: grants.shown };
  const clauses = repairClauses(seen, account, logins);
  return {
    account,
    seen,
    problems: [...problemsOf(seen, account), ...problemsWithGrants(grants)],
    async apply() {
      if (clauses.length > 0) await changeLogin(server, account, "ALTER USER", clauses);
      await applyGrants(server, account, grants);
    },
  };
}

/** A part of CREATE USER or ALTER USER. */
interface Clause {
  readonly text: string;
  /** What belongs to the marks in it. */
  readonly values?: readonly Secret[];
}

/** The parts of ALTER USER that are needed, in the order of its grammar. */
function repairClauses(seen: AccountState, wanted: WantedAccount, logins: readonly LoginMethod[]): Clause[] {
  return [
    // Only a password that is set again ends its expiry, also when it is the same.
    ...(seen.password !== AS_CONFIGURED || seen.expiry === "expired" ? [identifiedBy(logins)] : []),
    ...(seen.tls !== wanted.tls ? [requires(wanted.tls)] : []),
    ...(seen.limits !== UNLIMITED
      ? [
          {
            text: "WITH MAX_QUERIES_PER_HOUR 0 MAX_UPDATES_PER_HOUR 0 MAX_CONNECTIONS_PER_HOUR 0 MAX_USER_CONNECTIONS 0 MAX_STATEMENT_TIME 0",
          },
        ]
      : []),
    ...(seen.locked ? [{ text: "ACCOUNT UNLOCK" }] : []),
    ...(seen.expiry !== NO_EXPIRY ? [{ text: "PASSWORD EXPIRE DEFAULT" }] : []),
  ];
}

function problemsOf({ password, locked, tls, expiry, limits }: AccountState, wanted: WantedAccount): string[] {
  return [
    ...(password !== AS_CONFIGURED ? [`password ${password}`] : []),
    ...(locked ? ["locked"] : []),
    ...(tls !== wanted.tls ? [`requires ${tls}, not ${wanted.tls}`] : []),
    ...(expiry !== NO_EXPIRY ? [`password expiry ${expiry}`] : []),
    ...(limits !== UNLIMITED ? [`limited by ${limits}`] : []),
  ];
}

function problemsWithGrants({ missing, extra }: GrantDifference): string[] {
  const text = ({ on, privileges }: GrantPart) => renderGrant(on, privileges);
  return [...missing.map((part) => `lacks ${text(part)}`), ...extra.map((part) => `has ${text(part)} too`)];
}

/** Grants what is missing before it revokes what is too much, so that the account never lacks what it had before and keeps after. What a REVOKE takes along is granted again at the end. */
async function applyGrants(server: Server, account: Account, { missing, extra, lost }: GrantDifference): Promise<void> {
  const grant = async ({ on, privileges }: GrantPart) => {
    const statement = (name: string) => `GRANT ${renderGrant(on, privileges)} TO ${name}`;
    await change(server, account, statement, isBeyondAdmin(on, privileges));
  };
  for (const part of missing) await grant(part);
  for (const { on, privileges } of extra) {
    if (on === "ROLE") for (const role of rolesAmong(privileges)) await revokeRole(server, account, role);
    else if (isProxied(on)) await revokeProxy(server, account, on);
    else if (on === "DEFAULT ROLE") await change(server, account, (name) => `SET DEFAULT ROLE NONE FOR ${name}`);
    else {
      const revoke = (name: string) => `REVOKE ${renderGrant(on, privileges)} FROM ${name}`;
      await change(server, account, revoke, isBeyondAdmin(on, privileges));
    }
  }
  for (const part of lost) await grant(part);
}

/** The other entries say that one of these is had WITH ADMIN OPTION, which goes with the role. */
const rolesAmong = (privileges: readonly string[]): string[] => privileges.filter((name) => name.endsWith("`"));

/** Only who has the role with ADMIN OPTION may take it away, whatever else it may do: as a rule MariaDB's root, who made it. */
async function revokeRole(server: Server, account: Account, role: string): Promise<void> {
  const statement = (name: string) => `REVOKE ${role} FROM ${name}`;
  try {
    await change(server, account, statement);
  } catch {
    try {
      await asSuperuser(server, (root) => change(root, account, statement));
    } catch {
      throw new Error(
        `${server.name}: ${accountKey(account)} has the role ${role}, which neither "${server.connection.admin.user}" nor MariaDB's root ` +
          `may revoke (they lack its ADMIN OPTION). Run this as somebody who may: ${statement(quoteAccount(account))}`,
      );
    }
  }
}

/** Only who may act as that account WITH GRANT OPTION may revoke it: the admin may not, and MariaDB's root as a rule. Where nobody does, it stays. */
async function revokeProxy(server: Server, account: Account, on: string): Promise<void> {
  const statement = (name: string) => `REVOKE PROXY ON ${on} FROM ${name}`;
  try {
    await asSuperuser(server, (root) => change(root, account, statement));
  } catch (error) {
    if ((error as { errno?: number }).errno === NO_SUCH_GRANT) return deleteProxy(server, account, on);
    progress(
      `${server.name}: ${accountKey(account)} may act as ${on} (PROXY), and MariaDB's root did not revoke it: ${(error as Error).message}. It was left. ` +
        `Run this as somebody who may: ${statement(quoteAccount(account))}`,
    );
  }
}

/** What REVOKE does not find is gone, which is as wanted; or somebody wrote it into MariaDB's table in a way in which no statement can name it. */
async function deleteProxy(server: Server, { user, host }: Account, on: string): Promise<void> {
  const isThis = "FROM mysql.proxies_priv WHERE User = ? AND Host = ? AND Proxied_user = ? AND Proxied_host = ?";
  const proxied = proxiedAccount(on);
  const values = [user, host, proxied.user, proxied.host];
  if (!(await server.row(`SELECT 1 ${isThis}`, values))) return;
  await withRights(server, (by) => by.query(`DELETE ${isThis}`, values));
  await server.query("FLUSH LOCAL PRIVILEGES");
}

/** ER_NONEXISTING_GRANT */
const NO_SUCH_GRANT = 1141;

/** Passwords that still let somebody in, besides the wanted ones. */
const formerLogins = (methods: readonly LoginMethod[], wanted: readonly LoginMethod[]): LoginMethod[] =>
  methods.filter(
    (method) =>
      method.plugin === NATIVE && method.hash !== "" && !wanted.some((each) => isDeepStrictEqual(each, method)),
  );

const identifiedBy = (logins: readonly LoginMethod[]): Clause => ({
  text: `IDENTIFIED VIA ${logins.map(({ plugin }) => `${plugin} USING ?`).join(" OR ")}`,
  values: logins.map(({ hash }) => new Secret(hash)),
});

const requires = (tls: WantedAccount["tls"]): Clause => ({ text: `REQUIRE ${tls}` });

/** A statement without secrets. Names stand in its text, so that errors show them; sessions take backslashes for escapes. */
async function change(
  server: Server,
  account: Account,
  statement: (name: string) => string,
  isBeyond = false,
): Promise<void> {
  await withRights(server, (by) => by.query(statement(quoted(account))), isBeyond);
}

const quoted = ({ user, host }: Account): string => `${quoteText(user)}@${quoteText(host)}`;

/** Makes an account, or changes how it logs in. Hashes are values, which errors never show. */
async function changeLogin(server: Server, account: Account, verb: string, clauses: readonly Clause[]): Promise<void> {
  const statement = [`${verb} ?@?`, ...clauses.map(({ text }) => text)].join(" ");
  try {
    const values = [account.user, account.host, ...clauses.flatMap(({ values = [] }) => values)];
    await withRights(server, (by) => givingPassword(by, () => by.query(statement, values)));
  } catch (error) {
    throw Object.assign(error as Error, { message: `account ${accountKey(account)}: ${(error as Error).message}` });
  }
}
