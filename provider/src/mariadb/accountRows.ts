import type { AccountState } from "../inputs";
import { type Account, accountKey, NO_EXPIRY, UNLIMITED } from "../recipe/accounts/accounts";
import { nameAccount } from "../recipe/accounts/grantText";
import { type LoginMethod, NATIVE } from "../recipe/accounts/password";
import { TLS_REQUIREMENTS } from "../recipe/tls";
import type { PasswordExpiry } from "../recipe/words";
import type { Server } from "./server";

/** What the server keeps about accounts: the rows of `mysql.global_priv` and the answers of SHOW GRANTS. */

/** A condition on rows of mysql.global_priv: a role is nobody's way in, whatever its name. */
export const IS_NO_ROLE = "IFNULL(JSON_VALUE(Priv, '$.is_role'), 0) NOT IN ('1', 'true')";

export interface LiveAccount extends Pick<AccountState, "locked" | "tls" | "expiry" | "limits"> {
  readonly methods: readonly LoginMethod[];
  /** Lines of SHOW GRANTS. They contain the password's hash: not to be shown. */
  readonly grants: readonly string[];
}

export interface LiveAccounts {
  /** Those that exist, by key. */
  readonly accounts: ReadonlyMap<string, LiveAccount>;
  readonly lowerCaseNames: boolean;
}

/** The JSON in `mysql.global_priv.Priv`, as far as we read it. */
interface Priv {
  readonly plugin?: string;
  readonly authentication_string?: string;
  readonly auth_or?: readonly { plugin?: string; authentication_string?: string }[];
  readonly account_locked?: boolean;
  readonly ssl_type?: number;
  readonly ssl_cipher?: string;
  readonly x509_issuer?: string;
  readonly x509_subject?: string;
  readonly password_last_changed?: number;
  readonly password_lifetime?: number;
  readonly [limit: string]: unknown;
}

const LIMITS = {
  max_questions: "MAX_QUERIES_PER_HOUR",
  max_updates: "MAX_UPDATES_PER_HOUR",
  max_connections: "MAX_CONNECTIONS_PER_HOUR",
  max_user_connections: "MAX_USER_CONNECTIONS",
  max_statement_time: "MAX_STATEMENT_TIME",
} as const;

interface Clock {
  /** Seconds since 1970. */
  readonly now: number;
  /** Days after which a password expires on this server by default; 0: never. */
  readonly lifetime: number;
}

export async function readAccounts(server: Server, wanted: readonly Account[]): Promise<LiveAccounts> {
  if (wanted.length === 0) return { accounts: new Map(), lowerCaseNames: false };
  const [globals, rows] = await Promise.all([
    server.row(
      "SELECT UNIX_TIMESTAMP() AS now, @@default_password_lifetime AS lifetime, @@lower_case_table_names AS lower_case",
    ),
    server.query("SELECT User, Host, Priv FROM mysql.global_priv WHERE (User, Host) IN (?)", [
      wanted.map(({ user, host }) => [user, host]),
    ]),
  ]);
  const clock = { now: Number(globals?.["now"]), lifetime: Number(globals?.["lifetime"]) };
  const read = rows.map(async (row): Promise<[string, LiveAccount]> => {
    const account = { user: String(row["User"]), host: String(row["Host"]) };
    return [accountKey(account), liveAccount(privOf(row["Priv"]), await grantsOf(server, account), clock)];
  });
  return { accounts: new Map(await Promise.all(read)), lowerCaseNames: Number(globals?.["lower_case"]) > 0 };
}

async function grantsOf(server: Server, account: Account): Promise<string[]> {
  const rows = await server.query("SHOW GRANTS FOR ?@?", [account.user, account.host]);
  const lines = rows.map((row) => String(Object.values(row)[0]));
  const others = lines.filter((line) => !line.startsWith(PROXY));
  return others.length === lines.length ? lines : [...others, ...(await proxiesOf(server, account))];
}

const PROXY = "GRANT PROXY ON ";

/** As newer servers show them: older ones put a quote in a name there as it is. */
async function proxiesOf(server: Server, account: Account): Promise<string[]> {
  const rows = await server.query(
    `SELECT Proxied_user AS user, Proxied_host AS host, With_grant AS handsOn FROM mysql.proxies_priv
      WHERE User = ? AND Host = ? ORDER BY 1, 2`,
    [account.user, account.host],
  );
  return rows.map(({ user, host, handsOn }) => {
    const on = nameAccount({ user: String(user), host: String(host) });
    return `${PROXY}${on} TO ${nameAccount(account)}${Number(handsOn) ? " WITH GRANT OPTION" : ""}`;
  });
}

/** mysql2 parses columns that the server calls JSON; older servers don't say so. */
const privOf = (value: unknown): Priv => (typeof value === "string" ? JSON.parse(value) : value) as Priv;

function liveAccount(priv: Priv, grants: readonly string[], clock: Clock): LiveAccount {
  return {
    methods: methodsOf(priv),
    grants,
    locked: priv.account_locked === true,
    tls: tlsOf(priv),
    expiry: expiryOf(priv, clock),
    limits: limitsOf(priv),
  };
}

function methodsOf(priv: Priv): LoginMethod[] {
  const own = { plugin: priv.plugin ?? NATIVE, hash: priv.authentication_string ?? "" };
  // In the list of alternatives an empty entry stands for the account's own plugin.
  return (priv.auth_or ?? [{}]).map((other) =>
    other.plugin === undefined ? own : { plugin: other.plugin, hash: other.authentication_string ?? "" },
  );
}

function tlsOf(priv: Priv): string {
  const details = [
    priv.x509_subject && `SUBJECT '${priv.x509_subject}'`,
    priv.x509_issuer && `ISSUER '${priv.x509_issuer}'`,
    priv.ssl_cipher && `CIPHER '${priv.ssl_cipher}'`,
  ];
  return TLS_REQUIREMENTS[priv.ssl_type ?? 0] ?? details.filter(Boolean).join(" ");
}

function expiryOf(priv: Priv, clock: Clock): PasswordExpiry {
  if (priv.password_last_changed === 0) return "expired";
  const own = priv.password_lifetime ?? -1;
  const days = own === -1 ? clock.lifetime : own;
  const age = clock.now - (priv.password_last_changed ?? clock.now);
  if (days > 0 && age >= days * 86_400) return "expired";
  return own > 0 ? `after ${own} days` : NO_EXPIRY;
}

function limitsOf(priv: Priv): string {
  const set = Object.entries(LIMITS).filter(([key]) => Number(priv[key] ?? 0) !== 0);
  return set.map(([key, name]) => `${name} ${Number(priv[key])}`).join(", ") || UNLIMITED;
}
