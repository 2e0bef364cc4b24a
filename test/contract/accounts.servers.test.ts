import type { AccountState } from "../../provider/src/inputs";
import { weakestRequirement } from "../../provider/src/mariadb/accounts";
import { Run } from "../../provider/src/run";
import {
  byHand,
  create,
  destroy,
  diff,
  freshAccounts,
  loggedStatements,
  PASSWORDS,
  seen,
  server,
  up,
  users,
  useServer,
  wanted,
  writesBesideNotesDuring,
  writesDuring,
} from "../support/accounts";

/** The accounts of one node: made, and seen and put right when they differ. */

const STORE = "ALL PRIVILEGES ON `replicated_session_store`.*";

useServer();

describe("created accounts", () => {
  test("are what the recipe's own statements make, and let in with their passwords", async () => {
    await freshAccounts();
    expect(await users()).toEqual([
      "binarylog_user@%",
      "nevisproxy_user@%",
      "nevisproxy_user@localhost",
      "replication_user@%",
    ]);
    const ours = await grantsOf("nevisproxy_user", "replication_user", "binarylog_user");
    await destroy(await wanted());
    await byHand(
      "CREATE USER IF NOT EXISTS nevisproxy_user IDENTIFIED BY 'nevisproxypassword'",
      "GRANT REPLICATION CLIENT ON *.* TO nevisproxy_user",
      "GRANT ALL PRIVILEGES ON replicated_session_store.* TO nevisproxy_user",
      "CREATE USER IF NOT EXISTS replication_user IDENTIFIED BY 'replicationpassword'",
      "GRANT REPLICATION SLAVE ON *.* TO replication_user",
      "CREATE USER IF NOT EXISTS binarylog_user IDENTIFIED BY 'binarylogspassword'",
      "GRANT SUPER ON *.* TO binarylog_user",
    );
    expect(ours).toEqual(await grantsOf("nevisproxy_user", "replication_user", "binarylog_user"));
  });

  test("take passwords with quotes, backslashes and other scripts, also under every sql_mode", async () => {
    const modes = ["", "ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES"];
    for (const mode of modes) {
      await server.root.query("SET GLOBAL sql_mode=?", [mode]);
      const inputs = await freshAccounts();
      // The twin for localhost is the more exact one, and so the one that is logged in to from here.
      expect(await server.login("nevisproxy_user", PASSWORDS.proxy)).toBe("in");
      expect(await server.login("replication_user", PASSWORDS.replication)).toBe("in");
      expect(await server.login("binarylog_user", PASSWORDS.binaryLog)).toBe("in");
      expect(await server.login("binarylog_user", `${PASSWORDS.binaryLog}x`)).toBe("1045");
      expect((await seen(inputs)).accounts).toEqual(inputs.accounts);
      await destroy(inputs);
    }
    await byHand("SET GLOBAL sql_mode=DEFAULT");
  });

  test("of the hardened profile, with a monitor and accounts with names that need quoting, read back as wanted", async () => {
    const inputs = await freshAccounts({
      profile: "hardened",
      monitor: { password: "monitor" },
      extraAccounts: [
        {
          user: 'o\'brien \\ ? "x" `y`',
          password: "?@?",
          from: ["10.0.0.0/255.0.0.0"],
          grants: ["SELECT ON `odd?'name`.*"],
        },
        {
          user: "backup",
          password: "b",
          grants: ["SELECT, SHOW VIEW ON replicated_session_store.*", "process on *.*"],
        },
      ],
    });
    expect((await seen(inputs)).accounts).toEqual(inputs.accounts);
    expect(await writesDuring(() => up(inputs, inputs))).toEqual([]);
    await byHand("REVOKE SELECT ON `odd?'name`.* FROM 'o\\'brien \\\\ ? \"x\" `y`'@'10.0.0.0/255.0.0.0'");
    await up(inputs, inputs);
    expect((await seen(inputs)).accounts).toEqual(inputs.accounts);
  });

  test("that are right get no write, neither from a refresh nor from an update nor from another create", async () => {
    const inputs = await freshAccounts();
    const writes = await writesDuring(async () => {
      await seen(inputs);
      await up(inputs, inputs);
    });
    expect(writes).toEqual([]);
    expect(await writesBesideNotesDuring(() => create(inputs))).toEqual([]);
  });

  test("never send a password in clear text", async () => {
    const writes = await writesDuring(() => freshAccounts());
    expect(writes.length).toBeGreaterThan(0);
    for (const part of [" pass", "\\pass", "ünïcødé"]) expect(writes.filter((said) => said.includes(part))).toEqual([]);
  });
});

async function grantsOf(...names: string[]): Promise<string[]> {
  const rows = await Promise.all(names.map((name) => server.root.query("SHOW GRANTS FOR ?@'%'", [name])));
  return rows.flat().map((row) => String(Object.values(row)[0]).replace(/\*[0-9A-F]{40}/, "*HASH"));
}

describe("one thing changed by hand is seen at that place alone, and update puts it right:", () => {
  type Case = [string, string[], string, Partial<AccountState> | undefined];
  const cases: Case[] = [
    [
      "grant missing",
      ["REVOKE REPLICATION CLIENT ON *.* FROM nevisproxy_user"],
      "nevisproxy_user@%",
      { grants: [STORE] },
    ],
    [
      "one of all privileges missing",
      ["REVOKE DROP ON replicated_session_store.* FROM nevisproxy_user"],
      "nevisproxy_user@%",
      { grants: ["REPLICATION CLIENT ON *.*", `${STORE} without DROP`] },
    ],
    [
      "all grants missing",
      ["REVOKE ALL PRIVILEGES, GRANT OPTION FROM nevisproxy_user@localhost"],
      "nevisproxy_user@localhost",
      { grants: [] },
    ],
    [
      "global grant too many",
      ["GRANT FILE ON *.* TO replication_user"],
      "replication_user@%",
      { grants: ["REPLICATION SLAVE ON *.*", "FILE ON *.*"] },
    ],
    [
      "everything granted",
      ["GRANT ALL PRIVILEGES ON *.* TO replication_user WITH GRANT OPTION"],
      "replication_user@%",
      { grants: ["REPLICATION SLAVE ON *.*", "ALL PRIVILEGES, GRANT OPTION ON *.*"] },
    ],
    [
      "grants on columns, on a table that is dropped since, and on another database",
      [
        "CREATE TABLE replicated_session_store.gone (a INT, b INT)",
        "GRANT SELECT (a, b), DELETE ON replicated_session_store.gone TO binarylog_user WITH GRANT OPTION",
        "GRANT SELECT ON `other\\_one`.* TO binarylog_user",
        "DROP TABLE replicated_session_store.gone",
      ],
      "binarylog_user@%",
      {
        grants: [
          "SUPER ON *.*",
          "SELECT ON `other\\_one`.*",
          "SELECT (`a`), SELECT (`b`), DELETE, GRANT OPTION ON `replicated_session_store`.`gone`",
        ],
      },
    ],
    [
      "role",
      ["CREATE ROLE analyst", "GRANT analyst TO binarylog_user", "SET DEFAULT ROLE analyst FOR binarylog_user"],
      "binarylog_user@%",
      { grants: ["SUPER ON *.*", "ROLE `analyst`", "DEFAULT ROLE `analyst`"] },
    ],
    [
      "more than one role",
      [
        "CREATE ROLE analyst",
        "CREATE ROLE auditor",
        "GRANT analyst TO binarylog_user WITH ADMIN OPTION",
        "GRANT auditor TO binarylog_user",
      ],
      "binarylog_user@%",
      {
        grants: ["SUPER ON *.*", "ROLE `analyst`, `analyst` WITH ADMIN OPTION, `auditor`"],
      },
    ],
    [
      "right to act as another account",
      ["GRANT PROXY ON root@localhost TO nevisproxy_user", "GRANT PROXY ON 'o`b\\'c'@'10.%' TO nevisproxy_user"],
      "nevisproxy_user@%",
      { grants: ["REPLICATION CLIENT ON *.*", STORE, "PROXY ON `o``b'c`@`10.%`", "PROXY ON `root`@`localhost`"] },
    ],
    [
      "right to act as anybody, and to hand that on",
      ["GRANT PROXY ON ''@'%' TO replication_user WITH GRANT OPTION"],
      "replication_user@%",
      { grants: ["REPLICATION SLAVE ON *.*", "GRANT OPTION ON *.*", "PROXY, GRANT OPTION ON ``@`%`"] },
    ],
    [
      "rights to act as others that were written into MariaDB's table, where no REVOKE finds them",
      [
        "INSERT INTO mysql.proxies_priv VALUES ('%', 'nevisproxy_user', '', '', 0, '', NOW()), ('%', 'nevisproxy_user', 'HOST.X', 'b`\\'', 1, '', NOW())",
        "FLUSH LOCAL PRIVILEGES",
      ],
      "nevisproxy_user@%",
      { grants: ["REPLICATION CLIENT ON *.*", STORE, "PROXY ON ``@``", "PROXY, GRANT OPTION ON `b``'`@`HOST.X`"] },
    ],
    [
      "grants on columns whose names have capitals, and on a table, which go together",
      [
        "CREATE TABLE replicated_session_store.columns (a INT, `B``` INT)",
        "GRANT SELECT, SELECT (a, `B```) ON replicated_session_store.columns TO binarylog_user",
      ],
      "binarylog_user@%",
      { grants: ["SUPER ON *.*", "SELECT, SELECT (`B```), SELECT (`a`) ON `replicated_session_store`.`columns`"] },
    ],
    ["account missing", ["DROP USER replication_user"], "replication_user@%", undefined],
    ["localhost twin missing", ["DROP USER nevisproxy_user@localhost"], "nevisproxy_user@localhost", undefined],
    [
      "password changed",
      ["SET PASSWORD FOR replication_user = PASSWORD('x')"],
      "replication_user@%",
      { password: "differs" },
    ],
    ["password taken away", ["SET PASSWORD FOR nevisproxy_user = ''"], "nevisproxy_user@%", { password: "none" }],
    [
      "way in without a password",
      ["ALTER USER nevisproxy_user IDENTIFIED VIA unix_socket"],
      "nevisproxy_user@%",
      { password: "checked by unix_socket" },
    ],
    ["account locked", ["ALTER USER nevisproxy_user ACCOUNT LOCK"], "nevisproxy_user@%", { locked: true }],
    ["TLS required", ["ALTER USER replication_user REQUIRE SSL"], "replication_user@%", { tls: "SSL" }],
    [
      "client certificate required",
      ["ALTER USER replication_user REQUIRE X509"],
      "replication_user@%",
      { tls: "X509" },
    ],
    [
      "certain certificate required",
      ["ALTER USER replication_user REQUIRE ISSUER '/CN=ca' AND SUBJECT '/CN=x'"],
      "replication_user@%",
      { tls: "SUBJECT '/CN=x' ISSUER '/CN=ca'" },
    ],
    ["password expired", ["ALTER USER nevisproxy_user PASSWORD EXPIRE"], "nevisproxy_user@%", { expiry: "expired" }],
    [
      "password that will expire",
      ["ALTER USER nevisproxy_user PASSWORD EXPIRE INTERVAL 90 DAY"],
      "nevisproxy_user@%",
      { expiry: "after 90 days" },
    ],
    [
      "connections limited",
      ["ALTER USER nevisproxy_user WITH MAX_USER_CONNECTIONS 5 MAX_STATEMENT_TIME 1.5"],
      "nevisproxy_user@%",
      { limits: "MAX_USER_CONNECTIONS 5, MAX_STATEMENT_TIME 1.5" },
    ],
  ];

  test.each(cases)("%s", async (_what, statements, key, difference) => {
    const inputs = await freshAccounts();
    await byHand(...statements);

    const drifted = await seen(inputs);
    const { [key]: healthy, ...others } = inputs.accounts;
    expect(drifted.accounts).toEqual(difference ? { ...others, [key]: { ...healthy, ...difference } } : others);
    expect(await diff(drifted, inputs)).toMatchObject({ changes: true, replaces: [] });

    const { outs } = await up(drifted, inputs);
    expect((await seen(outs)).accounts).toEqual(inputs.accounts);
    expect(await writesDuring(() => up(outs, inputs))).toEqual([]);
  });

  test("a role that only its maker may revoke, with a word on how", async () => {
    const inputs = await freshAccounts();
    await byHand(
      "CREATE USER maker",
      "CREATE ROLE analyst WITH ADMIN maker",
      "INSERT INTO mysql.roles_mapping VALUES ('%', 'binarylog_user', 'analyst', 'N')",
      "FLUSH LOCAL PRIVILEGES",
    );
    expect((await seen(inputs)).accounts["binarylog_user@%"]?.grants).toEqual(["SUPER ON *.*", "ROLE `analyst`"]);
    await expect(up(inputs, inputs)).rejects.toThrow(
      /^db1: binarylog_user@% has the role `analyst`, which .* may revoke .*: REVOKE `analyst` FROM 'binarylog_user'@'%'$/,
    );
  });

  test("a right to act as another account that not even root may revoke is left, with a word on how, and `up` goes on", async () => {
    const inputs = await freshAccounts();
    const lines: string[] = [];
    jest.spyOn(Run.current, "sink").mockImplementation((line) => void lines.push(line));
    await byHand(
      "GRANT PROXY ON v@localhost TO nevisproxy_user",
      "GRANT FILE ON *.* TO replication_user",
      "CREATE TABLE mysql.kept AS SELECT * FROM mysql.proxies_priv WHERE User = 'root'",
      "DELETE FROM mysql.proxies_priv WHERE User = 'root'",
      "FLUSH LOCAL PRIVILEGES",
    );
    try {
      await up(inputs, inputs);
      const { accounts } = await seen(inputs);
      expect(accounts["nevisproxy_user@%"]?.grants).toEqual([
        "REPLICATION CLIENT ON *.*",
        STORE,
        "PROXY ON `v`@`localhost`",
      ]);
      expect(accounts["replication_user@%"]).toEqual(inputs.accounts["replication_user@%"]);
      expect(lines).toContainEqual(
        expect.stringMatching(
          /^db1: nevisproxy_user@% may act as `v`@`localhost` \(PROXY\), and .* 1698.*Run this as .*: REVOKE PROXY ON `v`@`localhost` FROM 'nevisproxy_user'@'%'$/,
        ),
      );
    } finally {
      jest.restoreAllMocks();
      await byHand(
        "INSERT INTO mysql.proxies_priv SELECT * FROM mysql.kept",
        "DROP TABLE mysql.kept",
        "FLUSH LOCAL PRIVILEGES",
      );
    }
    await up(inputs, inputs);
    expect((await seen(inputs)).accounts).toEqual(inputs.accounts);
  });

  test("all of it at once", async () => {
    const inputs = await freshAccounts();
    await byHand(
      "DROP USER replication_user",
      "REVOKE ALL PRIVILEGES, GRANT OPTION FROM nevisproxy_user",
      "ALTER USER nevisproxy_user IDENTIFIED BY 'x' REQUIRE X509 WITH MAX_QUERIES_PER_HOUR 1 ACCOUNT LOCK PASSWORD EXPIRE",
    );
    await up(await seen(inputs), inputs);
    expect((await seen(inputs)).accounts).toEqual(inputs.accounts);
    await byHand("DROP USER nevisproxy_user@localhost");
    expect(await server.login("nevisproxy_user", PASSWORDS.proxy)).toBe("in");
  });
});

test("a password that the server's own lifetime has let expire is seen, and set anew", async () => {
  const inputs = await freshAccounts();
  await byHand(
    "SET GLOBAL default_password_lifetime=30",
    "UPDATE mysql.global_priv SET Priv=JSON_SET(Priv, '$.password_last_changed', UNIX_TIMESTAMP() - 31 * 86400) WHERE User='binarylog_user'",
    "FLUSH LOCAL PRIVILEGES",
  );
  try {
    expect((await seen(inputs)).accounts["binarylog_user@%"]?.expiry).toBe("expired");
    await up(inputs, inputs);
    expect((await seen(inputs)).accounts).toEqual(inputs.accounts);
    expect(await server.login("binarylog_user", PASSWORDS.binaryLog)).toBe("in");
  } finally {
    await byHand("SET GLOBAL default_password_lifetime=DEFAULT");
  }
});

test("what the accounts of a name require at the least counts every host but the server's own socket", async () => {
  const least = () => weakestRequirement(server.root, "puller");
  await byHand("CREATE USER puller@localhost", "CREATE USER puller REQUIRE X509");
  expect(await least()).toBe("X509");
  await byHand("CREATE USER puller@'10.1.%'");
  expect(await least()).toBe("NONE");
  await byHand("DROP USER puller@'10.1.%', puller@localhost, puller");
});

test("the binary log, which shows nothing of all this, would show it", async () => {
  expect(await loggedStatements()).toEqual([]);
  await server.root.logged(() => server.root.query("CREATE USER proof"));
  expect(await loggedStatements()).toEqual([expect.stringContaining("proof")]);
  await byHand("RESET MASTER");
});
