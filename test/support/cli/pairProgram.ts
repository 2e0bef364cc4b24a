import * as path from "node:path";
import { PairServer } from "../local/pairServer";
import { freePorts } from "../local/ports";
import { type CommandResult, PulumiProject } from "./cli";

/** A pair on this machine, brought up by the program that a user would write, with the real CLI. */

export const PASSWORDS = {
  adminPassword: "marker-admin-7Qz",
  proxyPassword: "marker-proxy-8Wy",
  replicationPassword: "marker-replication-9Ex",
  binaryLogPassword: "marker-binlog-1Rv",
  monitorPassword: "marker-monitor-2Tu",
};

/** `more`: further arguments of the component. */
export const pairProgram = (more = ""): string => `import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { LocalMariaDb, ReplicatedSessionStore } from "pulumi-replicated-session-store";

const config = new pulumi.Config();
const folder = config.require("folder");

const db1 = new LocalMariaDb("db1", { directory: path.join(folder, "db1"), port: config.requireNumber("port1"), forceDestroy: true });
const db2 = new LocalMariaDb("db2", { directory: path.join(folder, "db2"), port: config.requireNumber("port2"), forceDestroy: true });

const store = new ReplicatedSessionStore("sessions", {
  nodes: [{ server: db1 }, { server: db2 }],
  admin: { password: config.requireSecret("adminPassword") },
  proxy: { password: config.requireSecret("proxyPassword"), from: ["%", "localhost"] },
  replication: { password: config.requireSecret("replicationPassword") },
  binaryLog: { password: config.requireSecret("binaryLogPassword") },
  monitor: { password: config.requireSecret("monitorPassword") },
  ${more}
});

export const connectString = store.connectString;
`;

export interface Pair extends AsyncDisposable {
  readonly project: PulumiProject;
  readonly ports: readonly [number, number];
  readonly db1: PairServer;
  readonly db2: PairServer;
}

/** The project, before anything of it is up. @param environment what commands find there besides */
export async function pairProject(program = pairProgram(), environment: NodeJS.ProcessEnv = {}): Promise<Pair> {
  const ports = await freePorts();
  const project = await PulumiProject.create({ program, secrets: PASSWORDS, environment });
  try {
    const { folder } = project;
    await project.configure({ folder, port1: String(ports[0]), port2: String(ports[1]) }, "plaintext");
    const server = (name: "db1" | "db2", port: number) => new PairServer(name, path.join(folder, name), port);
    const [db1, db2] = [server("db1", ports[0]), server("db2", ports[1])];
    return {
      project,
      ports,
      db1,
      db2,
      async [Symbol.asyncDispose]() {
        await Promise.all([db1.close(), db2.close()]);
        await project[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await project[Symbol.asyncDispose]();
    throw error;
  }
}

/** The pair, up. */
export async function pairThatIsUp(program = pairProgram()): Promise<Pair> {
  const pair = await pairProject(program);
  try {
    expectSuccess(await pair.project.up());
    return pair;
  } catch (error) {
    await pair[Symbol.asyncDispose]();
    throw error;
  }
}

/** Fails with what the command wrote. */
export function expectSuccess({ code, output }: CommandResult): string {
  if (code !== 0) throw new Error(`pulumi ended with ${code}:\n${output}`);
  return output;
}
