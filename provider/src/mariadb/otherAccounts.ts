import type { Advice } from "../inputs";
import type { WantedAccount } from "../recipe/accounts/accounts";
import { type Account, accountKey } from "../recipe/accounts/accounts";
import { inPlaceOf } from "../recipe/accounts/clientHosts";
import { quoteName } from "../recipe/accounts/grantText";
import { actsAs, globalRights, type Membership, type Right, rightsAmong, writers } from "../recipe/accounts/writers";
import { otherAccountsAdvice } from "../recipe/otherAccountsAdvice";
import { IS_NO_ROLE } from "./accountRows";
import { ownAccounts } from "./admin";
import type { Row, Server } from "./server";

/** Accounts that nobody declared: those that the server takes for clients of the pair's, and those that may write where sessions are. */

/** MariaDB's own, from the server's own machine. Distributions and images make them. */
const BUILT_IN = ["root", "mysql", "mariadb.sys", "debian-sys-maint"];

/** Everybody's role, from MariaDB 10.11 on. */
const PUBLIC: Account = { user: "PUBLIC", host: "" };

/** Whoever may write into MariaDB's own tables may do everything. */
const SYSTEM = "mysql";

/**
 * What to tell of accounts beside the wanted ones.
 * @param declared accounts that somebody declares, of this resource or another one
 */
export async function adviceOnOthers(
  server: Server,
  wanted: readonly WantedAccount[],
  databases: readonly string[],
  declared: readonly Account[],
): Promise<Advice[]> {
  const rows = await allRows(server, databases);
  const managed = [...ownAccounts(server.connection), ...wanted];
  const known = new Set([...managed, ...declared].map(accountKey));
  const accounts = rows.filter(({ kind }) => kind === "account").map(whoIn);
  const others = accounts.filter((account) => !known.has(accountKey(account)));
  const hostname = String(rows.find(({ kind }) => kind === "hostname")?.["object"] ?? "").toLowerCase();
  const local = ["localhost", "127.0.0.1", "::1", hostname];
  const able = rows.filter(({ kind, locked }) => kind === "account" && Number(locked) === 0).map(whoIn);
  const suspects = able.filter(
    (account) => !known.has(accountKey(account)) && !(BUILT_IN.includes(account.user) && local.includes(account.host)),
  );
  return otherAccountsAdvice(server.name, {
    inPlace: managed.flatMap((one) =>
      // All accounts of our own names are ours: another one is dropped.
      inPlaceOf(
        one,
        others.filter(({ user }) => one.role !== "own" || user === ""),
      ).map((other) => ({ wanted: one, other })),
    ),
    writers: writers(suspects, rows.flatMap(rightIn), rows.flatMap(membershipIn)),
    ofPublic: rows.some((row) => row["kind"] === "public") ? await grantsOfPublic(server) : [],
  });
}

/** All that is asked, in one question. */
function allRows(server: Server, databases: readonly string[]): Promise<Row[]> {
  const names = [...new Set([SYSTEM, ...databases, ...databases.map((name) => name.toLowerCase())])];
  const isPattern = names.map(() => "? LIKE Db").join(" OR ");
  const flags = DATABASE_FLAGS.map(([column, name]) => `IF(${column}_priv = 'Y', '${name}', NULL)`).join(", ");
  return server.query(
    `SELECT IF(${IS_NO_ROLE}, 'account', IF(User = 'PUBLIC', 'public', 'role')) AS kind, User AS user, Host AS host, '*.*' AS object, '' AS privileges,
        CAST(CAST(IFNULL(JSON_VALUE(Priv, '$.access'), 0) AS UNSIGNED) AS CHAR) AS bits,
        IFNULL(JSON_VALUE(Priv, '$.account_locked'), 0) IN ('1', 'true') AS locked
      FROM mysql.global_priv
      UNION ALL SELECT 'database', User, Host, Db, CONCAT_WS(',', ${flags}), '0', 0 FROM mysql.db WHERE ${isPattern}
      UNION ALL SELECT 'table', User, Host, CONCAT(Db, '.', Table_name), CONCAT_WS(',', Table_priv, Column_priv), '0', 0 FROM mysql.tables_priv WHERE Db IN (?)
      UNION ALL SELECT 'member', User, Host, Role, '', '0', 0 FROM mysql.roles_mapping
      UNION ALL SELECT 'proxy', User, Host, Proxied_user, Proxied_host, '0', 0 FROM mysql.proxies_priv
      UNION ALL SELECT 'hostname', '', '', @@hostname, '', '0', 0`,
    [...names, names],
  );
}

const DATABASE_FLAGS = [
  ["Insert", "INSERT"],
  ["Update", "UPDATE"],
  ["Delete", "DELETE"],
  ["Create", "CREATE"],
  ["Drop", "DROP"],
  ["Index", "INDEX"],
  ["Alter", "ALTER"],
  ["Trigger", "TRIGGER"],
  ["Delete_history", "DELETE HISTORY"],
  ["Grant", "GRANT"],
] as const;

const whoIn = (row: Row): Account => ({ user: String(row["user"]), host: String(row["host"]) });

function rightIn(row: Row): Right[] {
  const who = whoIn(row);
  const object = String(row["object"]);
  const listed = String(row["privileges"]);
  switch (row["kind"]) {
    case "account":
    case "role":
    case "public":
      return [{ who, on: "*.*", privileges: globalRights(BigInt(String(row["bits"]))) }];
    case "database":
      return [{ who, on: `${quoteName(object)}.*`, privileges: rightsAmong(listed.split(",")) }];
    case "table":
      return [{ who, on: object, privileges: rightsAmong(listed.split(",")) }];
    case "proxy":
      return [{ who, ...actsAs({ user: object, host: listed }) }];
    default:
      return [];
  }
}

const membershipIn = (row: Row): Membership[] =>
  row["kind"] === "member" ? [{ who: whoIn(row), role: String(row["object"]) }] : [];

/** What everybody has of it, as between GRANT and TO, without what MariaDB itself gives on its databases for tests. */
async function grantsOfPublic(server: Server): Promise<string[]> {
  const rows = await server.query(`SHOW GRANTS FOR ${PUBLIC.user}`);
  const grants = rows.flatMap(
    (row) => /^GRANT (.*) TO PUBLIC( WITH GRANT OPTION)?$/s.exec(String(Object.values(row)[0]))?.[1] ?? [],
  );
  return grants.filter((text) => text !== "USAGE ON *.*" && !/ ON `test(\\_%)?`\.\*$/.test(text));
}
