import { globalRights } from "../../provider/src/recipe/accounts/writers";
import { Run } from "../../provider/src/run";
import {
  byHand,
  create,
  freshAccounts,
  seen,
  server,
  type Users,
  up,
  users,
  useServer,
  wanted,
  writesDuring,
} from "../support/accounts";

/** What is told of accounts that nobody declared. None of it is drift, and nothing of it is changed. */

useServer();

/** What a refresh tells, by what it is about. */
async function told(inputs: Users): Promise<Record<string, string>> {
  const state = (await seen(inputs)) as Users & { advice: readonly { about: string; text: string; where: string }[] };
  expect(state.accounts).toEqual(inputs.accounts);
  expect(state.advice.map(({ where }) => where)).toEqual(state.advice.map(() => "db1"));
  return Object.fromEntries(state.advice.map(({ about, text }) => [about, text]));
}

const OTHERS = "accounts that nobody declares";

test("nothing is told where there are no others, after a create, an update and a refresh", async () => {
  const inputs = await wanted();
  const made = (await create(inputs)) as unknown as { outs: { advice: unknown } };
  expect(made.outs.advice).toEqual([]);
  expect((await up(inputs, inputs)).outs).toMatchObject({ advice: [] });
  expect(await told(inputs)).toEqual({});
});

describe("an account that may write is named with what lets it:", () => {
  const by: [string, string[], string][] = [
    ["rows", ["GRANT SELECT, INSERT ON replicated_session_store.* TO w"], "INSERT ON `replicated_session_store`.*"],
    [
      "any database that matches",
      ["GRANT DROP, UPDATE ON `%\\_store`.* TO w WITH GRANT OPTION"],
      "UPDATE, DROP, GRANT OPTION ON `%\\_store`.*",
    ],
    [
      "one table",
      ["GRANT DELETE ON replicated_session_store.a_session TO w"],
      "DELETE ON replicated_session_store.a_session",
    ],
    [
      "one column",
      ["GRANT UPDATE (id) ON replicated_session_store.a_session TO w"],
      "UPDATE ON replicated_session_store.a_session",
    ],
    ["everything", ["GRANT ALL ON *.* TO w WITH GRANT OPTION"], "INSERT, UPDATE, DELETE and 12 more ON *.*"],
    ["MariaDB's own tables", ["GRANT INSERT ON mysql.* TO w"], "INSERT ON `mysql`.*"],
    ["one of them", ["GRANT UPDATE ON mysql.global_priv TO w"], "UPDATE ON mysql.global_priv"],
    ["by a role", ["GRANT INSERT ON *.* TO analyst", "GRANT analyst TO w"], "INSERT ON *.* by the role analyst"],
    [
      "by a role of a role",
      ["GRANT CREATE USER ON *.* TO auditor", "GRANT auditor TO analyst", "GRANT analyst TO w"],
      "CREATE USER ON *.* by the role auditor",
    ],
    ["as somebody else", ["GRANT PROXY ON root@localhost TO w"], "PROXY ON `root`@`localhost`"],
    ...[
      "SUPER",
      "CREATE USER",
      "SET USER",
      "BINLOG REPLAY",
      "REPLICATION SLAVE ADMIN",
      "TRIGGER",
      "INDEX",
      "DELETE HISTORY",
    ].map((name): [string, string[], string] => [name, [`GRANT ${name} ON *.* TO w`], `${name} ON *.*`]),
  ];

  test.each(by)("%s", async (_what, statements, reason) => {
    const inputs = await freshAccounts();
    await byHand("CREATE ROLE analyst", "CREATE ROLE auditor", "CREATE USER w", ...statements);
    expect(await told(inputs)).toEqual({ [OTHERS]: expect.stringContaining(`: w@% (${reason}). `) });
  });

  test("and nobody who may not, is locked, is declared, ours or MariaDB's own", async () => {
    const inputs = await freshAccounts({
      extraAccounts: [{ user: "loader", password: "x", grants: ["ALL ON *.*"] }],
    });
    await byHand(
      "CREATE USER looks, hands, locked ACCOUNT LOCK",
      "GRANT SELECT, PROCESS, RELOAD, REPLICATION SLAVE, EXECUTE ON *.* TO looks",
      "GRANT ALL ON other.* TO looks",
      "GRANT GRANT OPTION ON *.* TO hands",
      "GRANT ALL ON *.* TO locked",
    );
    expect(await told(inputs)).toEqual({});
  });

  test("at most ten of them", async () => {
    const inputs = await freshAccounts();
    for (let index = 10; index < 23; index++) await byHand(`GRANT ALL ON *.* TO w${index} IDENTIFIED BY 'x'`);
    expect((await told(inputs))[OTHERS]).toMatch(/: w10@% .* w19@% \([^)]*\) and 3 more\. Declare/);
  });
});

test("each privilege that the server gives on everything is known by its bit", async () => {
  const names = [
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "INDEX",
    "ALTER",
    "SUPER",
    "CREATE USER",
    "TRIGGER",
    "DELETE HISTORY",
    "SET USER",
    "REPLICATION SLAVE ADMIN",
    "BINLOG REPLAY",
  ];
  for (const name of names) {
    await byHand("CREATE OR REPLACE USER w", `GRANT ${name}, SELECT, FILE ON *.* TO w`);
    const access = await server.root.value(
      "SELECT JSON_VALUE(Priv, '$.access') FROM mysql.global_priv WHERE User = 'w'",
    );
    expect(globalRights(BigInt(access))).toEqual([name]);
  }
});

describe("what every account has from PUBLIC is told, and stays:", () => {
  afterEach(() =>
    byHand(
      "DELETE FROM mysql.global_priv WHERE User = 'PUBLIC'",
      "DELETE FROM mysql.db WHERE User = 'PUBLIC'",
      "DELETE FROM mysql.tables_priv WHERE User = 'PUBLIC'",
      "FLUSH LOCAL PRIVILEGES",
    ),
  );

  test("on every level, without what MariaDB gives on its databases for tests", async () => {
    const inputs = await freshAccounts();
    await byHand(
      "GRANT PROCESS ON *.* TO PUBLIC",
      "GRANT SELECT, INSERT ON replicated_session_store.* TO PUBLIC WITH GRANT OPTION",
      "GRANT UPDATE ON replicated_session_store.a_session TO PUBLIC",
      "GRANT ALL ON test.* TO PUBLIC",
      "GRANT ALL ON `test\\_%`.* TO PUBLIC",
    );
    const { PUBLIC: text = "", ...others } = await told(inputs);
    expect(others).toEqual({});
    expect(text).toContain(
      ": PROCESS ON *.* from PUBLIC, SELECT, INSERT ON `replicated_session_store`.* from PUBLIC, UPDATE ON `replicated_session_store`.`a_session` from PUBLIC. ",
    );
    expect(await writesDuring(() => up(inputs, inputs))).toEqual([]);
  });

  test("a role without any of it, and only tests, are nothing", async () => {
    const inputs = await freshAccounts();
    await byHand("GRANT ALL ON test.* TO PUBLIC", "GRANT USAGE ON *.* TO PUBLIC");
    expect(await told(inputs)).toEqual({});
  });
});

describe("an account that the server takes in the place of one of the pair is named:", () => {
  test("one of its name with a narrower host, and one without a name", async () => {
    const inputs = await freshAccounts({ proxy: { password: "p", from: ["10.%"] } });
    await byHand(
      "CREATE USER replication_user@localhost IDENTIFIED BY 'x'",
      "CREATE USER nevisproxy_user@'10.1.%', nevisproxy_user@'192.168.%', nevisproxy_user@'%'",
      "CREATE USER ''@'10.1.0.0/255.255.0.0'",
    );
    const found = await told(inputs);
    expect(Object.keys(found)).toEqual(
      ["account replication_user@localhost", "account nevisproxy_user@10.1.%", "account ''@10.1.0.0/255.255.0.0"].sort(
        (one, other) => Object.keys(found).indexOf(one) - Object.keys(found).indexOf(other),
      ),
    );
    expect(found["account replication_user@localhost"]).toMatch(
      /^from localhost, MariaDB takes it for logins as replication_user, not replication_user@%: .*DROP USER 'replication_user'@'localhost'; else/,
    );
    expect(found["account ''@10.1.0.0/255.255.0.0"]).toContain(
      "for logins as nevisproxy_user, replication_user, binarylog_user, not nevisproxy_user@10.%",
    );
    expect(await writesDuring(() => up(inputs, inputs))).toEqual([]);
  });

  test("and it is the one that a login gets", async () => {
    const inputs = await freshAccounts({ proxy: { password: "p" } });
    await byHand("CREATE USER ''@localhost");
    expect(Object.keys(await told(inputs))).toEqual(["account ''@localhost"]);
    expect(await server.login("nevisproxy_user", "p")).toBe("1045");
    expect(await users()).toContain("@localhost");
  });

  test("not one that is declared, or as broad", async () => {
    const inputs = await freshAccounts({ proxy: { password: "p", from: ["%", "localhost"] } });
    await byHand("CREATE USER ''@'%', somebody@localhost");
    expect(await told(inputs)).toEqual({});
  });
});

test("where a preview changes the accounts, it says so by a line", async () => {
  const lines: string[] = [];
  jest.spyOn(Run.current, "sink").mockImplementation((line) => void lines.push(line));
  const inputs = await freshAccounts();
  await byHand("CREATE USER w", "GRANT ALL ON *.* TO w", "GRANT FILE ON *.* TO replication_user");
  await seen(inputs);
  expect(lines).toEqual([expect.stringMatching(/^db1: accounts that nobody declares: may write .* w@% \(/)]);
  jest.restoreAllMocks();
});
