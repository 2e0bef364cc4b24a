import { settlePassword } from "../../provider/src/mariadb/accounts";
import { openServer } from "../../provider/src/mariadb/open";
import { SessionStoreUsers } from "../../provider/src/operations/SessionStoreUsers";
import { Run } from "../../provider/src/run";
import {
  byHand,
  create,
  destroy,
  freshAccounts,
  PASSWORDS,
  seen,
  server,
  type Users,
  up,
  users,
  useServer,
  wanted,
  writesBesideNotesDuring,
  writesDuring,
} from "../support/accounts";

/** The accounts of one node: changed, adopted, dropped, and out of reach. */

useServer();

describe("a change of password locks nobody out:", () => {
  const state = async (inputs: Users, key: string) => (await seen(inputs)).accounts[key]?.password;

  test("with previousPassword the proxy's account takes both, without it the new one alone", async () => {
    const old = await freshAccounts({ proxy: { password: "old" } });
    const both = await wanted({ proxy: { password: "new", previousPassword: "old" } });
    await up(old, both);
    expect([await server.login("nevisproxy_user", "old"), await server.login("nevisproxy_user", "new")]).toEqual([
      "in",
      "in",
    ]);
    expect(await server.login("nevisproxy_user", "third")).toBe("1045");
    expect(await state(both, "nevisproxy_user@%")).toBe("as configured");
    expect(await writesDuring(() => up(both, both))).toEqual([]);

    const done = await wanted({ proxy: { password: "new" } });
    expect(await state(done, "nevisproxy_user@%")).toBe("accepts another one too");
    await up(both, done);
    expect([await server.login("nevisproxy_user", "old"), await server.login("nevisproxy_user", "new")]).toEqual([
      "1045",
      "in",
    ]);
    expect(await state(done, "nevisproxy_user@%")).toBe("as configured");
  });

  test("one that lost the previous password says so, and gets it back", async () => {
    const both = await freshAccounts({ proxy: { password: "new", previousPassword: "old" } });
    await byHand("ALTER USER nevisproxy_user IDENTIFIED BY 'new'");
    expect(await state(both, "nevisproxy_user@%")).toBe("does not accept the previous one");
    await up(both, both);
    expect(await server.login("nevisproxy_user", "old")).toBe("in");
  });

  test("the replication account takes both by itself, until the link has gone over", async () => {
    const old = await freshAccounts({ replication: { password: "old" } });
    const next = await wanted({ replication: { password: "new" } });
    await up(old, next);
    expect([await server.login("replication_user", "old"), await server.login("replication_user", "new")]).toEqual([
      "in",
      "in",
    ]);
    expect(await state(next, "replication_user@%")).toBe("accepts another one too");
    // As after an attempt that was cut off: the state still has the old password, and so may the link.
    expect(await writesDuring(() => up(old, next))).toEqual([]);

    await using session = await openServer(server.connection);
    await settlePassword(session, "replication_user", "new");
    expect([await server.login("replication_user", "old"), await server.login("replication_user", "new")]).toEqual([
      "1045",
      "in",
    ]);
    expect((await seen(next)).accounts).toEqual(next.accounts);
    const again = () => settlePassword(session, "replication_user", "new");
    expect(await writesDuring(again)).toEqual([]);
  });

  test("settling leaves an account alone that does not take the new password", async () => {
    await freshAccounts({ replication: { password: "old" } });
    await using session = await openServer(server.connection);
    await settlePassword(session, "replication_user", "new");
    expect(await server.login("replication_user", "old")).toBe("in");
  });

  test("a second password that nobody asked for is dropped when no change is under way", async () => {
    const inputs = await freshAccounts({ replication: { password: "new" } });
    await byHand(
      "ALTER USER replication_user IDENTIFIED VIA mysql_native_password USING PASSWORD('new') OR mysql_native_password USING PASSWORD('backdoor')",
    );
    expect(await state(inputs, "replication_user@%")).toBe("accepts another one too");
    await up(inputs, inputs);
    expect(await server.login("replication_user", "backdoor")).toBe("1045");
    expect(await server.login("replication_user", "new")).toBe("in");
  });
});

describe("accounts that somebody made before", () => {
  const lines: string[] = [];
  beforeEach(() => {
    lines.length = 0;
    jest.spyOn(Run.current, "sink").mockImplementation((line) => void lines.push(line));
  });
  afterEach(() => jest.restoreAllMocks());

  test("are adopted, and what differs is told before it is corrected; the peer's password stays in use", async () => {
    await byHand(
      "CREATE USER nevisproxy_user IDENTIFIED BY 'other'",
      "GRANT REPLICATION CLIENT, FILE ON *.* TO nevisproxy_user",
      "CREATE USER replication_user IDENTIFIED BY 'as the link has it'",
      "GRANT REPLICATION SLAVE ON *.* TO replication_user",
    );
    const inputs = await freshAccounts();
    expect(lines).toEqual([
      "db1: nevisproxy_user@% was there already; corrected: password differs; lacks ALL PRIVILEGES ON `replicated_session_store`.*; has FILE ON *.* too",
      "db1: replication_user@% was there already; corrected: password differs",
    ]);
    expect(await server.login("replication_user", "as the link has it")).toBe("in");
    expect(await server.login("replication_user", PASSWORDS.replication)).toBe("in");
    const proxy = "nevisproxy_user@%";
    expect(inputs.accounts[proxy]).toBeDefined();
    expect((await seen(inputs)).accounts[proxy]).toEqual(inputs.accounts[proxy]);
  });

  test("by the recipe, with the right passwords, get no write and no word", async () => {
    const inputs = await freshAccounts();
    expect(await writesBesideNotesDuring(() => create(inputs))).toEqual([]);
    expect(lines).toEqual([]);
  });
});

describe("accounts that are no longer wanted", () => {
  test("are dropped: a renamed one, a host that was taken out; those of others stay", async () => {
    const inputs = await freshAccounts();
    await byHand("CREATE USER somebody", "CREATE USER nevisproxy_user@otherhost");
    const next = await wanted({ proxy: { password: "p" }, binaryLog: { user: "purger", password: "p" } });
    await up(inputs, next);
    expect(await users()).toEqual([
      "nevisproxy_user@%",
      "nevisproxy_user@otherhost",
      "purger@%",
      "replication_user@%",
      "somebody@%",
    ]);
  });

  test("stay when another property names them now", async () => {
    const inputs = await freshAccounts({ proxy: { password: "p" } });
    const next = await wanted({
      proxy: { user: "proxy2", password: "p2" },
      extraAccounts: [{ user: "nevisproxy_user", password: "p", grants: ["SELECT ON replicated_session_store.*"] }],
    });
    const writes = await writesDuring(() => up(inputs, next));
    expect(writes.filter((said) => said.startsWith("DROP"))).toEqual([]);
    expect(await server.login("nevisproxy_user", "p")).toBe("in");
    expect((await seen(next)).accounts).toEqual(next.accounts);
  });

  test("stay without a login while something runs in their names, which goes on working", async () => {
    const inputs = await freshAccounts({ proxy: { user: "proxy1", password: "p1" } });
    await byHand(
      "CREATE TABLE replicated_session_store.noted (id INT)",
      "CREATE DEFINER=proxy1@'%' TRIGGER replicated_session_store.note AFTER INSERT ON replicated_session_store.a_session FOR EACH ROW INSERT INTO replicated_session_store.noted VALUES (NEW.id)",
    );
    try {
      const next = await wanted({ proxy: { user: "proxy2", password: "p2" } });
      await up(inputs, next);
      expect(await users()).toEqual(expect.arrayContaining(["proxy1@%", "proxy2@%"]));
      expect([await server.login("proxy1", "p1"), await server.login("proxy2", "p2")]).toEqual(["4151", "in"]);
      await byHand("INSERT INTO replicated_session_store.a_session VALUES (77)");
      expect(await server.root.value("SELECT id FROM replicated_session_store.noted")).toBe("77");
      expect((await seen(next)).accounts).toEqual(next.accounts);
    } finally {
      await byHand(
        "DROP TABLE replicated_session_store.noted",
        "DROP TRIGGER replicated_session_store.note",
        "DELETE FROM replicated_session_store.a_session",
      );
    }
  });

  test("are dropped by delete, gone already or not, and the admin account never", async () => {
    const inputs = await freshAccounts();
    await byHand("DROP USER nevisproxy_user@localhost", "CREATE USER somebody");
    await destroy(inputs);
    await destroy(inputs);
    expect(await users()).toEqual(["somebody@%"]);
    await create(inputs);
    const admin = "'the account session_store_admin@localhost'";
    const claims = "session_store_register.claims";
    await byHand(`INSERT INTO ${claims} SELECT ${admin}, token, stack, resource, since FROM ${claims} LIMIT 1`);
    await destroy(inputs);
    await using session = await openServer(server.connection);
    expect(await session.value("SELECT 1")).toBe("1");
  });
});

test("a privilege that the server does not have is refused by name, before anything is touched, and never becomes another one", async () => {
  const given = { user: "reader", password: "p", grants: ["EXECUTE ON d.*", "SHOW CREATE ROUTINE ON d.*"] };
  const { accounts: _derived, ...whole } = await wanted();
  const { failures, inputs } = await SessionStoreUsers.check({}, { ...whole, extraAccounts: [given] });
  const reason =
    /db1: "SHOW CREATE ROUTINE ON d\.\*": MariaDB 10\.11\.\d+ has no privilege "SHOW CREATE ROUTINE", which came with 11\.3/;
  expect(failures.map((failure) => failure.reason)).toEqual([expect.stringMatching(reason)]);
  // As where the server could not be asked before.
  await expect(create({ ...inputs, accounts: {} })).rejects.toThrow(reason);
  expect(await users()).toEqual([]);
});

test("a refused statement names the account and no secret, and what was made is kept for the next run", async () => {
  const inputs = await wanted({
    proxy: { password: "top secret" },
    extraAccounts: [
      { user: "reader", password: "top secret", grants: ["SELECT (nothing) ON replicated_session_store.a_session"] },
    ],
  });
  const failure = await create(inputs).catch((error) => error);
  expect(failure).toMatchObject({ properties: { accounts: inputs.accounts } });
  expect(failure.message).toMatch(
    /^db1: .*'nothing'.* \(error 1054, in: GRANT SELECT \(`nothing`\) .* TO 'reader'@'%'\)/,
  );
  expect(failure.message).not.toMatch(/top secret|\*[0-9A-F]{40}/);
  await byHand("ALTER TABLE replicated_session_store.a_session ADD nothing INT");
  await up(inputs, inputs);
  expect((await seen(inputs)).accounts).toEqual(inputs.accounts);
});

test("a refresh keeps what was last known when the server is down, and destroy says what to do", async () => {
  const inputs = await freshAccounts();
  await server.stop();
  try {
    expect(await seen(inputs)).toEqual(inputs);
    await expect(destroy(inputs)).rejects.toThrow(/SESSION_STORE_SKIP_UNREACHABLE=1/);
  } finally {
    await server.start();
  }
}, 30_000);

test("a refresh keeps what was last known when the admin account may not look", async () => {
  const inputs = await freshAccounts();
  await byHand("REVOKE ALL PRIVILEGES, GRANT OPTION FROM session_store_admin@localhost");
  try {
    expect(await seen(inputs)).toEqual(inputs);
  } finally {
    await byHand("GRANT ALL PRIVILEGES ON *.* TO session_store_admin@localhost WITH GRANT OPTION");
  }
});
