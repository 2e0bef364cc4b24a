import * as pulumi from "@pulumi/pulumi";
import { ReplicatedSessionStore, type ReplicatedSessionStoreArgs } from "../../provider/src";
import { accounts, admin, nodes, pair } from "../support/componentPair";
import { run, settled } from "../support/engine/registrations";

/** What the component tells a program: its outputs, and what it refuses. */

class Consumer extends pulumi.CustomResource {}

let warnings: string[];
beforeEach(() => {
  warnings = [];
  jest.spyOn(console, "warn").mockImplementation((text: string) => void warnings.push(text));
});
afterEach(() => jest.restoreAllMocks());

describe("the outputs", () => {
  test("tell how to connect, without a password", async () => {
    const { result } = await pair({ databases: [{ name: "a" }, { name: "b" }] });
    expect(await settled(result.connectString)).toBe("replication://10.0.0.1:3306/a,10.0.0.2:3307/a");
    expect(await pulumi.isSecret(result.connectString)).toBe(false);
  });

  test("that lead to the servers are ready when all of the pair is: what takes one is made after links, accounts and tables", async () => {
    const { one, registered } = await run(
      () => {
        const args = { nodes, admin, ...accounts, schema: { script: "" } };
        const { connectString, nodes: servers } = new ReplicatedSessionStore("sessions", args);
        new Consumer("acme:index:Proxy", "proxy", { connectString });
        new Consumer("acme:index:Backup", "backup", { servers });
      },
      ({ name }) => (name.endsWith("-from-db1") ? { direction: name } : {}),
    );
    const children = registered.filter(({ parent }) => parent === "sessions").map(({ name }) => name);
    expect(children.length).toBe(9);
    for (const consumer of ["proxy", "backup"]) {
      expect(one(consumer).after).toEqual(children.sort());
      const order = registered.map(({ name }) => name);
      expect(Math.max(...children.map((name) => order.indexOf(name)))).toBeLessThan(order.indexOf(consumer));
    }
  });

  test("tell of both nodes, as a secret because the admin's password is among it", async () => {
    const { result } = await pair();
    expect(await pulumi.isSecret(result.nodes)).toBe(true);
    expect(await settled(result.nodes)).toMatchObject([
      { name: "alpha", host: "10.0.0.1", port: 3306, user: "session_store_admin", password: "secret-admin" },
      { name: "db2", host: "10.0.0.2", port: 3307, configFile: "/etc/sessions-db2.cnf", version: "10.11.19" },
    ]);
  });

  test("tell of both directions, readable", async () => {
    const { result } = await pair();
    expect(await pulumi.isSecret(result.links)).toBe(false);
    expect((await settled(result.links)).map(({ direction }) => direction)).toEqual([
      "sessions-db1-from-db2",
      "sessions-db2-from-db1",
    ]);
  });

  test("give advice on the recipe's example passwords, readable and without them", async () => {
    const { result } = await pair({ proxy: { password: pulumi.secret("nevisproxypassword") } });
    expect(await pulumi.isSecret(result.advice)).toBe(false);
    const advice = await settled(result.advice);
    // In a preview it stands as a warning beside the pair.
    expect(warnings).toEqual([expect.stringMatching(/sessions: .*account nevisproxy_user/)]);
    expect(warnings.join()).not.toContain("nevisproxypassword");
    expect(advice.map(({ about, severity }) => [about, severity])).toEqual([["account nevisproxy_user", "danger"]]);
    expect(JSON.stringify(advice)).not.toContain("nevisproxypassword");
  });

  test("give advice on accounts of others, in full; where both servers say the same, once", async () => {
    const one = { severity: "warning", about: "account x@localhost", text: "drop it", source: "found on the server" };
    const { result } = await pair({}, undefined, { advice: [{ ...one, where: "db1" }] });
    expect((await settled(result.advice)).map(({ where }) => where)).toEqual(["db1, db1"]);
    expect(warnings).toEqual([expect.stringContaining("db1, db1: account x@localhost: drop it")]);
  });
});

describe("refused before anything is registered but the component:", () => {
  const [first, second] = nodes;
  test.each<[string, Partial<ReplicatedSessionStoreArgs>, RegExp]>([
    [
      "equal server ids",
      { settings: { server_id: 7 } },
      /settings\.server_id: both nodes have server_id=7; it must differ/,
    ],
    ["equal GTID domains", { settings: { "gtid-domain-id": 7 } }, /settings\.gtid_domain_id: both nodes have/],
    ["equal offsets", { settings: { auto_increment_offset: 1 } }, /settings\.auto_increment_offset: both nodes have/],
    [
      "one node's id set to the other's",
      { nodes: [first, { ...second, settings: { server_id: 1 } }] },
      /settings\.server_id: both nodes have server_id=1/,
    ],
    ["no database", { databases: [] }, /databases: must name at least one/],
    ["a node without a place", { nodes: [first, { address: "10.0.0.2" }] }, /nodes\[1\]: give a "server" or a "host"/],
  ])("%s", async (_what, args, reason) => {
    const { registered } = await run(() => {
      expect(() => new ReplicatedSessionStore("sessions", { nodes, admin, ...accounts, ...args })).toThrow(reason);
    });
    expect(registered.filter(({ name }) => name !== "sessions")).toEqual([]);
  });
});

test("each part of connectString is a URL that reads back as the address, port and database that were given, IPv6 too", async () => {
  const [first, second] = nodes;
  const { result } = await pair({
    nodes: [{ ...first, address: "2001:db8::1", port: 3307 }, second],
    databases: [{ name: "my_store-1$" }],
  });
  const text = await settled(result.connectString);
  const urls = text
    .replace("replication://", "")
    .split(",")
    .map((part) => new URL(`mysql://${part}`));
  expect(urls.map(({ hostname, port, pathname }) => [hostname, port, pathname])).toEqual([
    ["[2001:db8::1]", "3307", "/my_store-1$"],
    ["10.0.0.2", "3307", "/my_store-1$"],
  ]);
});
