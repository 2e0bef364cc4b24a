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
const TABLE = "replicated_session_store.a_session";

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
      "UPDATE, DROP ON `%\\_store`.* WITH GRANT OPTION",
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
    [
      "everything",
      ["GRANT ALL ON *.* TO w WITH GRANT OPTION"],
      "INSERT, UPDATE, DELETE and 11 more ON *.* WITH GRANT OPTION",
    ],
    ["MariaDB's own tables", ["GRANT INSERT ON mysql.* TO w"], "INSERT ON `mysql`.*"],
    ["one of them", ["GRANT UPDATE ON mysql.global_priv TO w"], "UPDATE ON mysql.global_priv"],
    ["by a role", ["GRANT INSERT ON *.* TO analyst", "GRANT analyst TO w"], "INSERT ON *.* by the role analyst"],
    [
      "by a role of a role",
      ["GRANT CREATE USER ON *.* TO auditor", "GRANT auditor TO analyst", "GRANT analyst TO w"],
      "CREATE USER ON *.* by the role auditor",
    ],
    ["as somebody else", ["GRANT PROXY ON root@localhost TO w"], "PROXY ON `root`@`localhost`"],
    ["as anybody", ["GRANT PROXY ON ''@'%' TO w"], "PROXY ON ``@`%`"],
    ["as one of the pair", ["GRANT PROXY ON nevisproxy_user@'%' TO w"], "PROXY ON `nevisproxy_user`@`%`"],
    [
      "a routine that writes as another one",
      [`CREATE PROCEDURE other.p() INSERT INTO ${TABLE} VALUES (1)`, "GRANT EXECUTE ON PROCEDURE other.p TO w"],
      "EXECUTE ON PROCEDURE other.p, which acts as root@localhost",
    ],
    [
      "one of the database's own",
      [
        "CREATE FUNCTION replicated_session_store.f() RETURNS INT DETERMINISTIC BEGIN DELETE FROM a_session; RETURN 1; END",
        "GRANT EXECUTE ON `replicated%`.* TO analyst",
        "GRANT analyst TO w",
      ],
      "EXECUTE ON FUNCTION replicated_session_store.f, which acts as root@localhost by the role analyst",
    ],
    [
      "one that hides what it runs",
      [
        "CREATE PROCEDURE other.p(t TEXT) EXECUTE IMMEDIATE t",
        "CREATE PROCEDURE other.q() CALL other.p('x')",
        "GRANT EXECUTE ON *.* TO w",
      ],
      "EXECUTE ON PROCEDURE other.p and 1 more, which acts as root@localhost",
    ],
    [
      "a view",
      [`CREATE VIEW other.v AS SELECT * FROM ${TABLE}`, "GRANT UPDATE (id) ON other.v TO w"],
      "INSERT, UPDATE or DELETE ON other.v, which acts as root@localhost",
    ],
    [
      "a trigger",
      [
        `CREATE TRIGGER other.t BEFORE INSERT ON other.tab FOR EACH ROW DELETE FROM ${TABLE}`,
        "GRANT INSERT ON other.* TO w",
      ],
      "INSERT, UPDATE or DELETE ON other.tab (trigger t), which acts as root@localhost",
    ],
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

  beforeEach(() => byHand("CREATE DATABASE other", "CREATE TABLE other.tab (id INT)"));
  afterEach(() => byHand("DROP DATABASE other", "DROP FUNCTION IF EXISTS replicated_session_store.f"));

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
      "CREATE USER reader",
      "GRANT SELECT ON *.* TO reader",
      "GRANT PROXY ON reader TO looks",
      "GRANT PROXY ON looks TO reader",
      "GRANT PROXY ON nobody@localhost TO looks",
      `CREATE FUNCTION other.texts() RETURNS TEXT DETERMINISTIC RETURN (SELECT REPLACE(INSERT(id, 1, 1, 'x'), 'x', 'y') FROM ${TABLE})`,
      `CREATE PROCEDURE other.mine() SQL SECURITY INVOKER DELETE FROM ${TABLE}`,
      `CREATE DEFINER=reader PROCEDURE other.theirs() DELETE FROM ${TABLE}`,
      `CREATE DEFINER=gone PROCEDURE other.ofNobody() DELETE FROM ${TABLE}`,
      "CREATE PROCEDURE other.elsewhere() DELETE FROM other.tab",
      `CREATE VIEW other.counted AS SELECT COUNT(*) FROM ${TABLE}`,
      `CREATE SQL SECURITY INVOKER VIEW other.own AS SELECT * FROM ${TABLE}`,
    );
    expect(await told(inputs)).toEqual({});
  });

  test("with what runs in their names, which would fail without them", async () => {
    const inputs = await freshAccounts();
    await byHand(
      "CREATE USER w",
      "GRANT ALL ON replicated_session_store.* TO w",
      "CREATE DEFINER=w TRIGGER other.t BEFORE INSERT ON other.tab FOR EACH ROW SET @a = 1",
    );
    expect(await told(inputs)).toEqual({
      [OTHERS]: expect.stringMatching(/First make again with another DEFINER .*: trigger other\.t \(w@%\)$/),
    });
  });

  test("and a lock that somebody holds on a table under a view keeps nobody from seeing the rest", async () => {
    const inputs = await freshAccounts();
    await byHand("CREATE USER w", "GRANT ALL ON *.* TO w", `CREATE VIEW other.v AS SELECT * FROM ${TABLE}`);
    await byHand(`LOCK TABLES ${TABLE} WRITE`);
    try {
      const start = Date.now();
      expect(await told(inputs)).toEqual({ [OTHERS]: expect.stringContaining(": w@% (") });
      expect(Date.now() - start).toBeLessThan(10_000);
    } finally {
      await byHand("UNLOCK TABLES");
    }
  });

  test("at most ten of them", async () => {
    const inputs = await freshAccounts();
    for (let index = 10; index < 23; index++) await byHand(`GRANT ALL ON *.* TO w${index} IDENTIFIED BY 'x'`);
    await byHand(
      "CREATE USER a",
      "GRANT INSERT ON replicated_session_store.* TO a",
      "GRANT INSERT ON mysql.* TO z IDENTIFIED BY 'x'",
    );
    const { [OTHERS]: text = "" } = await told(inputs);
    expect(text).toMatch(/: w10@% .* w19@% \([^)]*\) and 5 more\. All accounts .* first: SELECT .* DESC\. Declare/);
    const rows = await server.root.query(/SELECT .* DESC/.exec(text)?.[0] ?? "");
    const listed = rows.map((row) => String(row["User"]));
    expect([...listed].sort()).toEqual(["a", ...Array.from({ length: 13 }, (_, index) => `w${index + 10}`), "z"]);
    expect(listed.slice(0, 13)).not.toContain("a");
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
      "CREATE ROLE analyst",
      "GRANT SELECT ON mysql.* TO analyst",
      "GRANT analyst TO PUBLIC WITH ADMIN OPTION",
      "GRANT SELECT, INSERT ON replicated_session_store.* TO PUBLIC WITH GRANT OPTION",
      "GRANT UPDATE ON replicated_session_store.a_session TO PUBLIC",
      "GRANT ALL ON test.* TO PUBLIC",
      "GRANT ALL ON `test\\_%`.* TO PUBLIC",
    );
    const { PUBLIC: text = "", ...others } = await told(inputs);
    expect(others).toEqual({});
    expect(text).toContain(
      ": the role `analyst` WITH ADMIN OPTION from PUBLIC, PROCESS ON *.* from PUBLIC, SELECT, INSERT ON `replicated_session_store`.* WITH GRANT OPTION from PUBLIC, UPDATE ON `replicated_session_store`.`a_session` from PUBLIC. ",
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
      "CREATE USER ''@'10.1.0.0/255.255.0.0', ''@localhost, ''@'0.0.0.0/0.0.0.0', replication_user@'10.0.0.0/8'",
    );
    const found = await told(inputs);
    expect(Object.keys(found)).toEqual(
      [
        "account replication_user@localhost",
        "account nevisproxy_user@10.1.%",
        "account ''@10.1.0.0/255.255.0.0",
        "account ''@localhost",
      ].sort((one, other) => Object.keys(found).indexOf(one) - Object.keys(found).indexOf(other)),
    );
    expect(found["account replication_user@localhost"]).toMatch(
      /^from localhost, MariaDB takes it for logins as replication_user, not replication_user@%: .*DROP USER 'replication_user'@'localhost'; else/,
    );
    expect(found["account ''@10.1.0.0/255.255.0.0"]).toContain(
      "for logins as nevisproxy_user, replication_user, binarylog_user, not nevisproxy_user@10.%",
    );
    expect(found["account nevisproxy_user@10.1.%"]).toMatch(
      /^from 10\.1\.%, MariaDB takes it for logins as nevisproxy_user once ''@10\.1\.0\.0\/255\.255\.0\.0 is dropped:/,
    );
    expect(found["account ''@localhost"]).toMatch(
      /takes it for logins as binarylog_user, not binarylog_user@%, and takes it for logins as replication_user once replication_user@localhost is dropped:/,
    );
    expect(await writesDuring(() => up(inputs, inputs))).toEqual([]);
  });

  test("nor one that comes after an account of the pair, and all beyond ten are counted, with how to list them", async () => {
    const inputs = await freshAccounts();
    const hosts = Array.from({ length: 12 }, (_, index) => `'10.${index}.%'`);
    await byHand("CREATE USER ''@localhost", ...hosts.map((host) => `CREATE USER replication_user@${host}`));
    const { "accounts that come before those of the pair": text = "", ...others } = await told(inputs);
    expect(others["account ''@localhost"]).not.toContain("nevisproxy_user");
    expect(text).toMatch(/^there are 3 more\. /);
    const rows = await server.root.query(/SELECT .*$/.exec(text)?.[0] ?? "");
    expect(rows.map((row) => String(row["Host"]))).toEqual(
      expect.arrayContaining(hosts.map((host) => host.replaceAll("'", ""))),
    );
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

test("where an `up` fails, after which its outputs are those of an earlier run, it says so by lines too", async () => {
  const lines: string[] = [];
  jest.spyOn(Run.current, "sink").mockImplementation((line) => void lines.push(line));
  const inputs = await wanted({ extraAccounts: [{ user: "x", password: "x", grants: ["EXECUTE ON FUNCTION no.no"] }] });
  await byHand("GRANT ALL ON *.* TO w IDENTIFIED BY 'x'");
  await expect(create(inputs)).rejects.toThrow(/1305/);
  expect(lines).toEqual([expect.stringMatching(/^db1: accounts that nobody declares: may write .* w@% \(/)]);
  lines.length = 0;
  await expect(up(inputs, inputs)).rejects.toThrow(/1305/);
  expect(lines).toEqual([expect.stringMatching(/^db1: accounts that nobody declares: may write .* w@% \(/)]);
  jest.restoreAllMocks();
});
