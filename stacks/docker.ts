import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { ContainerHealth, type PairNodeArgs, ReplicatedSessionStore } from "pulumi-replicated-session-store";
import { needConfiguration, PASSWORDS, secret } from "./configuration";
import { CONFIG_DIRECTORY, DATA_DIRECTORY, ENVIRONMENT, HEALTHCHECK, ROOT_BY_SOCKET } from "./mariadbContainer";

/** The pair in two containers of one Docker engine, each with a volume for its data and one for its configuration. */
needConfiguration(...PASSWORDS, secret("monitorPassword"));
const config = new pulumi.Config();
const prefix = config.get("name") ?? "sessions";
const engine = config.get("engine");
const firstPort = config.getNumber("firstPort") ?? 33061;
/** Longest time, in seconds, in which a server may write what it has in memory, or read its logs after a crash. */
const PATIENCE = 300;

// Without "engine", it is that of DOCKER_HOST, else the one of this machine.
const provider = engine === undefined ? undefined : new docker.Provider("engine", { host: engine });
const on = provider ? { provider } : {};

const network = new docker.Network("network", { name: prefix }, on);
const image = new docker.RemoteImage("image", { name: config.get("image") ?? "mariadb:11.8", keepLocally: true }, on);

const db1 = container(1, []);
// The second is not touched before the first is healthy, which is to say that it has caught up: also when that failed in an earlier run.
const db2 = container(2, [health(1, db1)]);
health(2, db2);

const store = new ReplicatedSessionStore("sessions", {
  nodes: [node(db1), node(db2)],
  admin: { password: config.requireSecret("adminPassword") },
  proxy: { password: config.requireSecret("proxyPassword") },
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

function container(number: 1 | 2, before: pulumi.Resource[]): docker.Container {
  const label = `db${number}`;
  return new docker.Container(
    label,
    {
      name: nameOf(number),
      hostname: label,
      image: image.imageId,
      envs: ENVIRONMENT,
      networksAdvanced: [{ name: network.name }],
      ports: [{ internal: 3306, external: firstPort + number - 1, ip: "127.0.0.1" }],
      volumes: [
        { volumeName: volume(`${label}-data`), containerPath: DATA_DIRECTORY },
        { volumeName: volume(`${label}-config`), containerPath: CONFIG_DIRECTORY },
      ],
      uploads: [ROOT_BY_SOCKET],
      healthcheck: {
        tests: ["CMD-SHELL", HEALTHCHECK],
        interval: "3s",
        timeout: "10s",
        retries: 3,
        // As the Docker provider reads it back. Spelled otherwise, such as "300s", it differs after each refresh.
        startPeriod: "5m0s",
      },
      restart: "unless-stopped",
      // One that has stopped is for the pair's node to start, not for the Docker provider to make anew.
      mustRun: false,
      // Ends the server cleanly. Without it, the Docker provider kills it.
      destroyGraceSeconds: PATIENCE,
      // The Docker provider's own wait is forgotten after a run in which it failed: see `health`.
      wait: false,
    },
    {
      ...on,
      dependsOn: before,
      // Its name, its port and its volumes can be one container's only at a time.
      deleteBeforeReplace: true,
      // The Docker provider takes a changed healthcheck for an update, and does nothing.
      replaceOnChanges: ["healthcheck"],
    },
  );
}

/** What waits until a container is healthy. The other one is named as text: it may be made after this. */
function health(number: 1 | 2, made: docker.Container): ContainerHealth {
  const peer = hostOf(nameOf(number === 1 ? 2 : 1));
  return new ContainerHealth(`db${number}-health`, {
    host: hostOf(made.name),
    peer,
    revision: made.id,
    deadline: PATIENCE,
  });
}

/** Volumes hold the sessions: they outlive the stack unless its configuration says otherwise, and are taken up again by the next one. */
function volume(what: string): pulumi.Output<string> {
  const retainOnDelete = config.getBoolean("keepVolumes") ?? true;
  return new docker.Volume(what, { name: `${prefix}-${what}` }, { ...on, retainOnDelete }).name;
}

function node(made: docker.Container): PairNodeArgs {
  return { host: hostOf(made.name), revision: made.id, deletedWith: made };
}

function nameOf(number: 1 | 2): string {
  return `${prefix}-db${number}`;
}

function hostOf(container: pulumi.Input<string>) {
  return { kind: "docker" as const, container, ...(engine === undefined ? {} : { engine }) };
}
