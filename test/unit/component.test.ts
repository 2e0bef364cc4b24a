import * as pulumi from "@pulumi/pulumi";
import {
  LocalMariaDb,
  type PairNodeArgs,
  ReplicatedSessionStore,
  type ReplicatedSessionStoreArgs,
} from "../../provider/src";
import { type Registration, run, settled } from "../support/engine/registrations";

/** The component, as the engine sees it: which resources, in which order, with which inputs. */

const PASSWORDS = [
  "secret-admin",
  "secret-proxy",
  "secret-replication",
  "secret-binlog",
  "secret-monitor",
  "secret-extra",
];
const TYPE = "pulumi-nodejs:dynamic/sessionstore:";

const hosts = [1, 2].map((number) => ({ kind: "local" as const, directory: `/srv/db${number}` }));
const nodes = [
  { host: hosts[0], address: "10.0.0.1", name: "alpha" },
  { host: hosts[1], address: "10.0.0.2", port: 3307 },
] as [PairNodeArgs, PairNodeArgs];
const accounts = {
  proxy: { password: "secret-proxy" },
  replication: { password: "secret-replication" },
  binaryLog: { password: "secret-binlog" },
};
const admin = { password: "secret-admin" };

const pair = (args: Partial<ReplicatedSessionStoreArgs> = {}, options?: pulumi.ComponentResourceOptions) =>
  run(
    () => new ReplicatedSessionStore("sessions", { nodes, admin, ...accounts, ...args }, options),
    ({ type, name }) => {
      if (type === `${TYPE}MariaDbNode`) {
        return { version: "10.11.19", configFile: `/etc/${name}.cnf`, advice: [] };
      }
      return type === `${TYPE}ReplicationLink` ? { direction: name, state: "replicating", secondsToArrive: 0.1 } : {};
    },
  );

const kinds = (registered: readonly Registration[]) =>
  registered.map(({ name, type }) => `${name} ${type.replace(TYPE, "")}`).sort();

const connection = (name: string, address: string, port: number, host: unknown) => ({
  name,
  address,
  port,
  host,
  admin: { password: { secret: "secret-admin" } },
});
const FIRST = connection("alpha", "10.0.0.1", 3306, hosts[0]);
const SECOND = connection("db2", "10.0.0.2", 3307, hosts[1]);

let warnings: string[];
beforeEach(() => {
  warnings = [];
  jest.spyOn(console, "warn").mockImplementation((text: string) => void warnings.push(text));
});
afterEach(() => jest.restoreAllMocks());

test("the children have these names and types, which are kept in users' state for good", async () => {
  const { registered } = await pair({ schema: { script: "CREATE TABLE IF NOT EXISTS session (id INT)" } });
  expect(kinds(registered)).toEqual([
    "sessions sessionstore:index:ReplicatedSessionStore",
    "sessions-db1 MariaDbNode",
    "sessions-db1-database-replicated_session_store SessionStoreDatabase",
    "sessions-db1-from-db2 ReplicationLink",
    "sessions-db1-users SessionStoreUsers",
    "sessions-db2 MariaDbNode",
    "sessions-db2-database-replicated_session_store SessionStoreDatabase",
    "sessions-db2-from-db1 ReplicationLink",
    "sessions-db2-users SessionStoreUsers",
    "sessions-schema SessionStoreSchema",
  ]);
  const children = registered.filter(({ name }) => name !== "sessions");
  expect(children.map(({ parent }) => parent)).toEqual(Array(9).fill("sessions"));
});

test("the tables are made only when a script is given", async () => {
  const { registered } = await pair();
  expect(registered.map(({ name }) => name)).not.toContain("sessions-schema");
});

test("they are made in this order: nodes, their databases and accounts, both links, the tables", async () => {
  const { one } = await pair({ schema: { script: "" } });
  const stores = (node: string) => [`sessions-${node}-database-replicated_session_store`, `sessions-${node}-users`];
  for (const node of ["db1", "db2"]) {
    expect(one(`sessions-${node}`).after).toEqual([]);
    for (const store of stores(node)) expect(one(store).after).toEqual([`sessions-${node}`]);
  }
  const all = ["sessions-db1", "sessions-db2", ...stores("db1"), ...stores("db2")].sort();
  expect(one("sessions-db1-from-db2").after).toEqual(all);
  expect(one("sessions-db2-from-db1").after).toEqual(all);
  expect(one("sessions-schema").after).toEqual(["sessions-db1-from-db2", "sessions-db2-from-db1"]);
});

describe("certificates", () => {
  const tls = { ca: "CA", certificate: "CERTIFICATE", privateKey: "secret-key" };
  const encrypted = nodes.map((node) => ({ ...node, tls })) as unknown as typeof nodes;
  const inputsOf = async (args: Partial<ReplicatedSessionStoreArgs>) => {
    const { one } = await pair(args);
    const [node, users, link] = ["sessions-db1", "sessions-db1-users", "sessions-db1-from-db2"].map(one);
    return { node: node?.inputs["tls"], require: users?.inputs["requireTls"], link: link?.inputs["tls"], users };
  };

  test("of both nodes make verified links and accounts that require TLS; the keys are secrets", async () => {
    const { node, require, link } = await inputsOf({ nodes: encrypted });
    expect(node).toEqual({ ...tls, privateKey: { secret: "secret-key" } });
    expect([require, link]).toEqual(["SSL", "verified"]);
  });

  test("come before accounts that require TLS on both nodes: a node that restarts has to be let in as before", async () => {
    const { users } = await inputsOf({ nodes: encrypted });
    expect(users?.after).toEqual(["sessions-db1", "sessions-db2"]);
  });

  test("are shown by the replicas where their account wants to see one", async () => {
    const replication = { password: "secret-replication", requireTls: "X509" as const };
    expect((await inputsOf({ nodes: encrypted, replication })).link).toBe("mutual");
    expect((await inputsOf({ nodes: encrypted, requireTls: "X509" })).link).toBe("mutual");
  });

  test("do not decide what the program says itself", async () => {
    const { require, link } = await inputsOf({ nodes: encrypted, requireTls: "NONE", link: { tls: "off" } });
    expect([require, link]).toEqual(["NONE", "off"]);
  });

  test("of one node only are refused", async () => {
    await expect(pair({ nodes: [encrypted[0], nodes[1]] })).rejects.toThrow(/nodes: give both their `tls`, or none/);
  });

  test("are none by default, and nothing is said of TLS", async () => {
    const { node, require, link } = await inputsOf({});
    expect([node, require, link]).toEqual([undefined, undefined, undefined]);
  });
});

test("statements go straight to both servers where that is wanted", async () => {
  const { one } = await pair({ direct: { ca: "CA" } });
  for (const name of ["sessions-db1", "sessions-db2"])
    expect(one(name).inputs["connection"]).toMatchObject({ direct: { ca: "CA" } });
});

describe("the address of a node", () => {
  const login = { hostKeys: ["ssh-ed25519 AAAA"], privateKey: pulumi.secret("secret-key") };
  const addressOf = async (...hosts: [PairNodeArgs["host"], PairNodeArgs["host"]]) => {
    const { one } = await pair({ nodes: hosts.map((host) => ({ host })) as unknown as typeof nodes });
    return ["sessions-db1", "sessions-db2"].map(
      (node) => (one(node).inputs["connection"] as Record<string, unknown>)["address"],
    );
  };

  test("is that of its machine, or the name of its container, unless it is given", async () => {
    const address = pulumi.output("10.0.0.1");
    expect(await addressOf({ kind: "ssh", address, ...login }, { kind: "docker", container: "sessions-db2" })).toEqual([
      "10.0.0.1",
      "sessions-db2",
    ]);
  });

  test("is no secret, though the way to the machine has one in it", async () => {
    const host = pulumi.output({ kind: "ssh" as const, address: "10.0.0.1", ...login });
    expect(await addressOf(host, { kind: "docker", container: "sessions-db2" })).toEqual(["10.0.0.1", "sessions-db2"]);
  });
});

describe("the inputs", () => {
  test("of the nodes: each one's place, and how it reaches its peer", async () => {
    const { one } = await pair({ settings: { max_connections: 500 } });
    const shared = {
      profile: "vendor",
      databases: ["replicated_session_store"],
      tables: ["%session", "%attribute", "%key_id_map", "%conf"],
      settings: { max_connections: 500 },
    };
    expect(one("sessions-db1").inputs).toEqual({ ...shared, connection: FIRST, peer: SECOND, nodeNumber: 1 });
    expect(one("sessions-db2").inputs).toEqual({ ...shared, connection: SECOND, peer: FIRST, nodeNumber: 2 });
  });

  test("of the databases and accounts: the same on both nodes", async () => {
    const { one } = await pair();
    for (const [node, own, peer] of [
      ["db1", FIRST, SECOND],
      ["db2", SECOND, FIRST],
    ] as const) {
      const name = "replicated_session_store";
      expect(one(`sessions-${node}-database-${name}`).inputs).toEqual({ node: own, peer, name });
      expect(one(`sessions-${node}-users`).inputs).toEqual({
        node: own,
        profile: "vendor",
        databases: [name],
        proxy: { password: { secret: "secret-proxy" } },
        replication: { password: { secret: "secret-replication" } },
        binaryLog: { password: { secret: "secret-binlog" } },
      });
    }
  });

  test("of the links: each pulls from the other, with the replication account", async () => {
    const { one } = await pair();
    const shared = {
      user: "replication_user",
      password: { secret: "secret-replication" },
      useGtid: "current_pos",
      connectRetry: 10,
    };
    expect(one("sessions-db1-from-db2").inputs).toEqual({ replica: FIRST, source: SECOND, ...shared });
    expect(one("sessions-db2-from-db1").inputs).toEqual({ replica: SECOND, source: FIRST, ...shared });
  });

  test("of the links, when the replication account has another name", async () => {
    const { one } = await pair({ replication: { user: "puller", password: "secret-replication" } });
    expect(one("sessions-db1-from-db2").inputs).toMatchObject({ user: "puller" });
    expect(one("sessions-db2-users").inputs).toMatchObject({ replication: { user: "puller" } });
  });

  test("of the tables: the script, and the filters that its tables must match", async () => {
    const { one } = await pair({ tables: ["%session"], schema: { script: "-- nothing" } });
    expect(one("sessions-schema").inputs).toEqual({
      first: FIRST,
      second: SECOND,
      database: "replicated_session_store",
      patterns: ["replicated_session_store.%session"],
      script: "-- nothing",
    });
  });

  test("of one node only go before those of the pair", async () => {
    const [first, second] = nodes;
    const { one } = await pair({
      nodes: [{ ...first, settings: { max_connections: 700 }, bindAddress: "10.0.0.1" }, second],
      settings: { max_connections: 500, sync_binlog: 1 },
    });
    expect(one("sessions-db1").inputs).toMatchObject({
      settings: { max_connections: 700, sync_binlog: 1 },
      bindAddress: "10.0.0.1",
    });
    expect(one("sessions-db2").inputs).toMatchObject({ settings: { max_connections: 500, sync_binlog: 1 } });
    expect(one("sessions-db2").inputs).not.toHaveProperty("bindAddress");
  });
});

describe("the profile hardened", () => {
  test("gives nodes and accounts its name, and links their better values", async () => {
    const { one } = await pair({ profile: "hardened" });
    expect(one("sessions-db1").inputs).toMatchObject({ profile: "hardened" });
    expect(one("sessions-db1-users").inputs).toMatchObject({ profile: "hardened" });
    for (const link of ["sessions-db1-from-db2", "sessions-db2-from-db1"]) {
      expect(one(link).inputs).toMatchObject({ useGtid: "slave_pos", connectRetry: 1, heartbeatPeriod: 5 });
    }
  });

  test("leaves to the user what the user says", async () => {
    const { one } = await pair({ profile: "hardened", link: { connectRetry: 3 } });
    expect(one("sessions-db1-from-db2").inputs).toMatchObject({ connectRetry: 3, heartbeatPeriod: 5 });
  });
});

test("two databases: each on both nodes, in the filters, in the proxy's grants, and before the links", async () => {
  const { one, registered } = await pair({ databases: [{ name: "a" }, { name: "b", characterSet: "utf8mb3" }] });
  for (const node of ["db1", "db2"]) {
    expect(one(`sessions-${node}`).inputs).toMatchObject({ databases: ["a", "b"] });
    expect(one(`sessions-${node}-users`).inputs).toMatchObject({ databases: ["a", "b"] });
    expect(one(`sessions-${node}-database-b`).inputs).toMatchObject({ name: "b", characterSet: "utf8mb3" });
  }
  const databases = registered.filter(({ type }) => type === `${TYPE}SessionStoreDatabase`).map(({ name }) => name);
  expect(databases.length).toBe(4);
  expect(one("sessions-db1-from-db2").after).toEqual(expect.arrayContaining(databases));
});

test("the monitor and extra accounts are on both nodes", async () => {
  const extraAccounts = [{ user: "backup", password: "secret-extra", from: ["%"], grants: ["SELECT ON *.*"] }];
  const { one } = await pair({ monitor: { password: "secret-monitor" }, extraAccounts });
  for (const node of ["db1", "db2"]) {
    expect(one(`sessions-${node}-users`).inputs).toMatchObject({
      monitor: { password: { secret: "secret-monitor" } },
      extraAccounts: [{ ...extraAccounts[0], password: { secret: "secret-extra" } }],
    });
  }
});

test("nodes are told in whose names something may come along where it is not the proxy's default user alone", async () => {
  const definersOf = async (args: object) => {
    const { one } = await pair(args);
    return ["sessions-db1", "sessions-db2"].map((node) => one(node).inputs["definers"]);
  };
  const password = "secret-proxy";
  expect(await definersOf({})).toEqual([undefined, undefined]);
  expect(await definersOf({ proxy: { user: "nevisproxy_user", password } })).toEqual([undefined, undefined]);
  const named = pulumi.secret({ user: "my_proxy", password });
  for (const proxy of [{ user: "my_proxy", password }, named]) {
    expect(await definersOf({ proxy })).toEqual([["my_proxy"], ["my_proxy"]]);
  }
  expect(await definersOf({ definers: ["app"] })).toEqual([["app"], ["app"]]);
});

test("no password is registered other than as a secret, though the program gave plain text", async () => {
  const extra = {
    user: "backup",
    password: "secret-extra",
    previousPassword: "secret-before",
    from: ["%"],
    grants: [],
  };
  const { registered } = await pair({ monitor: { password: "secret-monitor" }, extraAccounts: [extra] });
  const withoutSecrets = JSON.stringify(registered, (_key, value) =>
    typeof value === "object" && value !== null && "secret" in value ? "sealed" : value,
  );
  for (const password of [...PASSWORDS, "secret-before"]) {
    expect([password, JSON.stringify(registered).includes(password)]).toEqual([password, true]);
    expect([password, withoutSecrets.includes(password)]).toEqual([password, false]);
  }
});

describe("on servers of this machine", () => {
  const local = () =>
    run(
      () => {
        const servers = [1, 2].map(
          (number) => new LocalMariaDb(`s${number}`, { directory: `/d${number}`, port: 33060 + number }),
        );
        const [one, two] = servers.map((server) => ({ server })) as [PairNodeArgs, PairNodeArgs];
        return new ReplicatedSessionStore("sessions", {
          nodes: [one, two],
          admin,
          ...accounts,
          schema: { script: "" },
        });
      },
      ({ inputs, type }) =>
        type === `${TYPE}LocalMariaDb`
          ? {
              host: { kind: "local", directory: inputs.directory },
              address: "127.0.0.1",
              socket: `${inputs.directory}/s`,
            }
          : {},
    );

  test("nothing is undone one by one on a server that goes with its data", async () => {
    const { registered } = await local();
    const children = registered.filter(({ parent }) => parent === "sessions");
    expect(children.length).toBe(9);
    const withServer = Object.fromEntries(children.map(({ name, deletedWith }) => [name, deletedWith]));
    expect(withServer).toEqual({
      "sessions-db1": "s1",
      "sessions-db1-database-replicated_session_store": "s1",
      "sessions-db1-users": "s1",
      "sessions-db1-from-db2": "s1",
      "sessions-db2": "s2",
      "sessions-db2-database-replicated_session_store": "s2",
      "sessions-db2-users": "s2",
      "sessions-db2-from-db1": "s2",
      "sessions-schema": "s1",
    });
  });

  test("the pair takes host, address and port from them, and waits for them", async () => {
    const { one, result } = await local();
    expect(one("sessions-db2").inputs).toMatchObject({
      connection: { name: "db2", host: { kind: "local", directory: "/d2" }, address: "127.0.0.1", port: 33062 },
    });
    expect(one("sessions-db2").after).toEqual(["s1", "s2"]);
    expect(await settled(result.connectString)).toBe(
      "replication://127.0.0.1:33061/replicated_session_store,127.0.0.1:33062/replicated_session_store",
    );
  });
});

test("on servers of others, nothing is spared", async () => {
  const { registered } = await pair();
  expect(new Set(registered.map(({ deletedWith }) => deletedWith))).toEqual(new Set([""]));
});

describe("the outputs", () => {
  test("tell how to connect, without a password", async () => {
    const { result } = await pair({ databases: [{ name: "a" }, { name: "b" }] });
    expect(await settled(result.connectString)).toBe("replication://10.0.0.1:3306/a,10.0.0.2:3307/a");
    expect(await pulumi.isSecret(result.connectString)).toBe(false);
  });

  test("tell of both nodes, as a secret because the admin's password is among it", async () => {
    const { result } = await pair();
    expect(await pulumi.isSecret(result.nodes)).toBe(true);
    expect(await settled(result.nodes)).toMatchObject([
      { name: "alpha", host: "10.0.0.1", port: 3306, user: "session_store_admin", password: "secret-admin" },
      { name: "db2", host: "10.0.0.2", port: 3307, configFile: "/etc/sessions-db2.cnf", version: "10.11.19" },
    ]);
  });

  test("tell of both directions, readable", async () => {
    const { result } = await pair();
    expect(await pulumi.isSecret(result.links)).toBe(false);
    expect((await settled(result.links)).map(({ direction }) => direction)).toEqual([
      "sessions-db1-from-db2",
      "sessions-db2-from-db1",
    ]);
  });

  test("give advice on the recipe's example passwords, readable and without them", async () => {
    const { result } = await pair({ proxy: { password: pulumi.secret("nevisproxypassword") } });
    expect(await pulumi.isSecret(result.advice)).toBe(false);
    const advice = await settled(result.advice);
    // In a preview it stands as a warning beside the pair.
    expect(warnings).toEqual([expect.stringContaining("account nevisproxy_user")]);
    expect(warnings.join()).not.toContain("nevisproxypassword");
    expect(advice.map(({ about, severity }) => [about, severity])).toEqual([["account nevisproxy_user", "danger"]]);
    expect(JSON.stringify(advice)).not.toContain("nevisproxypassword");
  });
});

describe("refused before anything is registered but the component:", () => {
  const [first, second] = nodes;
  test.each<[string, Partial<ReplicatedSessionStoreArgs>, RegExp]>([
    [
      "equal server ids",
      { settings: { server_id: 7 } },
      /settings\.server_id: both nodes have server_id=7; it must differ/,
    ],
    ["equal GTID domains", { settings: { "gtid-domain-id": 7 } }, /settings\.gtid_domain_id: both nodes have/],
    ["equal offsets", { settings: { auto_increment_offset: 1 } }, /settings\.auto_increment_offset: both nodes have/],
    [
      "one node's id set to the other's",
      { nodes: [first, { ...second, settings: { server_id: 1 } }] },
      /settings\.server_id: both nodes have server_id=1/,
    ],
    ["no database", { databases: [] }, /databases: must name at least one/],
    ["a node without a place", { nodes: [first, { address: "10.0.0.2" }] }, /nodes\[1\]: give a "server" or a "host"/],
  ])("%s", async (_what, args, reason) => {
    let registered: readonly Registration[] = [];
    const attempt = run(() => {
      expect(() => new ReplicatedSessionStore("sessions", { nodes, admin, ...accounts, ...args })).toThrow(reason);
    });
    ({ registered } = await attempt);
    expect(registered.filter(({ name }) => name !== "sessions")).toEqual([]);
  });
});
