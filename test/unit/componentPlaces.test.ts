import * as pulumi from "@pulumi/pulumi";
import { utils } from "ssh2";
import { LocalMariaDb, type PairNodeArgs, ReplicatedSessionStore } from "../../provider/src";
import { Authority } from "../support/authority";
import { accounts, admin, type nodes, pair } from "../support/componentPair";
import { run, settled } from "../support/engine/registrations";

/** Where the component takes both servers to be, and with what its children go. */

test("statements go straight to both servers where that is wanted", async () => {
  const { ca } = await Authority.create();
  const { one } = await pair({ direct: { ca, from: "10.0.0.1" } });
  for (const name of ["sessions-db1", "sessions-db2"])
    expect(one(name).inputs["connection"]).toMatchObject({ direct: { ca, from: "10.0.0.1" } });
});

describe("the address of a node", () => {
  const login = { hostKeys: [utils.generateKeyPairSync("ed25519").public], privateKey: pulumi.secret("secret-key") };
  const addressOf = async (...hosts: [PairNodeArgs["host"], PairNodeArgs["host"]]) => {
    const { one } = await pair({ nodes: hosts.map((host) => ({ host })) as unknown as typeof nodes });
    return ["sessions-db1", "sessions-db2"].map(
      (node) => (one(node).inputs["connection"] as Record<string, unknown>)["address"],
    );
  };

  test("is that of its machine, or the name of its container, unless it is given", async () => {
    const address = pulumi.output("10.0.0.1");
    expect(await addressOf({ kind: "ssh", address, ...login }, { kind: "docker", container: "sessions-db2" })).toEqual([
      "10.0.0.1",
      "sessions-db2",
    ]);
  });

  test("is no secret, though the way to the machine has one in it", async () => {
    const host = pulumi.output({ kind: "ssh" as const, address: "10.0.0.1", ...login });
    expect(await addressOf(host, { kind: "docker", container: "sessions-db2" })).toEqual(["10.0.0.1", "sessions-db2"]);
  });
});

describe("on servers of this machine", () => {
  const local = () =>
    run(() => {
      const servers = [1, 2].map(
        (number) => new LocalMariaDb(`s${number}`, { directory: `/d${number}`, port: 33060 + number }),
      );
      const [one, two] = servers.map((server) => ({ server })) as [PairNodeArgs, PairNodeArgs];
      return new ReplicatedSessionStore("sessions", { nodes: [one, two], admin, ...accounts, schema: { script: "" } });
    });

  test("nothing is undone one by one on a server that goes with its data", async () => {
    const { registered } = await local();
    const children = registered.filter(({ parent }) => parent === "sessions");
    expect(children.length).toBe(9);
    const withServer = Object.fromEntries(children.map(({ name, deletedWith }) => [name, deletedWith]));
    expect(withServer).toEqual({
      "sessions-db1": "s1",
      "sessions-db1-database-replicated_session_store": "s1",
      "sessions-db1-users": "s1",
      "sessions-db1-from-db2": "s1",
      "sessions-db2": "s2",
      "sessions-db2-database-replicated_session_store": "s2",
      "sessions-db2-users": "s2",
      "sessions-db2-from-db1": "s2",
      "sessions-schema": "s1",
    });
  });

  test("the pair takes host, address and port from them, and waits for them", async () => {
    const { one, result } = await local();
    expect(one("sessions-db2").inputs).toMatchObject({
      connection: { name: "db2", host: { kind: "local", directory: "/d2" }, address: "127.0.0.1", port: 33062 },
    });
    expect(one("sessions-db2").after).toEqual(["s1", "s2"]);
    expect(await settled(result.connectString)).toBe(
      "replication://127.0.0.1:33061/replicated_session_store,127.0.0.1:33062/replicated_session_store",
    );
  });
});

test("on servers of others, nothing is spared", async () => {
  const { registered } = await pair();
  expect(new Set(registered.map(({ deletedWith }) => deletedWith))).toEqual(new Set([""]));
});
