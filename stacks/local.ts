import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { LocalMariaDb, ReplicatedSessionStore } from "pulumi-replicated-session-store";
import { needConfiguration, PASSWORDS, secret } from "./configuration";

/** The pair on this machine: two private servers under `.local/`, for trials and rehearsals. */
needConfiguration(...PASSWORDS, secret("monitorPassword"));
const config = new pulumi.Config();
const folder = config.get("directory") ?? path.resolve(__dirname, "..", ".local");
const firstPort = config.getNumber("firstPort") ?? 33061;

const db1 = new LocalMariaDb("db1", { directory: path.join(folder, "db1"), port: firstPort, forceDestroy: true });
const db2 = new LocalMariaDb("db2", { directory: path.join(folder, "db2"), port: firstPort + 1, forceDestroy: true });

const store = new ReplicatedSessionStore("sessions", {
  nodes: [{ server: db1 }, { server: db2 }],
  admin: { password: config.requireSecret("adminPassword") },
  proxy: { password: config.requireSecret("proxyPassword"), from: ["%", "localhost"] },
  replication: { password: config.requireSecret("replicationPassword") },
  binaryLog: { password: config.requireSecret("binaryLogPassword") },
  monitor: { password: config.requireSecret("monitorPassword") },
  profile: config.get<"vendor" | "hardened">("profile") ?? "vendor",
  settings: config.getObject<Record<string, string | number | boolean>>("settings") ?? {},
});

export const nodes = store.nodes;
export const links = store.links;
export const connectString = store.connectString;
export const advice = store.advice;
