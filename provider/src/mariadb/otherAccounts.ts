import type { Advice } from "../inputs";
import type { WantedAccount } from "../recipe/accounts/accounts";
import { type Account, accountKey } from "../recipe/accounts/accounts";
import { hiddenBy, inPlaceOf } from "../recipe/accounts/clientHosts";
import type { GrantPart } from "../recipe/accounts/grants";
import { parseGrant, quoteName } from "../recipe/accounts/grantText";
import { actsAs, globalRights, type Membership, type Right, rightsAmong, writers } from "../recipe/accounts/writers";
import { otherAccountsAdvice } from "../recipe/otherAccountsAdvice";
import { IS_NO_ROLE } from "./accountRows";
import { ownAccounts } from "./admin";
import { rightsByDefiners, unlessKeptWaiting } from "./definersRights";
import type { Row, Server } from "./server";
import { objectsInNameOf } from "./storedObjects";

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
  const stays = [...managed, ...accounts.filter((account) => known.has(accountKey(account)))];
  const hostname = String(rows.find(({ kind }) => kind === "hostname")?.["object"] ?? "").toLowerCase();
  const local = ["localhost", "127.0.0.1", "::1", hostname];
  const locked = new Set(rows.filter((row) => Number(row["locked"]) > 0).map((row) => accountKey(whoIn(row))));
  const suspects = others.filter(
    (account) => !locked.has(accountKey(account)) && !(BUILT_IN.includes(account.user) && local.includes(account.host)),
  );
  const rights = rows.flatMap(rightIn);
  if (suspects.length > 0) rights.push(...(await rightsByDefiners(server, [...databases, SYSTEM])));
  const inPlace = managed.flatMap((wanted) => {
    // All accounts of our own names are ours: another one is dropped.
    const candidates = others.filter(({ user }) => wanted.role !== "own" || user === "");
    return inPlaceOf(wanted, candidates, stays).map((other) => ({
      wanted,
      other,
      after: hiddenBy(other, wanted.user, candidates),
    }));
  });
  const able = writers(suspects, rights, rows.flatMap(membershipIn));
  const dropped = [...inPlace.map(({ other }) => other), ...able.map(({ account }) => account)];
  return otherAccountsAdvice(server.name, {
    inPlace,
    writers: able,
    objects: await unlessKeptWaiting(server, () => objectsInNameOf(server, dropped)),
    innocent: accounts.filter((account) => !suspects.includes(account)),
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
        IFNULL(JSON_VALUE(Priv, '$.account_locked'), 0) IN ('1', 'true') AS locked, 0 AS everything
      FROM mysql.global_priv
      UNION ALL SELECT 'database', User, Host, Db, CONCAT_WS(',', ${flags}), '0', 0, '${SYSTEM}' LIKE Db FROM mysql.db WHERE ${isPattern}
      UNION ALL SELECT 'table', User, Host, CONCAT(Db, '.', Table_name), CONCAT_WS(',', Table_priv, Column_priv), '0', 0, Db = '${SYSTEM}' FROM mysql.tables_priv WHERE Db IN (?)
      UNION ALL SELECT 'member', User, Host, Role, '', '0', 0, 0 FROM mysql.roles_mapping
      UNION ALL SELECT 'proxy', User, Host, Proxied_user, Proxied_host, '0', 0, 0 FROM mysql.proxies_priv
      UNION ALL SELECT 'hostname', '', '', @@hostname, '', '0', 0, 0`,
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
  const isEverywhere = Number(row["everything"]) > 0;
  switch (row["kind"]) {
    case "account":
    case "role":
    case "public":
      return [{ who, on: "*.*", privileges: globalRights(BigInt(String(row["bits"]))) }];
    case "database":
      return [{ who, on: `${quoteName(object)}.*`, privileges: rightsAmong(listed.split(",")), isEverywhere }];
    case "table":
      return [{ who, on: object, privileges: rightsAmong(listed.split(",")), isEverywhere }];
    case "proxy":
      return [{ who, ...actsAs({ user: object, host: listed }) }];
    default:
      return [];
  }
}

const membershipIn = (row: Row): Membership[] =>
  row["kind"] === "member" ? [{ who: whoIn(row), role: String(row["object"]) }] : [];

/** What everybody has of it, without what MariaDB itself gives on its databases for tests. */
async function grantsOfPublic(server: Server): Promise<GrantPart[]> {
  const rows = await server.query(`SHOW GRANTS FOR ${PUBLIC.user}`);
  const lines = rows
    .map((row) => String(Object.values(row)[0]))
    .filter((line) => / TO PUBLIC( WITH \w+ OPTION)?$/.test(line));
  return lines
    .map((line) => {
      const { on, privileges } = parseGrant(line);
      return { on, privileges: privileges.map(({ written }) => written).filter((name) => name !== "USAGE") };
    })
    .filter(({ on, privileges }) => privileges.length > 0 && !/^`test(\\_%)?`\.\*$/.test(on));
}
