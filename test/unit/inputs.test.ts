import { MariaDbNode } from "../../provider/src/operations/MariaDbNode";
import { ReplicationLink } from "../../provider/src/operations/ReplicationLink";
import { SessionStoreDatabase } from "../../provider/src/operations/SessionStoreDatabase";
import { SessionStoreSchema } from "../../provider/src/operations/SessionStoreSchema";
import { SessionStoreUsers } from "../../provider/src/operations/SessionStoreUsers";

/** Rules that several resources share: each of them holds for all. */

const server = (address: string, more: object = {}) => ({
  host: { kind: "local", directory: "/nowhere" },
  address,
  admin: { password: "x" },
  ...more,
});
const ONE = server("db1");
const OTHER = server("db2");
const password = "p";

interface Checked {
  check(
    olds: unknown,
    news: Record<string, unknown>,
  ): Promise<{ inputs: object; failures: readonly { reason: string }[] }>;
}

/** What a program gives each resource at the least. A node without a number is checked, but no server is asked. */
const RESOURCES: Record<string, [Checked, Record<string, unknown>]> = {
  MariaDbNode: [MariaDbNode, { connection: ONE, peer: OTHER }],
  SessionStoreDatabase: [SessionStoreDatabase, { node: ONE, peer: OTHER }],
  SessionStoreUsers: [
    SessionStoreUsers,
    { node: ONE, proxy: { password }, replication: { password }, binaryLog: { password } },
  ],
  ReplicationLink: [ReplicationLink, { replica: ONE, source: OTHER, password }],
  SessionStoreSchema: [
    SessionStoreSchema,
    { first: ONE, second: OTHER, patterns: ["%.%session"], script: "CREATE TABLE IF NOT EXISTS session (id INT)" },
  ],
};

async function check(type: string, changes: object) {
  const [resource, least] = RESOURCES[type] as [Checked, Record<string, unknown>];
  const { inputs, failures } = await resource.check({}, { ...least, ...changes });
  return { inputs, reasons: failures.map(({ reason }) => reason).filter((reason) => !reason.startsWith("nodeNumber")) };
}
const reasons = async (type: string, changes: object) => (await check(type, changes)).reasons;

test.each(Object.keys(RESOURCES))("%s takes what is right", async (type) => {
  expect(await reasons(type, {})).toEqual([]);
});

test("a connection without port and admin's name gets MariaDB's port and the name of our account", async () => {
  const { inputs } = await check("SessionStoreDatabase", {});
  expect(inputs).toMatchObject({ node: { port: 3306, admin: { user: "session_store_admin" } } });
});

describe("a database of MariaDB itself is refused, in any case:", () => {
  test.each([
    ["MariaDbNode", "databases", (name: string) => ["d", name], /^databases\[1\]: belongs to MariaDB itself/],
    ["SessionStoreDatabase", "name", (name: string) => name, /^name: belongs to MariaDB itself/],
    ["SessionStoreUsers", "databases", (name: string) => ["d", name], /^databases\[1\]: belongs to MariaDB itself/],
    ["SessionStoreSchema", "database", (name: string) => name, /^database: belongs to MariaDB itself/],
  ])("%s.%s", async (type, property, value, reason) => {
    for (const name of ["mysql", "SYS", "Information_Schema", "performance_schema"]) {
      expect(await reasons(type, { [property]: value(name) })).toEqual([expect.stringMatching(reason)]);
    }
    expect(await reasons(type, { [property]: value("mysqld") })).toEqual([]);
  });
});

test.each([
  ["MariaDbNode", { peer: ONE }, 'peer: is the same server as "connection" (db1:3306)'],
  ["ReplicationLink", { source: ONE }, 'source: is the same server as "replica" (db1:3306)'],
  ["SessionStoreSchema", { second: ONE }, 'second: is the same server as "first" (db1:3306)'],
])("%s refuses one server for both", async (type, changes, reason) => {
  expect(await reasons(type, changes)).toEqual([reason]);
});

describe("the name of an account that ends with a blank, which MariaDB cuts off, is refused as", () => {
  test.each([
    ["MariaDbNode", "definers[0]", (user: string) => ({ definers: [user] })],
    [
      "MariaDbNode",
      "connection.admin.user",
      (user: string) => ({ connection: server("db1", { admin: { user, password } }) }),
    ],
    ["ReplicationLink", "user", (user: string) => ({ user })],
    ["SessionStoreUsers", "proxy.user", (user: string) => ({ proxy: { user, password } })],
    [
      "SessionStoreUsers",
      "extraAccounts[0].user",
      (user: string) => ({ extraAccounts: [{ user, password, grants: [] }] }),
    ],
  ])("%s.%s", async (type, property, given) => {
    expect(await reasons(type, given("app "))).toEqual([`${property}: must not end with a blank: MariaDB cuts it off`]);
    expect(await reasons(type, given("app😀"))).toEqual([
      `${property}: must not have characters beyond U+FFFF, such as emoji: MariaDB keeps them as ?`,
    ]);
    expect(await reasons(type, given(" my app"))).toEqual([]);
  });
});

test("the account with which this library writes copies is nobody else's", async () => {
  const user = "session_store_load";
  const own = { user, password };
  expect([
    ...(await reasons("ReplicationLink", { replica: server("db1", { admin: own }) })),
    ...(await reasons("ReplicationLink", { replica: server("db1", { viewer: own }) })),
    ...(await reasons("SessionStoreUsers", { proxy: own })),
  ]).toEqual([
    expect.stringMatching(/^replica\.admin\.user: belongs to .* or to this library/),
    expect.stringMatching(/^replica\.viewer\.user: belongs to .* or to this library/),
    expect.stringMatching(/^proxy\.user: .* belongs to .* or to this library/),
  ]);
});

describe("a password", () => {
  test("with a line break is refused for accounts and links: it comes from a file", async () => {
    const reason = expect.stringMatching(/^(proxy\.)?password: must not have a line break/);
    expect(await reasons("ReplicationLink", { password: "secret\n" })).toEqual([reason]);
    expect(await reasons("SessionStoreUsers", { proxy: { password: "secret\n" } })).toEqual([reason]);
  });

  test("of the viewer is held to the same", async () => {
    const viewer = { password: "secret\n" };
    expect(await reasons("ReplicationLink", { replica: server("db1", { viewer }) })).toEqual([
      expect.stringMatching(/^replica\.viewer\.password: must not have a line break/),
    ]);
  });

  test("of the admin may have one: such programs have worked since the first release", async () => {
    const admin = { password: "secret\n" };
    expect(await reasons("ReplicationLink", { replica: server("db1", { admin }) })).toEqual([]);
  });

  test("that a replica can't send is refused for the link and its account alike", async () => {
    const tooLong = "p".repeat(97);
    const reason = "password: must have at most 96 bytes: MariaDB takes no more from a replica";
    expect(await reasons("ReplicationLink", { password: tooLong })).toEqual([reason]);
    expect(await reasons("SessionStoreUsers", { replication: { password: tooLong } })).toEqual([
      `replication.${reason}`,
    ]);
    expect(await reasons("SessionStoreUsers", { proxy: { password: tooLong } })).toEqual([]);
  });
});

describe("the hosts from which an account may come", () => {
  const ca = "-----";
  const direct = async (from: string) =>
    (await check("MariaDbNode", { connection: server("db1", { direct: { ca, from } }) })).reasons.filter(
      (reason) => !reason.startsWith("connection.direct.ca"),
    );
  const account = (from: string) => reasons("SessionStoreUsers", { proxy: { password, from: [from] } });

  test.each(["%", "10.0.0.%", "ops.example.org", "fe80::1", "10.1.0.0/255.255.0.0"])(
    "%s: the same for the admin's direct access and for accounts",
    async (from) => {
      expect([await direct(from), await account(from)]).toEqual([[], []]);
    },
  );

  test.each([
    ["a prefix that is no netmask", "10.0.0.0/fe", /must be address\/netmask/],
    ["a blank", "a b", /must be a host name/],
    ["256 characters", "h".repeat(256), /at most 255/],
  ])("%s: refused for both", async (_what, from, reason) => {
    expect(await direct(from)).toEqual([expect.stringMatching(reason)]);
    expect(await account(from)).toEqual([expect.stringMatching(reason)]);
  });
});

describe("another login method is for accounts of clients alone:", () => {
  const authentication = "ed25519";
  const own = { user: "u", password, authentication };

  test.each([
    ["SessionStoreDatabase", "node.admin", { node: server("db1", { admin: own }) }],
    ["ReplicationLink", "replica.viewer", { replica: server("db1", { viewer: own }) }],
    ["SessionStoreUsers", "replication", { replication: { password, authentication } }],
    ["SessionStoreUsers", "binaryLog", { binaryLog: { password, authentication } }],
  ])("%s says so of %s", async (type, property, changes) => {
    expect(await reasons(type, changes)).toEqual([
      `${property}: "authentication" is for accounts of clients: this library and replicas log in by mysql_native_password`,
    ]);
  });

  test("another property that isn't there is named", async () => {
    expect(await reasons("SessionStoreUsers", { replication: { password, lock: true } })).toEqual([
      'replication: there is no property "lock"; there are: user, password, from, requireTls',
    ]);
  });
});
