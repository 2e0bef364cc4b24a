import { utils } from "ssh2";
import { MariaDbNode } from "../../provider/src/operations/MariaDbNode";
import { UNKNOWN } from "../../provider/src/operations/parse";
import { ReplicationLink } from "../../provider/src/operations/ReplicationLink";
import { SessionStoreDatabase } from "../../provider/src/operations/SessionStoreDatabase";
import { SessionStoreUsers } from "../../provider/src/operations/SessionStoreUsers";
import { Authority } from "../support/authority";

/** Inputs of which a part is unknown, as outputs of resources that are not made yet are in a preview. */

const password = "secret";
const admin = { user: "adm", password };
const keys = utils.generateKeyPairSync("ed25519", { passphrase: "phrase", cipher: "aes256-cbc", rounds: 1 });
const login = {
  address: "db1",
  port: 22,
  user: "ops",
  hostKeys: [keys.public],
  privateKey: keys.private,
  passphrase: "phrase",
};
const ssh = {
  kind: "ssh",
  ...login,
  jump: { ...login, agent: "/run/agent" },
  install: true,
  settingsFile: "/etc/x.cnf",
};
const docker = { kind: "docker", container: "db2", engine: "ssh://ops@db2", configDirectory: "/etc/mysql/conf.d" };
const local = { host: { kind: "local", directory: "/nowhere" }, address: "db3", port: 3306, admin };

interface Checked {
  check(
    olds: unknown,
    news: Record<string, unknown>,
  ): Promise<{ inputs: object; failures: readonly { reason: string }[] }>;
}

let given: Readonly<Record<string, [Checked, Record<string, unknown>]>>;
beforeAll(async () => {
  const authority = await Authority.create();
  const tls = await authority.issue("db3");
  const direct = { ca: tls.ca, from: "10.0.0.1" };
  const proxy = {
    user: "p",
    password,
    previousPassword: "former",
    from: ["%", "10.0.0.0/255.0.0.0"],
    requireTls: "SSL",
    authentication: "ed25519",
  };
  given = {
    SessionStoreDatabase: [
      SessionStoreDatabase,
      {
        node: { ...local, host: ssh, viewer: { user: "v", password }, direct },
        peer: { ...local, host: docker, address: "db4", name: "db4" },
        name: "sessions",
        characterSet: "utf8mb4",
        collation: "utf8mb4_general_ci",
      },
    ],
    SessionStoreUsers: [
      SessionStoreUsers,
      {
        node: local,
        databases: ["sessions"],
        profile: "vendor",
        requireTls: "NONE",
        proxy,
        replication: { password },
        binaryLog: { password },
        monitor: { password, authentication: "ed25519" },
        extraAccounts: [
          { user: "backup", password, from: ["localhost"], grants: ["SELECT ON sessions.*", "PROCESS ON *.*"] },
        ],
        adopt: true,
      },
    ],
    ReplicationLink: [
      ReplicationLink,
      {
        replica: local,
        source: { ...local, address: "db4" },
        user: "r",
        password,
        useGtid: "slave_pos",
        connectRetry: 1,
        heartbeatPeriod: 5,
        tls: "verified",
        revisions: ["1"],
      },
    ],
    MariaDbNode: [
      MariaDbNode,
      {
        connection: local,
        peer: { ...local, address: "db4" },
        nodeNumber: 1,
        profile: "vendor",
        databases: ["sessions"],
        tables: ["%session"],
        bindAddress: "10.0.0.1",
        settings: { max_connections: 500, slave_skip_errors: ["1062", "1452"] },
        definers: ["app"],
        tls,
        reminders: { passwordAge: 3, certificateDays: 3 },
      },
    ],
  };
});

const reasonsOf = async ([resource]: [Checked, unknown], inputs: unknown) =>
  (await resource.check({}, inputs as Record<string, unknown>)).failures.map(({ reason }) => reason);

/** The same values with each part, at every depth, replaced. */
function* replaced(value: unknown, by: unknown, path = ""): Generator<[path: string, value: unknown]> {
  if (path) yield [path, by];
  if (typeof value !== "object" || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    for (const [place, other] of replaced(part, by, path ? `${path}.${key}` : key)) {
      if (Array.isArray(value)) yield [place, value.map((item, index) => (String(index) === key ? other : item))];
      else yield [place, { ...value, [key]: other }];
    }
  }
}

test("nothing is refused for what is unknown, whatever part of it is", async () => {
  let count = 0;
  for (const [type, one] of Object.entries(given)) {
    expect([type, await reasonsOf(one, one[1])]).toEqual([type, []]);
    for (const [place, inputs] of replaced(one[1], UNKNOWN)) {
      expect([type, place, await reasonsOf(one, inputs)]).toEqual([type, place, []]);
      count++;
    }
  }
  expect(count).toBeGreaterThan(120);
});

describe("what is known is refused beside it:", () => {
  test.each<[string, string, object, string]>([
    [
      "an empty password",
      "SessionStoreUsers",
      { proxy: { user: UNKNOWN, password: "" } },
      "proxy.password: must not be empty",
    ],
    [
      "a grant",
      "SessionStoreUsers",
      { extraAccounts: [{ user: "b", password: UNKNOWN, grants: ["ALL"] }] },
      "extraAccounts[0].grants[0]: ",
    ],
    [
      "a name",
      "SessionStoreUsers",
      { proxy: { password: UNKNOWN, form: [] } },
      'proxy: there is no property "form"; did you mean "from"?',
    ],
    ["what is missing", "SessionStoreUsers", { proxy: { user: UNKNOWN } }, "proxy.password: must "],
    ["a database", "MariaDbNode", { databases: [UNKNOWN, "mysql"] }, "databases[1]: belongs to MariaDB itself"],
    ["a port", "ReplicationLink", { source: { ...local, address: UNKNOWN, port: 0 } }, "source.port: "],
    [
      "a name of a machine",
      "ReplicationLink",
      { source: { ...local, host: { kind: "docker", container: UNKNOWN, engin: "x" } } },
      'source.host: there is no property "engin"; did you mean "engine"?',
    ],
  ])("%s", async (_what, type, changes, reason) => {
    const [resource, inputs] = given[type] as [Checked, object];
    expect(await reasonsOf([resource, {}], { ...inputs, ...changes })).toEqual([expect.stringContaining(reason)]);
  });

  test("and nothing unknown goes along with the refusal that was not given: the engine would complain of that instead", async () => {
    const [resource, inputs] = given["SessionStoreUsers"] as [Checked, Record<string, unknown>];
    const { inputs: checked, failures } = await resource.check({}, { ...inputs, proxy: { password: "" } });
    expect([failures.length, JSON.stringify(checked).includes(UNKNOWN)]).toEqual([1, false]);
  });
});
