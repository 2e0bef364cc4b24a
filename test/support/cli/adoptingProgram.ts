/**
 * A program for two servers that were set up by hand, with the passwords and accounts of the recipe's own text.
 * @param settings of both nodes, as text of the program; `name` is the node's
 */
export const adoptingProgram = (settings = "{}"): string => `import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { ReplicatedSessionStore } from "pulumi-replicated-session-store";

const config = new pulumi.Config();
const folder = config.require("folder");
const node = (name: string, port: number) => ({
  host: { kind: "local" as const, directory: path.join(folder, name) },
  address: "127.0.0.1",
  port,
  settings: ${settings},
});

new ReplicatedSessionStore("sessions", {
  nodes: [node("db1", config.requireNumber("port1")), node("db2", config.requireNumber("port2"))],
  admin: { password: config.requireSecret("adminPassword") },
  proxy: { password: "nevisproxypassword", from: ["%", "LocalHostName"] },
  replication: { password: "replicationpassword" },
  binaryLog: { password: "binarylogspassword" },
});
`;
