import type { Connection } from "../../inputs";
import type { WantedAccount } from "./accounts";
import { renderGrant } from "./grantText";
import { NATIVE } from "./password";
import { canonical, GRANT_OPTION } from "./privileges";

/** The accounts by which this library works on a server, and what they may do. docs/security.md lists what each privilege is for. */

/** What the proxies' account and copies of tables get on their databases; only who has it may hand it out. */
const ON_DATABASES = [
  "SELECT",
  "INSERT",
  "UPDATE",
  "DELETE",
  "CREATE",
  "DROP",
  "REFERENCES",
  "INDEX",
  "ALTER",
  "CREATE TEMPORARY TABLES",
  "LOCK TABLES",
  "EXECUTE",
  "CREATE VIEW",
  "SHOW VIEW",
  "CREATE ROUTINE",
  "ALTER ROUTINE",
  "EVENT",
  "TRIGGER",
  "DELETE HISTORY",
  "SHOW CREATE ROUTINE",
];

/**
 * Less than everything: not SUPER, FILE, SHUTDOWN and the like. What needs more is done by MariaDB's root, through the socket. Accounts are made by
 * right of INSERT, UPDATE and DELETE on MariaDB's own tables.
 */
export const ADMIN_PRIVILEGES = [
  ...ON_DATABASES,
  "RELOAD",
  "PROCESS",
  "REPLICATION CLIENT",
  "REPLICATION SLAVE",
  "SLAVE MONITOR",
  "REPLICATION SLAVE ADMIN",
  "REPLICATION MASTER ADMIN",
  "BINLOG ADMIN",
  "CONNECTION ADMIN",
  "READ_ONLY ADMIN",
  "SET USER",
  GRANT_OPTION,
];

/** True for rights that the admin does not have, and so can't hand out or take away. */
export const isBeyondAdmin = (on: string, privileges: readonly string[]): boolean =>
  on === "*.*" && privileges.some((privilege) => !ADMIN_PRIVILEGES.includes(canonical(privilege)));

/** Nothing that changes anything. */
export const VIEWER_PRIVILEGES = ["SELECT", "PROCESS", "SHOW VIEW", "REPLICATION CLIENT", "SLAVE MONITOR"];

/** Their names. All accounts that have one, from whatever host, are this library's. */
export const ownNames = ({ admin, viewer }: Connection): string[] => [admin.user, ...(viewer ? [viewer.user] : [])];

/** Each may come from the server's own machine, and from where `direct` says, with TLS only. */
export function ownAccounts({ admin, viewer, direct }: Connection): WantedAccount[] {
  const of = (role: "admin" | "viewer", account: Connection["admin"], privileges: readonly string[]) =>
    ["localhost", ...(direct ? [direct.from] : [])].map(
      (host): WantedAccount => ({
        role: "own",
        property: `connection.${role}`,
        user: account.user,
        host,
        grants: [renderGrant("*.*", privileges)],
        tls: host === "localhost" ? "NONE" : "SSL",
        authentication: NATIVE,
        passwords: [account.password],
      }),
    );
  return [...of("admin", admin, ADMIN_PRIVILEGES), ...(viewer ? of("viewer", viewer, VIEWER_PRIVILEGES) : [])];
}
