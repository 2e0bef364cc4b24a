import * as pulumi from "@pulumi/pulumi";
import { FIRST, nodes, PASSWORDS, pair, SECOND } from "../support/componentPair";
import { RESOURCES, type Registration } from "../support/engine/registrations";

/** The component, as the engine sees it: which resources, in which order, with which inputs. */

const kinds = (registered: readonly Registration[]) =>
  registered.map(({ name, type }) => `${name} ${type.replace(RESOURCES, "")}`).sort();

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

test("they are made in this order: nodes, their databases, their accounts, both links, the tables", async () => {
  const { one } = await pair({ schema: { script: "" } });
  const stores = (node: string) => [`sessions-${node}-database-replicated_session_store`, `sessions-${node}-users`];
  for (const node of ["db1", "db2"]) {
    const [database = "", users = ""] = stores(node);
    expect(one(`sessions-${node}`).after).toEqual([]);
    expect(one(database).after).toEqual([`sessions-${node}`]);
    expect(one(users).after).toEqual([`sessions-${node}`, database]);
  }
  const all = ["sessions-db1", "sessions-db2", ...stores("db1"), ...stores("db2")].sort();
  expect(one("sessions-db1-from-db2").after).toEqual(all);
  expect(one("sessions-db2-from-db1").after).toEqual(all);
  expect(one("sessions-schema").after).toEqual(["sessions-db1-from-db2", "sessions-db2-from-db1"]);
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
  const { one, registered } = await pair({
    databases: [{ name: "a" }, { name: "b", characterSet: "utf8mb3", collation: "utf8mb3_general_ci" }],
  });
  for (const node of ["db1", "db2"]) {
    expect(one(`sessions-${node}`).inputs).toMatchObject({ databases: ["a", "b"] });
    expect(one(`sessions-${node}-users`).inputs).toMatchObject({ databases: ["a", "b"] });
    expect(one(`sessions-${node}-database-b`).inputs).toMatchObject({
      name: "b",
      characterSet: "utf8mb3",
      collation: "utf8mb3_general_ci",
    });
  }
  const databases = registered
    .filter(({ type }) => type === `${RESOURCES}SessionStoreDatabase`)
    .map(({ name }) => name);
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
