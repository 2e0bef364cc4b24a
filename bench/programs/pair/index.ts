import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { ReplicatedSessionStore } from "pulumi-replicated-session-store";

/** The recipe's pair on two servers of this machine that run already, started by somebody else. */
const config = new pulumi.Config();
const folder = config.require("folder");

const node = (name: string) => ({
  host: { kind: "local" as const, directory: path.join(folder, name) },
  address: "127.0.0.1",
  port: config.requireNumber(`${name}Port`),
});

new ReplicatedSessionStore("sessions", {
  nodes: [node("db1"), node("db2")],
  profile: "vendor",
  admin: { password: config.requireSecret("adminPassword") },
  proxy: { password: config.requireSecret("proxyPassword"), from: ["%", "localhost"] },
  replication: { password: config.requireSecret("replicationPassword") },
  binaryLog: { password: config.requireSecret("binaryLogPassword") },
  monitor: { password: config.requireSecret("monitorPassword") },
});
