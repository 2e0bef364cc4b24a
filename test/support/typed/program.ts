import * as pulumi from "@pulumi/pulumi";
import {
  type Connection,
  ContainerHealth,
  LocalMariaDb,
  MariaDbNode,
  type PairNodeArgs,
  ReplicatedSessionStore,
  type ReplicatedSessionStoreArgs,
  ReplicationLink,
  SessionStoreDatabase,
  SessionStoreSchema,
  SessionStoreUsers,
} from "pulumi-replicated-session-store";

/** A program as users write it, with each resource from the outputs of others. It is compiled, by what is published, and never run. */

const config = new pulumi.Config();
const admin = { password: config.requireSecret("admin") };
const accounts = {
  proxy: { password: config.requireSecret("proxy") },
  replication: { password: "x" },
  binaryLog: { password: Promise.resolve("y") },
};
const [one, two] = [1, 2].map((number) => new LocalMariaDb(`s${number}`, { directory: `/d${number}`, port: number }));
if (!one || !two) throw new Error();

const first = new MariaDbNode("first", {
  connection: { host: one.host, address: one.address, port: one.port, admin },
  nodeNumber: 1,
});
const second = new MariaDbNode("second", {
  connection: { host: two.host, address: two.address, admin: pulumi.secret({ user: "a", password: "b" }) },
  peer: first.connection,
  nodeNumber: 2,
});
const database = new SessionStoreDatabase("database", { node: first.connection, peer: second.connection });
new SessionStoreUsers("users", { node: first.connection, ...accounts });
new SessionStoreUsers("more", {
  node: second.connection,
  databases: [database.name],
  proxy: { password: "x", from: ["%", two.address], authentication: "ed25519" },
  replication: { user: database.name, password: "x", requireTls: "SSL" },
  binaryLog: { password: "y", previousPassword: config.getSecret("former") },
  extraAccounts: [{ user: "backup", password: "c", grants: ["SELECT ON *.*"] }],
});
new SessionStoreUsers("listed", {
  node: pulumi.output(first.connection),
  ...accounts,
  extraAccounts: pulumi.output([{ user: "backup", password: "c", grants: ["SELECT ON *.*"] }]),
});
const link = new ReplicationLink("link", {
  replica: first.connection,
  source: second.connection,
  password: config.requireSecret("replication"),
});
new SessionStoreSchema(
  "schema",
  {
    first: first.connection,
    second: second.connection,
    database: database.name,
    patterns: [pulumi.interpolate`${database.name}.%session`],
    script: "",
  },
  { dependsOn: link },
);
new ContainerHealth("health", { host: { kind: "docker", container: pulumi.output("db1") } });

// What is written down, or comes out of another function, is taken too.
const plain: Connection = {
  host: { kind: "ssh", address: "a", hostKeys: ["k"], jump: { address: "j", hostKeys: ["k"] } },
  address: "a",
  port: 3306,
  admin: { user: "a", password: "b" },
  viewer: { user: "v", password: "b" },
};
const perhaps = config.getObject<Connection>("peer");
const secret = config.requireSecretObject<Connection>("connection");
new SessionStoreUsers("plain", { node: plain, ...accounts });
new MariaDbNode("perhaps", { connection: secret, ...(perhaps && { peer: perhaps }), nodeNumber: 1 });

new ReplicatedSessionStore("pair", {
  nodes: [{ server: one }, { server: two }],
  admin,
  ...accounts,
  extraAccounts: [{ user: "backup", password: "c", grants: [] }],
});
const names = ["db1", "db2"] as const;
const nodes = names.map(
  (name): PairNodeArgs => ({
    name,
    host: {
      kind: "ssh",
      address: `${name}.example.org`,
      hostKeys: [config.require("key")],
      privateKey: config.requireSecret("key"),
    },
    tls: { ca: "a", certificate: "b", privateKey: config.requireSecret("key") },
    settings: { max_connections: 500, slave_skip_errors: ["1062"] },
  }),
) as [PairNodeArgs, PairNodeArgs];
const args: ReplicatedSessionStoreArgs = {
  nodes,
  admin,
  ...accounts,
  monitor: { password: "m" },
  viewer: { password: "x" },
  reminders: { passwordAge: 3 },
  direct: { ca: "x", from: "a" },
  link: { tls: "verified" },
  databases: [{ name: "x" }],
  tables: ["%session"],
  definers: [database.name],
  requireTls: "SSL",
  schema: { script: pulumi.output("x") },
};
const store = new ReplicatedSessionStore("hosts", args);
export const connectString: pulumi.Output<string> = store.connectString;
export const state: pulumi.Output<string> = link.state;
