import { UNKNOWN } from "../../provider/src/operations/parse";
import { SessionStoreUsers } from "../../provider/src/operations/SessionStoreUsers";
import { healthyState } from "../../provider/src/recipe/accounts/accounts";

/** Nothing of this may ever be in a message. */
const SECRET = "s3cret-of-the-test";

const given = {
  node: {
    host: { kind: "local", directory: "/nowhere" },
    address: "db1",
    port: 3306,
    admin: { user: "session_store_admin", password: `${SECRET}-admin` },
  },
  proxy: { password: `${SECRET}-proxy` },
  replication: { password: `${SECRET}-replication` },
  binaryLog: { password: `${SECRET}-binlog` },
};

const check = (changes: object = {}) => SessionStoreUsers.check({}, { ...given, ...changes });
const reasons = async (changes: object) => (await check(changes)).failures.map(({ reason }) => reason);
const extra = (more: object) => ({
  extraAccounts: [{ user: "backup", password: SECRET, grants: ["SELECT ON d.*"], ...more }],
});

describe("what is not given is filled in", () => {
  test("with the recipe's accounts and grants, to the letter", async () => {
    const { inputs, failures } = await check();
    expect(failures).toEqual([]);
    expect(inputs).toMatchObject({
      databases: ["replicated_session_store"],
      profile: "vendor",
      proxy: { user: "nevisproxy_user", from: ["%"] },
      extraAccounts: [],
    });
    expect(inputs.accounts).toEqual({
      "nevisproxy_user@%": healthyState([
        "REPLICATION CLIENT ON *.*",
        "ALL PRIVILEGES ON `replicated_session_store`.*",
      ]),
      "replication_user@%": healthyState(["REPLICATION SLAVE ON *.*"]),
      "binarylog_user@%": healthyState(["SUPER ON *.*"]),
    });
  });

  test("with exact database names and without SUPER in the hardened profile", async () => {
    const { inputs } = await check({ profile: "hardened", databases: ["a_b", "c"] });
    expect(inputs.accounts["nevisproxy_user@%"]?.grants).toEqual([
      "REPLICATION CLIENT ON *.*",
      "SLAVE MONITOR ON *.*",
      "ALL PRIVILEGES ON `a\\_b`.*",
      "ALL PRIVILEGES ON `c`.*",
    ]);
    expect(inputs.accounts["binarylog_user@%"]?.grants).toEqual(["BINLOG ADMIN ON *.*", "BINLOG MONITOR ON *.*"]);
  });

  test("one account per host, in lower case as MariaDB stores it", async () => {
    const { inputs } = await check({
      proxy: { ...given.proxy, from: ["%", "Proxy-Host"] },
      monitor: { password: SECRET },
    });
    expect(Object.keys(inputs.accounts)).toEqual([
      "nevisproxy_user@%",
      "nevisproxy_user@proxy-host",
      "replication_user@%",
      "binarylog_user@%",
      "session_store_monitor@%",
    ]);
  });

  test("and no password is among the accounts", async () => {
    const { inputs } = await check({ ...extra({}), monitor: { password: SECRET } });
    expect(JSON.stringify(inputs.accounts)).not.toContain(SECRET);
  });
});

describe("a preview that does not know everything yet", () => {
  test("shows the accounts all the same when only passwords are unknown", async () => {
    const { inputs, failures } = await check({
      proxy: { password: UNKNOWN, from: ["Web1"] },
      monitor: { password: UNKNOWN },
    });
    expect(failures).toEqual([]);
    expect(inputs.accounts["nevisproxy_user@web1"]).toEqual((await check()).inputs.accounts["nevisproxy_user@%"]);
    expect(inputs.accounts["session_store_monitor@%"]).toBeDefined();
  });

  test.each([
    [{ databases: UNKNOWN }],
    [{ databases: [UNKNOWN] }],
    [{ proxy: UNKNOWN }],
    [{ proxy: { password: SECRET, user: UNKNOWN } }],
    [{ extraAccounts: [UNKNOWN] }],
    [{ extraAccounts: [{ user: "a", password: SECRET, grants: UNKNOWN }] }],
    [{ profile: UNKNOWN }],
  ])("shows the accounts as unknown when their names or grants are: %j", async (changes) => {
    const { inputs, failures } = await check(changes);
    expect(failures).toEqual([]);
    expect(inputs.accounts).toBe(UNKNOWN);
  });
});

describe("refused, naming the property and never the password:", () => {
  test.each([
    ["an empty password", { proxy: { password: "" } }, /^proxy\.password: must not be empty/],
    ["no password", { replication: {} }, /^replication\.password: must be given/],
    ["a password with a line break", { binaryLog: { password: `${SECRET}\n` } }, /^binaryLog\.password: .*line break/],
    [
      "a replica's password over 96 bytes",
      { replication: { password: "é".repeat(49) } },
      /^replication\.password: .*96 bytes/,
    ],
    [
      "a previous password that is the same",
      { proxy: { password: SECRET, previousPassword: SECRET } },
      /^proxy\.previousPassword: is the same/,
    ],
    [
      "a previous password of the replica",
      { replication: { password: SECRET, previousPassword: "x" } },
      /^replication: .*previousPassword/,
    ],
    ["an empty user", { proxy: { password: SECRET, user: "" } }, /^proxy\.user: must not be empty/],
    ["a user of 129 characters", { proxy: { password: SECRET, user: "u".repeat(129) } }, /^proxy\.user: .*128/],
    ["a user with a line break", { proxy: { password: SECRET, user: "a\nb" } }, /^proxy\.user: .*control/],
    ["a host with a blank", { proxy: { password: SECRET, from: ["a b"] } }, /^proxy\.from\[0\]: must be a host name/],
    ...(
      [
        ["10.0.0.0/24", '10.0.0.0/255.255.255.0"'],
        ["10.1.2.3/8", '10.0.0.0/255.0.0.0"'],
        ["10.0.0.1/255.255.255.0", '10.0.0.0/255.255.255.0"'],
        ["0.0.0.0/0", '"%"'],
        ["10.0.0.0/0.0.0.0", '"%"'],
        ["fe80::/64", "netmasks of IPv4 only"],
        ["10.1.2.x/24", "must be address/netmask"],
        ["10.1.2.0/33", "must be address/netmask"],
        ["10.1.2.256", "not an IP address"],
        ["10.1.2", "not an IP address"],
        ["10.1.2.3.%", "no IPv4 address is like it"],
        ["10.1.2.03", '"10.1.2.3"'],
        ["FE80:0::1", '"fe80::1"'],
        ["::ffff:10.1.2.3", '"10.1.2.3"'],
        ["db2:3306", "a host name has no colon"],
      ] as const
    ).map(([host, instead]): [string, object, RegExp] => [
      `${host}, which matches no client`,
      { proxy: { password: SECRET, from: [host] } },
      new RegExp(`^proxy\\.from\\[0\\]: .*${instead}`),
    ]),
    ["no host", { proxy: { password: SECRET, from: [] } }, /^proxy\.from: must name at least one/],
    [
      "the same host twice",
      { proxy: { password: SECRET, from: ["Web1", "web1"] } },
      /^proxy\.from: "nevisproxy_user@web1" is there twice/,
    ],
    [
      "the same account twice",
      extra({ user: "replication_user" }),
      /^extraAccounts\[0\]\.user: "replication_user@%" is there twice \(see "replication"\)/,
    ],
    [
      "an account that the server would take for the peer's logins",
      extra({ user: "replication_user", from: ["localhost"] }),
      /^extraAccounts\[0\]\.from: MariaDB would take "replication_user@localhost" for the peer's logins/,
    ],
    ["the admin account", extra({ user: "session_store_admin" }), /^extraAccounts\[0\]\.user: .*this library works/],
    ["MariaDB's own account", { monitor: { user: "root", password: SECRET } }, /^monitor\.user: .*belongs to MariaDB/],
    [
      "a grant that is none",
      extra({ grants: ["SELECT ON d.*", "EVERYTHING"] }),
      /^extraAccounts\[0\]\.grants\[1\]: "EVERYTHING"/,
    ],
    [
      "the right to grant",
      extra({ grants: ["SELECT ON d.* WITH GRANT OPTION"] }),
      /^extraAccounts\[0\]\.grants\[0\]: .*right to grant/,
    ],
    [
      "a database whose exact name no GRANT takes",
      { profile: "hardened", databases: ["d", `${"a".repeat(63)}_`] },
      /^databases\[1\]: "a+_" is too long for `profile: "hardened"`/,
    ],
    ["a database with a back-tick", { databases: ["a`b"] }, /^databases\[0\]: /],
    ["MariaDB's own database", { databases: ["mysql"] }, /^databases\[0\]: belongs to MariaDB/],
    ["an unknown property", { proxies: {} }, /there is no property "proxies"/],
    ["the derived property", { accounts: {} }, /there is no property "accounts"/],
  ])("%s", async (_what, changes, reason) => {
    const found = await reasons(changes);
    expect(found).toEqual([expect.stringMatching(reason)]);
    expect(found.join()).not.toContain(SECRET);
  });
});

describe("the difference", () => {
  test("is seen for a password, though no account looks different", async () => {
    const { inputs } = await check();
    const { inputs: news } = await check({ proxy: { password: `${SECRET}-2` } });
    const owner = { stack: "organization/proxy/test", resource: "SessionStoreUsers users" };
    const olds = { ...inputs, claim: { token: "1", ...owner } };
    const id = "db1:3306/users";
    expect(await SessionStoreUsers.diff(id, olds, inputs, owner)).toMatchObject({ changes: false });
    expect(await SessionStoreUsers.diff(id, olds, news, owner)).toMatchObject({ changes: true, replaces: [] });
  });
});
