import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { LocalMariaDb, ReplicatedSessionStore } from "pulumi-replicated-session-store";

/** Many pairs in one program, each on two servers of its own. */
const config = new pulumi.Config();
const folder = config.require("folder");
const firstPort = config.requireNumber("firstPort");

for (let number = 0; number < config.requireNumber("pairs"); number++) {
  const server = (node: 0 | 1) => {
    const name = `pair${number}-server${node + 1}`;
    return new LocalMariaDb(name, {
      directory: path.join(folder, name),
      port: firstPort + 2 * number + node,
      forceDestroy: true,
    });
  };
  new ReplicatedSessionStore(`pair${number}`, {
    nodes: [{ server: server(0) }, { server: server(1) }],
    admin: { password: config.requireSecret("adminPassword") },
    proxy: { password: config.requireSecret("proxyPassword") },
    replication: { password: config.requireSecret("replicationPassword") },
    binaryLog: { password: config.requireSecret("binaryLogPassword") },
  });
}
