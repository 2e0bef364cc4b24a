import fc from "fast-check";
import type { Server } from "../../provider/src/mariadb/server";
import { quoteName, renderGrant } from "../../provider/src/recipe/accounts/grantText";
import type { Level } from "../../provider/src/recipe/accounts/privileges";

/** Accounts with odd names and rights, for comparisons with a server. */

export const WHO = "{who}";
const DATABASES = ["a_b", "a\\_b", "axb", "d`b", "o'd\\%d", "ä.ö ☃"];
const TABLES = ["t", "t`'\"\\", "ON *.* TO x", "table", "a_b"];
const COLUMNS = ["a", "B", "x`, (y)", "ä\"'\\", "SELECT"];
const ROUTINES = ["p", "MyProc", "p`'\\ TO x"];
const ROLES = ["r1", "r`2' TO x", "ä r"];
const HOSTS = ["%", "localhost", "10.0.0.0/255.0.0.0", "10.%", "h\\_%", "::1", "o'h`\\", ""];

/** What a client can be asked for, in words that older servers show as they are. */
const OPTIONS = [
  "REQUIRE ISSUER '/CN=a'' WITH GRANT OPTION' SUBJECT '/CN=x\"y\\\\'",
  "REQUIRE ISSUER '/CN=a'' WITH ADMIN OPTION'",
  "REQUIRE SUBJECT '`x` -- /* #'",
  "REQUIRE SSL",
  "REQUIRE CIPHER 'A''B'",
];
const LIMITS = ["WITH MAX_QUERIES_PER_HOUR 3", "WITH MAX_USER_CONNECTIONS 2 MAX_STATEMENT_TIME 1.5"];
const LOGINS = [
  "IDENTIFIED BY 'x'",
  "IDENTIFIED VIA unix_socket",
  "IDENTIFIED VIA unix_socket USING 'it''s\" \\\\ ON `a`.* WITH GRANT OPTION'",
  "IDENTIFIED VIA mysql_native_password USING PASSWORD('x') OR unix_socket",
  "",
];

/** Characters that something of a grant is made of, and some that nothing is. */
const odd = fc
  .array(
    fc.constantFrom(
      ...["`", "'", '"', "\\", "_", "%", ".", "@", " ", "(", ")", ",", "*", "-", "#", "\n", "ä", "☃", "TO ", "a", "B"],
    ),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  .map((parts) => parts.join(""))
  .filter((text) => !/\s$/.test(text));

export const quoteText = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
const object = (database: string, name: string) => `${quoteName(database)}.${quoteName(name)}`;
const known = <T>(...of: readonly T[]) => fc.constantFrom(...of);

export interface Case {
  readonly user: string;
  readonly host: string;
  /** What follows the name in CREATE USER. */
  readonly login: string;
  /** As a program gives them. */
  readonly wanted: readonly string[];
  /** What somebody has said of the account before. */
  readonly live: readonly string[];
}

export function casesOn(privileges: ReadonlyMap<Level, readonly string[]>): fc.Arbitrary<Case> {
  const some = (level: Level, all = 1) =>
    fc.oneof(
      { weight: 6, arbitrary: fc.uniqueArray(known(...(privileges.get(level) ?? [])), { minLength: 1, maxLength: 4 }) },
      { weight: 1, arbitrary: fc.subarray([...(privileges.get(level) ?? [])], { minLength: 1 }) },
      { weight: all, arbitrary: fc.constant(["ALL PRIVILEGES"]) },
    );
  const database = fc.oneof(
    { weight: 3, arbitrary: known(...DATABASES, "a%", "%", "mysql") },
    { weight: 1, arbitrary: odd },
  );
  const columns = fc
    .tuple(known(...(privileges.get("column") ?? [])), fc.subarray(COLUMNS, { minLength: 1 }))
    .map(([privilege, names]) => `${privilege} (${names.map(quoteName).join(", ")})`);
  const on = fc.oneof(
    some("global").map((list) => renderGrant("*.*", list)),
    fc.tuple(some("database"), database).map(([list, name]) => renderGrant(`${quoteName(name)}.*`, list)),
    fc
      .tuple(some("table"), known(...DATABASES), known(...TABLES))
      .map(([list, d, t]) => renderGrant(object(d, t), list)),
    fc
      .tuple(fc.array(columns, { minLength: 1, maxLength: 3 }), known(...DATABASES), known(...TABLES))
      .map(([list, d, t]) => renderGrant(object(d, t), list)),
    fc
      .tuple(some("routine"), known("PROCEDURE", "FUNCTION"), known(...DATABASES), known(...ROUTINES))
      .map(([list, kind, d, name]) => renderGrant(`${kind} ${object(d, name)}`, list)),
  );
  const option = known("", "", "", " WITH GRANT OPTION");
  const more = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(on, option).map(([text, last]) => `GRANT ${text} TO ${WHO}${last}`) },
    { weight: 1, arbitrary: known(...ROLES).map((role) => `GRANT ${quoteName(role)} TO ${WHO}`) },
    { weight: 1, arbitrary: known(...ROLES).map((role) => `GRANT ${quoteName(role)} TO ${WHO} WITH ADMIN OPTION`) },
    { weight: 1, arbitrary: known(...ROLES).map((role) => `SET DEFAULT ROLE ${quoteName(role)} FOR ${WHO}`) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.oneof(known("", "root"), odd), known(...HOSTS), option)
        .map(([user, host, last]) => `GRANT PROXY ON ${quoteText(user)}@${quoteText(host)} TO ${WHO}${last}`),
    },
  );
  const login = fc.tuple(known(...LOGINS), known("", "", ...OPTIONS), known("", "", ...LIMITS));
  return fc
    .tuple(
      fc.oneof(fc.constant(""), odd),
      known(...HOSTS.filter((host) => host !== "")),
      login,
      fc.array(on, { maxLength: 4 }),
      fc.array(more, { maxLength: 4 }),
      fc.array(fc.nat(9), { maxLength: 3 }),
    )
    .map(([user, host, words, wanted, added, kept]) => ({
      user,
      host,
      login: words.filter(Boolean).join(" "),
      wanted,
      // Some of what is wanted is there.
      live: [...kept.flatMap((index) => (wanted[index] ? [`GRANT ${wanted[index]} TO ${WHO}`] : [])), ...added],
    }));
}

/** Tables, routines and roles with such names. */
export async function prepare(root: Server): Promise<void> {
  const inEach = DATABASES.flatMap((database) => [
    `CREATE DATABASE ${quoteName(database)}`,
    ...TABLES.map(
      (table) =>
        `CREATE TABLE ${object(database, table)} (${COLUMNS.map((column) => `${quoteName(column)} INT`).join(", ")})`,
    ),
    ...ROUTINES.flatMap((name) => [
      `CREATE PROCEDURE ${object(database, name)}() SELECT 1`,
      `CREATE FUNCTION ${object(database, name)}() RETURNS INT RETURN 1`,
    ]),
  ]);
  for (const statement of [...inEach, ...ROLES.map((role) => `CREATE ROLE ${quoteName(role)}`)])
    await root.query(statement);
}
