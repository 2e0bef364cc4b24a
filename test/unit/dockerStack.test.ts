import * as pulumi from "@pulumi/pulumi";
import { type Program, run } from "../support/engine/registrations";

/** The program stacks/docker.ts, as the engine sees it. */

const PASSWORDS = ["admin", "proxy", "replication", "binaryLog", "monitor"].map((name) => `project:${name}Password`);
const NODES = ["db1", "db2"];

let program: Program<unknown>;
const input = (name: string, property: string) => program.one(name).inputs[property];

beforeAll(async () => {
  pulumi.runtime.setAllConfig(Object.fromEntries(PASSWORDS.map((key) => [key, `${key}-1`])), PASSWORDS);
  program = await run(
    () => require("../../stacks/docker"),
    ({ type }) => (type === "docker:index/remoteImage:RemoteImage" ? { imageId: "sha256:1" } : {}),
  );
});

test("a network, the official image of the long-term release, two volumes for each of two containers, and the pair on them", () => {
  const kinds = program.registered.map(({ name, type }) => `${name} ${type.split(":").pop()}`);
  expect(kinds.filter((kind) => !kind.startsWith("sessions")).sort()).toEqual([
    "db1 Container",
    "db1-config Volume",
    "db1-data Volume",
    "db1-health ContainerHealth",
    "db2 Container",
    "db2-config Volume",
    "db2-data Volume",
    "db2-health ContainerHealth",
    "image RemoteImage",
    "network Network",
  ]);
  expect(program.one("image").inputs).toEqual({ name: "mariadb:11.8", keepLocally: true });
  expect(kinds).toContain("sessions ReplicatedSessionStore");
});

test("the second container waits for the health of the first, which the Docker provider does not wait for", () => {
  expect(program.one("db2").after).toContain("db1-health");
  expect(program.one("db1-health").after).toEqual(["db1"]);
  expect(program.one("db2-health").after).toEqual(["db2"]);
  expect(program.one("db1").after).not.toContain("db2");
  for (const [node, peer] of [
    ["db1", "db2"],
    ["db2", "db1"],
  ] as const) {
    expect(input(node, "wait")).toBe(false);
    expect(program.one(`${node}-health`).inputs).toEqual({
      host: { kind: "docker", container: `sessions-${node}` },
      peer: { kind: "docker", container: `sessions-${peer}` },
      revision: `${node}-id`,
      deadline: 300,
    });
  }
});

test("no node waits for the health of its own container, which may need its repair", () => {
  for (const { name, after } of program.registered.filter(({ name }) => name.startsWith("sessions"))) {
    expect([name, after.filter((other) => other.endsWith("-health"))]).toEqual([name, []]);
  }
});

test("a container is ended cleanly, and made again where its healthcheck changes", () => {
  for (const node of NODES) {
    expect(program.one(node).inputs).toMatchObject({ destroyGraceSeconds: 300, mustRun: false });
    expect(program.one(node).inputs).toMatchObject({ healthcheck: { startPeriod: "5m0s" } });
    expect((input(node, "healthcheck") as { tests: string[] }).tests[0]).toBe("CMD-SHELL");
    expect(program.one(node).replaceOnChanges).toEqual(["healthcheck"]);
  }
});

test("data and configuration lie in volumes of their own", () => {
  for (const node of NODES) {
    expect(input(node, "volumes")).toEqual([
      { volumeName: `sessions-${node}-data`, containerPath: "/var/lib/mysql" },
      { volumeName: `sessions-${node}-config`, containerPath: "/etc/mysql/conf.d" },
    ]);
  }
});

test("ports are published on the loopback address only", () => {
  expect(NODES.map((node) => input(node, "ports"))).toEqual(
    [33061, 33062].map((external) => [{ internal: 3306, external, ip: "127.0.0.1" }]),
  );
});

test("the pair's nodes are these containers, by their names; another container has both links proved", () => {
  for (const node of NODES) {
    const { host, address } = input(`sessions-${node}`, "connection") as { host: unknown; address: string };
    expect(host).toEqual({ kind: "docker", container: `sessions-${node}` });
    expect(address).toBe(`sessions-${node}`);
    expect(program.one(`sessions-${node}`).after).toContain(node);
    expect(program.one(`sessions-${node}-users`).deletedWith).toBe(node);
  }
  expect(input("sessions-db1-from-db2", "revisions")).toEqual(["db1-id", "db2-id"]);
  expect(input("sessions-db2-from-db1", "revisions")).toEqual(["db2-id", "db1-id"]);
});

test("no secret is in what the containers get", () => {
  const text = JSON.stringify(program.registered.filter(({ type }) => type.startsWith("docker:")));
  expect(text).not.toMatch(/Password-1|"secret"/);
});
