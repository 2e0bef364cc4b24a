import fc from "fast-check";
import { examineAccounts } from "../../provider/src/mariadb/accounts";
import { openServer } from "../../provider/src/mariadb/open";
import type { Server } from "../../provider/src/mariadb/server";
import { hostPattern, userName } from "../../provider/src/operations/inputs/shared";
import type { WantedAccount } from "../../provider/src/recipe/accounts/accounts";
import { grantProblem } from "../../provider/src/recipe/accounts/grants";
import { escapeWildcards, quoteAccount, quoteName } from "../../provider/src/recipe/accounts/grantText";
import { NATIVE, passwordProblem } from "../../provider/src/recipe/accounts/password";
import { type TestServer, testServer } from "../support/local/testServer";
import { oracleTest } from "../support/oracle";

/** The server is the judge of what our statements about accounts say: its tables have the names byte by byte, and a client logs in. */

let server: TestServer;

beforeAll(async () => {
  server = await testServer({ settings: ["debug-no-sync", "max_connections=1000"] });
}, 60_000);
afterAll(() => server?.[Symbol.asyncDispose]());

/** What a server may read statements by. Our sessions set their own. */
const MODES = [
  "",
  "ANSI_QUOTES",
  "NO_BACKSLASH_ESCAPES",
  "ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH",
  "ORACLE",
  "STRICT_ALL_TABLES,PIPES_AS_CONCAT,IGNORE_SPACE",
];

const piece = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      ...["'", '"', "`", "\\", "%", "_", "@", "?", "??", ";", "--", "-- ", "/*", "*/", "#", ".", ",", "(", ")"],
      ...[
        "\\'",
        "''",
        "\\\\",
        "`@`",
        "'@'%",
        " ",
        "\u00a0",
        "$",
        "{",
        "}",
        ":x",
        "TO ",
        "ü",
        "é",
        "ß",
        "İ",
        "☃",
        "\uffff",
      ],
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom("a", "A", "root", "PUBLIC", "0", "é", "e\u0301", "ｱ", "ﬁ") },
);
/** Also as long as it may be. */
const text = (most: number, characters: fc.Arbitrary<string> = piece) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.array(characters, { minLength: 1, maxLength: 8 }).map((parts) => parts.join("")) },
    {
      weight: 1,
      arbitrary: fc.tuple(characters, characters).map(([one, other]) => `${one}${other}`.repeat(most).slice(0, most)),
    },
  );

const grantOn = (name: string) => `SELECT, DROP ON ${quoteName(name)}.*`;
const user = text(80).filter((name) => userName.safeParse(name).success);
const password = text(200, fc.oneof(piece, fc.constantFrom("😀", "\u{10ffff}"))).filter(
  (given) => passwordProblem(given, undefined) === undefined,
);
/** With each wildcard escaped. */
const database = text(64)
  .map(escapeWildcards)
  .filter((name) => grantProblem(grantOn(name)) === undefined);
const host = fc.oneof(
  { weight: 3, arbitrary: fc.constant("%") },
  fc.constantFrom(
    "localhost",
    "127.0.0.1",
    "127.0.0.0/255.0.0.0",
    "127.%",
    "local\\host",
    "127.0.0\\.1",
    "l\\%",
    "db\\_2",
  ),
);

interface Case {
  readonly user: string;
  readonly host: string;
  readonly password: string;
  readonly previous: string;
  readonly databases: readonly string[];
}
const cases = fc.record({
  user,
  host,
  password,
  previous: password,
  databases: fc.uniqueArray(database, { maxLength: 2, selector: (name) => name.toLowerCase() }),
});

/** As a program gives it. The number keeps accounts of a batch apart, at either end. */
const wantedOf = ({ user, host, password, previous, databases }: Case, index: number): WantedAccount => ({
  role: "extraAccounts",
  property: "extraAccounts[0]",
  user: index % 2 === 0 ? `${index}${user}` : `${user}${index}`,
  host: hostPattern.parse(host),
  grants: databases.map(grantOn),
  tls: "NONE",
  authentication: NATIVE,
  passwords: previous === password ? [password] : [password, previous],
});

const hex = (name: string): string => Buffer.from(name).toString("hex").toUpperCase();

/** What the server has of accounts that were not there before: names, and databases with rights, byte by byte. */
async function tablesOf(root: Server): Promise<string[]> {
  const rows = await root.query(
    `SELECT CONCAT_WS(' ', HEX(User), HEX(Host), '') AS line FROM mysql.global_priv WHERE User NOT IN ('root', 'mariadb.sys', 'session_store_admin')
      UNION ALL SELECT CONCAT_WS(' ', HEX(User), HEX(Host), HEX(Db), Select_priv, Drop_priv, Insert_priv) FROM mysql.db WHERE User NOT IN ('', 'PUBLIC', 'mariadb.sys')
      UNION ALL SELECT CONCAT_WS(' ', HEX(User), 'has more') FROM mysql.tables_priv WHERE User <> 'mariadb.sys'`,
  );
  return rows.map((row) => String(row["line"])).sort();
}

let batches = 0;

async function made(batch: readonly Case[]) {
  await server.root.query("SET GLOBAL sql_mode = ?", [MODES[batches++ % MODES.length]]);
  const wanted = batch.map(wantedOf);
  const failures: string[] = [];
  await using session = await openServer(server.connection);
  for (const repair of await examineAccounts(session, wanted))
    await repair.apply().catch((error: Error) => failures.push(error.message));
  const again = (await examineAccounts(session, wanted)).flatMap(({ problems }) => problems);
  const tables = await tablesOf(server.root);
  const logins = await Promise.all(
    wanted.map(async ({ user, passwords }) => Promise.all(passwords.map((each) => server.login(user, each)))),
  );
  // As somebody does who copies the statement, in whatever mode the server is.
  await server.root.query("SET SESSION sql_mode = @@GLOBAL.sql_mode");
  await server.root.query(
    `BEGIN NOT ATOMIC ${wanted.map((account) => `DROP USER ${quoteAccount(account)};`).join(" ")} END`,
  );
  await server.root.query("SET SESSION sql_mode = ''");
  return { failures, again, tables, logins, left: await tablesOf(server.root), wanted };
}

/** Clients come over TCP from this machine. */
const mayLogIn = (pattern: string): boolean => !["l\\%", "db\\_2"].includes(pattern);

oracleTest(
  "an account is made with its very name, host, rights and passwords, whatever is in them, and a copied statement drops it",
  {
    cases,
    inTest: 600,
    oracle: async (batch) => {
      const { failures, again, tables, logins, left, wanted } = await made(batch);
      const expected = wanted.flatMap(({ user, host }, index) => [
        `${hex(user)} ${hex(host)} `,
        ...(batch[index]?.databases ?? []).map((name) => `${hex(user)} ${hex(host)} ${hex(name)} Y Y N`),
      ]);
      expect({ failures, again, tables, left }).toEqual({ failures: [], again: [], tables: expected.sort(), left: [] });
      // Where no account matches, the server asks as some other account would, and refuses by another number.
      return logins.map((each) => each.map((answer) => answer === "in"));
    },
    ours: ({ host, password, previous }) => (previous === password ? [0] : [0, 1]).map(() => mayLogIn(host)),
  },
);
