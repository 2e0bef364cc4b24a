import { passwordHash } from "../../provider/src/recipe/accounts/password";
import { Authority } from "../support/authority";
import { PASSWORDS, type PairOptions, SHORT_WAITS } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { Pair } from "../support/local/pair";

/** The accounts by which this library works: the program's are there, as they should be, and no others of their names. */

jest.setTimeout(120_000);

const ADMIN = "session_store_admin";
const OTHER_ADMIN = "our_admin";
const VIEWER = "session_store_viewer";
const WITHOUT_VIEWER: PairOptions = { link: SHORT_WAITS.link, settings: SHORT_WAITS.settings };
const viewer = { password: "viewer-1" };

let pair: Pair;
/** Both nodes have certificates, so that statements can go straight to them. */
let plain: PairOptions;
let directFrom: (from: string, more?: PairOptions) => PairOptions;

beforeAll(async () => {
  const authority = await Authority.create();
  plain = { ...WITHOUT_VIEWER, tls: [await authority.issue("127.0.0.1"), await authority.issue("127.0.0.1")] };
  directFrom = (from, more) => ({ ...plain, ...more, direct: { ca: authority.ca, from } });
  pair = await Pair.up(plain);
});
afterAll(() => pair?.[Symbol.asyncDispose]());

/** Accounts of our names on each node, with the password that they take. */
async function accounts(passwords: readonly string[] = [PASSWORDS.admin]): Promise<string[]> {
  const servers = await Promise.all([pair.root(1), pair.root(2)]);
  const found = await Promise.all(
    servers.map(async (server) => {
      const rows = await server.query(
        `SELECT CONCAT(User, '@', Host) AS account, JSON_VALUE(Priv, '$.authentication_string') AS hash FROM mysql.global_priv
          WHERE User IN (?) ORDER BY 1`,
        [[ADMIN, OTHER_ADMIN, VIEWER]],
      );
      return rows.map(({ account, hash }) => {
        const takes = passwords.find((password) => passwordHash(password) === hash);
        return takes === undefined ? `${account} with another password` : String(account);
      });
    }),
  );
  expect(found[1]).toEqual(found[0]);
  return found[0] ?? [];
}

const byHand = async (number: 1 | 2, ...statements: string[]): Promise<void> => {
  for (const statement of statements) await (await pair.root(number)).query(statement);
};

/** Brings the pair to what is wanted, after which nothing is left to do. */
async function upTo(options: PairOptions): Promise<void> {
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
}

/** What `up` is told of our accounts on the first node. */
async function shownOf(options: PairOptions): Promise<unknown> {
  expect(await pair.drift(options)).toEqual({ "sessions-db1": ["ownAccounts"] });
  const shown = pair.kept.get("sessions-db1")?.outs["ownAccounts"];
  await upTo(options);
  return shown;
}

test("another `direct.from`, and the end of `direct`", async () => {
  await upTo(directFrom("127.0.0.%"));
  expect(await accounts()).toEqual([`${ADMIN}@127.0.0.%`, `${ADMIN}@localhost`]);
  await upTo(directFrom("127.0.0.1"));
  expect(await accounts()).toEqual([`${ADMIN}@127.0.0.1`, `${ADMIN}@localhost`]);
  await upTo(plain);
  expect(await accounts()).toEqual([`${ADMIN}@localhost`]);
});

test("a rotation reaches both accounts of the admin, also together with another `from`", async () => {
  await upTo(directFrom("127.0.0.%"));
  const rotated = (from: string, admin: string) => directFrom(from, { passwords: { admin } });
  await upTo(rotated("127.0.0.%", "admin-2"));
  expect(await accounts(["admin-2"])).toEqual([`${ADMIN}@127.0.0.%`, `${ADMIN}@localhost`]);
  await upTo(rotated("127.0.0.1", "admin-3"));
  expect(await accounts(["admin-3"])).toEqual([`${ADMIN}@127.0.0.1`, `${ADMIN}@localhost`]);
  await upTo(plain);
  expect(await accounts()).toEqual([`${ADMIN}@localhost`]);
});

test("an admin under another name leaves nothing of the former one", async () => {
  await upTo(directFrom("127.0.0.%"));
  await upTo(directFrom("127.0.0.%", { adminUser: OTHER_ADMIN }));
  expect(await accounts()).toEqual([`${OTHER_ADMIN}@127.0.0.%`, `${OTHER_ADMIN}@localhost`]);
  await upTo(plain);
  expect(await accounts()).toEqual([`${ADMIN}@localhost`]);
});

test("one that nobody has noted, as earlier versions left it, is shown and goes", async () => {
  await byHand(
    1,
    `CREATE USER ${ADMIN}@'%' IDENTIFIED BY 'of-old' REQUIRE SSL`,
    `GRANT ALL PRIVILEGES ON *.* TO ${ADMIN}@'%' WITH GRANT OPTION`,
  );
  expect(await shownOf(plain)).toEqual([`${ADMIN}@%: no longer used`]);
  expect(await accounts()).toEqual([`${ADMIN}@localhost`]);
});

test("those of a run that failed, and that the program has taken back", async () => {
  const before = structuredClone(pair.kept);
  await pair.up(directFrom("10.1.2.3", { viewer }));
  for (const [name, kept] of before) pair.kept.set(name, kept);
  const drift = await pair.drift(plain);
  expect(drift).toEqual({ "sessions-db1": ["ownAccounts"], "sessions-db2": ["ownAccounts"] });
  expect(pair.kept.get("sessions-db1")?.outs["ownAccounts"]).toEqual(
    [`${ADMIN}@10.1.2.3`, `${VIEWER}@10.1.2.3`, `${VIEWER}@localhost`].map((account) => `${account}: no longer used`),
  );
  await upTo(plain);
  expect(await accounts()).toEqual([`${ADMIN}@localhost`]);
});

test("rights that the admin lost, or got, by hand", async () => {
  await byHand(
    1,
    `GRANT SUPER, FILE ON *.* TO ${ADMIN}@localhost`,
    `REVOKE RELOAD, SET USER ON *.* FROM ${ADMIN}@localhost`,
  );
  expect(await shownOf(plain)).toEqual([
    `${ADMIN}@localhost: lacks RELOAD, SET USER ON *.*; has FILE, SUPER ON *.* too`,
  ]);
});

test("an admin that is locked is repaired by root; rights that only root can give back hold up no other repair", async () => {
  await byHand(1, `ALTER USER ${ADMIN}@localhost ACCOUNT LOCK`);
  await upTo(plain);

  const root = (await pair.root(1)).host.superuser;
  const session = await pair.root(1);
  await session.query(`REVOKE RELOAD ON *.* FROM ${ADMIN}@localhost`);
  await session.query("SET GLOBAL max_connections = 77");
  await session.query(`ALTER USER ${root}@localhost ACCOUNT LOCK`);
  try {
    const { message } = await failureOf(pair.up(plain));
    expect(message).toMatch(
      /in: GRANT RELOAD ON .*MariaDB's root, who may, can't be asked .*\(4151\): the account is locked/s,
    );
    expect(await session.value("SELECT @@GLOBAL.max_connections")).not.toBe("77");
  } finally {
    await session.query(`ALTER USER ${root}@localhost ACCOUNT UNLOCK`);
  }
  await upTo(plain);
});

test("all rights, as earlier versions gave them, are cut down", async () => {
  await byHand(1, `GRANT ALL PRIVILEGES ON *.* TO ${ADMIN}@localhost WITH GRANT OPTION`);
  expect(await shownOf(plain)).toEqual([
    expect.stringMatching(new RegExp(`^${ADMIN}@localhost: has SHUTDOWN, FILE, .*SUPER.* ON \\*\\.\\* too$`)),
  ]);
});

describe("what an admin lost by hand that it needs in order to look is given back by root, in one up:", () => {
  test.each(["SELECT", "SLAVE MONITOR", "REPLICATION CLIENT", "RELOAD, CREATE, PROCESS"])("%s", async (rights) => {
    await byHand(2, `REVOKE ${rights} ON *.* FROM ${ADMIN}@localhost`);
    const drift = await pair.drift(plain);
    // Nothing that is there is called missing.
    expect(Object.keys(drift)).toEqual(["sessions-db2"]);
    expect(pair.kept.get("sessions-db2")?.outs["state"]).toMatch(/^(login refused|running)$/);
    await upTo(plain);
  });

  test("its queries for this hour", async () => {
    await byHand(1, `ALTER USER ${ADMIN}@localhost WITH MAX_QUERIES_PER_HOUR 3`);
    await byHand(2, `ALTER USER ${ADMIN}@localhost WITH MAX_CONNECTIONS_PER_HOUR 1 MAX_UPDATES_PER_HOUR 1`);
    expect(Object.keys(await pair.drift(plain))).toEqual(["sessions-db1", "sessions-db2"]);
    await upTo(plain);
  });
});

test("a node without rows whose admin was dropped by hand is not taken for a new one", async () => {
  await byHand(1, `DROP USER ${ADMIN}@localhost`);
  expect(await pair.drift(plain)).toEqual({ "sessions-db1": ["state"] });
  expect(pair.kept.get("sessions-db1")?.outs["state"]).toBe("no admin account");
  await upTo(plain);
});

/** The accounts that ask a node something meanwhile, except replicas. */
async function askersDuring(number: 1 | 2, work: () => Promise<unknown>): Promise<string[]> {
  await byHand(number, "SET GLOBAL log_output='TABLE'", "TRUNCATE mysql.general_log", "SET GLOBAL general_log=1");
  try {
    await work();
  } finally {
    await byHand(number, "SET GLOBAL general_log=0");
  }
  const rows = await (await pair.root(number)).query(
    "SELECT DISTINCT REGEXP_SUBSTR(user_host, '^[^[]*') AS user FROM mysql.general_log WHERE command_type = 'Query' ORDER BY 1",
  );
  const root = (await pair.root(number)).host.superuser;
  return rows.map(({ user }) => String(user)).filter((user) => user !== root && user !== "replication_user");
}

describe("a viewer", () => {
  test("is who looks: neither the admin nor root asks the servers anything, and drift shows all the same", async () => {
    const options = { ...plain, viewer };
    await upTo(options);
    const askers = [1, 2].map((number) => askersDuring(number as 1 | 2, () => pair.refresh()));
    // The proxies' account tries whether it may write.
    expect(await Promise.all(askers)).toEqual([
      ["nevisproxy_user", VIEWER],
      ["nevisproxy_user", VIEWER],
    ]);
    await byHand(1, "SET GLOBAL max_connections = 77", "DROP USER binarylog_user");
    await byHand(2, "STOP SLAVE", "SET GLOBAL read_only = 1");
    expect(await pair.drift(options)).toEqual({
      "sessions-db1": ["settings"],
      "sessions-db1-users": ["accounts"],
      "sessions-db2": ["settings"],
      "sessions-db2-users": ["proxyWrites"],
      "sessions-db2-from-db1": expect.anything(),
    });
    await upTo(options);
  });

  test("that may no longer look is not believed: what is there is not shown as missing", async () => {
    const options = { ...plain, viewer };
    await upTo(options);
    for (const rights of ["ALL PRIVILEGES, GRANT OPTION", "SLAVE MONITOR ON *.*", "SELECT ON *.*"]) {
      await byHand(1, `REVOKE ${rights} FROM ${VIEWER}@localhost`);
      expect(await shownOf(options)).toEqual([
        expect.stringMatching(new RegExp(`^${VIEWER}@localhost: lacks .*SLAVE MONITOR|SELECT`)),
      ]);
    }
  });

  test("is made, gets another password, comes back after it was dropped, and goes", async () => {
    await upTo({ ...plain, viewer });
    expect(await accounts([PASSWORDS.admin, viewer.password])).toEqual([`${ADMIN}@localhost`, `${VIEWER}@localhost`]);
    const rotated = { ...plain, viewer: { password: "viewer-2" } };
    await upTo(rotated);
    expect(await accounts([PASSWORDS.admin, "viewer-2"])).toEqual([`${ADMIN}@localhost`, `${VIEWER}@localhost`]);
    await byHand(1, `DROP USER ${VIEWER}@localhost`);
    expect(await shownOf(rotated)).toEqual([`${VIEWER}@localhost: missing`]);
    await byHand(1, `GRANT DELETE ON *.* TO ${VIEWER}@localhost`);
    expect(await shownOf(rotated)).toEqual([`${VIEWER}@localhost: has DELETE ON *.* too`]);
    await upTo(plain);
    expect(await accounts()).toEqual([`${ADMIN}@localhost`]);
  });
});

test("a password that was last changed long ago is told of, where the program says how long that is", async () => {
  const old = "JSON_SET(Priv, '$.password_last_changed', UNIX_TIMESTAMP('2020-02-03 12:00:00'))";
  await byHand(1, `UPDATE mysql.global_priv SET Priv = ${old} WHERE User = 'replication_user'`, "FLUSH PRIVILEGES");
  const told = async (options: PairOptions) => {
    await upTo(options);
    const advice = pair.kept.get("sessions-db1")?.outs["advice"] as { about: string; text: string }[];
    return advice.filter(({ about }) => about.startsWith("account")).map(({ about, text }) => `${about} ${text}`);
  };
  expect(await told({ ...plain, reminders: { passwordAge: 365 } })).toEqual([
    expect.stringMatching(
      /^account replication_user@% its password was last changed on 2020-02-03, more than 365 days/,
    ),
  ]);
  expect(await told(plain)).toEqual([]);
});

describe("a name that is somebody's already is refused by its property, and that account stays as it is:", () => {
  const SOMEBODY = "backup_reader";
  const untouched = async (host: string) =>
    expect(
      await (await pair.root(1)).value(
        "SELECT COUNT(*) FROM mysql.global_priv WHERE User = ? AND Host = ? AND JSON_VALUE(Priv, '$.authentication_string') = ?",
        [SOMEBODY, host, passwordHash("somebody's")],
      ),
    ).toBe("1");

  afterEach(async () => {
    const rows = await (await pair.root(1)).query("SELECT Host FROM mysql.global_priv WHERE User = ?", [SOMEBODY]);
    for (const { Host } of rows) await byHand(1, `DROP USER ${SOMEBODY}@'${Host}'`);
    await upTo(plain);
  });

  test.each([
    ["viewer", "localhost", () => ({ ...plain, viewer: { user: SOMEBODY, password: "viewer-1" } })],
    ["viewer", "10.1.%", () => ({ ...plain, viewer: { user: SOMEBODY, password: "viewer-1" } })],
    ["admin", "localhost", () => ({ ...plain, adminUser: SOMEBODY })],
    ["admin", "%", () => directFrom("%", { adminUser: SOMEBODY })],
  ])("%s, from %s", async (role, host, options) => {
    await upTo(plain);
    await byHand(1, `CREATE USER ${SOMEBODY}@'${host}' IDENTIFIED BY 'somebody\\'s'`);
    const { message } = await failureOf(pair.up(options()));
    expect(message).toMatch(
      new RegExp(`connection\\.${role}\\.user: db1 has ${SOMEBODY}@${host}, which this program did not make`),
    );
    await untouched(host);
  });

  test("one that takes our password was made for us", async () => {
    await byHand(1, `CREATE USER ${SOMEBODY}@localhost IDENTIFIED BY 'viewer-1'`);
    await upTo({ ...plain, viewer: { user: SOMEBODY, password: "viewer-1" } });
  });
});

describe("a name that another resource of the program declares", () => {
  const NAME = "backup_reader";
  const extra = { user: NAME, password: "backup-1", from: ["localhost"], grants: ["SELECT ON *.*"] };
  const hashes = async () =>
    await (await pair.root(2)).value(
      "SELECT JSON_VALUE(Priv, '$.authentication_string') FROM mysql.global_priv WHERE User = ?",
      [NAME],
    );

  test.each(["viewer-1", "backup-1"])(
    "is refused before it is taken over, also with the password %s, and taken in two steps",
    async (password) => {
      const declared = { ...plain, extraAccounts: [extra] };
      await upTo(declared);
      const asViewer = { ...plain, viewer: { user: NAME, password } };
      const { message } = await failureOf(pair.up(asViewer));
      expect(message).toMatch(
        /connection\.viewer\.user: db1 has accounts of this name that are declared as others: the account backup_reader@localhost \(SessionStoreUsers sessions-db1-users/,
      );
      expect(await hashes()).toBe(passwordHash("backup-1"));
      await upTo(plain);
      await upTo(asViewer);
      await upTo(plain);
      expect(await hashes()).toBe("");
    },
  );

  test("and that a node has taken over all the same, as earlier versions did, is given back", async () => {
    await upTo({ ...plain, extraAccounts: [extra] });
    for (const number of [1, 2] as const) {
      await byHand(
        number,
        `INSERT INTO session_store_register.claims SELECT 'the account ${NAME}@localhost', token, stack, resource, NOW() FROM session_store_register.claims
          WHERE object = 'the account ${ADMIN}@localhost'`,
        `ALTER USER ${NAME}@localhost IDENTIFIED BY 'viewer-1'`,
      );
    }
    await upTo({ ...plain, extraAccounts: [extra] });
    expect(await hashes()).toBe(passwordHash("backup-1"));
    await upTo(plain);
    expect(await hashes()).toBe("");
  });
});

test("a role of the admin's name is left alone, and not shown", async () => {
  await upTo(plain);
  await byHand(1, `CREATE ROLE ${ADMIN}`);
  expect(await pair.drift(plain)).toEqual({});
  await byHand(1, `DROP ROLE ${ADMIN}`);
});

describe("a server that looks at new passwords itself takes no hashes:", () => {
  beforeAll(async () => {
    await upTo(plain);
    await byHand(2, "INSTALL SONAME 'simple_password_check'");
  });
  afterAll(() => byHand(2, "UNINSTALL SONAME 'simple_password_check'"));

  test.each([
    ["admin", "connection.admin.password: "],
    ["replication", "replication.password: "],
    ["proxy", "proxy.password: "],
  ])("a new password of %s is refused by its property, with the way to go on", async (role, property) => {
    const passwords = { ...PASSWORDS, [role]: "Another-Password-2" };
    const { message } = await failureOf(pair.up({ ...plain, passwords }));
    expect(message).toContain(`${property}db2 has simple_password_check look at each new password`);
    await byHand(2, "SET GLOBAL strict_password_validation=OFF");
    await upTo({ ...plain, passwords });
    await upTo(plain);
    await expect(byHand(2, "CREATE USER somebody IDENTIFIED BY 'short'")).rejects.toThrow();
    await byHand(2, "SET GLOBAL strict_password_validation=ON");
  });

  test("an account that was dropped by hand can't be made again, and why is told", async () => {
    await byHand(2, "DROP USER nevisproxy_user@'%'");
    const { message } = await failureOf(pair.up(plain));
    expect(message).toMatch(
      /^account nevisproxy_user@%: db2 has simple_password_check .*Put strict_password_validation=OFF into/,
    );
    await byHand(2, "SET GLOBAL strict_password_validation=OFF");
    await upTo(plain);
  });
});

test("a name that is somebody's already is refused before anything is touched, and `destroy` leaves none of ours", async () => {
  await upTo(directFrom("127.0.0.1", { viewer }));
  await byHand(2, `CREATE USER ${ADMIN}@'10.9.9.9' IDENTIFIED BY 'of-old'`);
  // Nor is an admin needed for it that lets us in.
  await byHand(1, `ALTER USER ${ADMIN}@localhost IDENTIFIED BY 'by hand'`);
  await pair.down();
  expect(await accounts()).toEqual([]);
  for (const number of [1, 2] as const)
    await byHand(number, `CREATE USER ${ADMIN}@'10.9.9.9' IDENTIFIED BY 'somebody'`);
  const { message } = await failureOf(pair.up(plain));
  expect(message).toMatch(
    /connection\.admin\.user: db[12] has session_store_admin@10\.9\.9\.9, which this program did not make/,
  );
  expect(await accounts()).toEqual([`${ADMIN}@10.9.9.9 with another password`]);
});
