import * as pulumi from "@pulumi/pulumi";
import { ReplicatedSessionStore } from "pulumi-replicated-session-store";

/** The recipe's pair on two machines over SSH, on which a distribution's MariaDB runs. */
const config = new pulumi.Config();

const node = (name: string) => ({
  name,
  host: {
    kind: "ssh" as const,
    address: config.require(`${name}Address`),
    hostKeys: [config.require(`${name}HostKey`)],
    privateKey: config.requireSecret("privateKey"),
  },
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
