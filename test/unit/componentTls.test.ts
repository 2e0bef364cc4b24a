import type { ReplicatedSessionStoreArgs } from "../../provider/src";
import { nodes, pair } from "../support/componentPair";

/** What certificates of the nodes make of the other children. */

describe("certificates", () => {
  const tls = { ca: "CA", certificate: "CERTIFICATE", privateKey: "secret-key" };
  const encrypted = nodes.map((node) => ({ ...node, tls })) as unknown as typeof nodes;
  const inputsOf = async (args: Partial<ReplicatedSessionStoreArgs>) => {
    const { one } = await pair(args);
    const [node, users, link] = ["sessions-db1", "sessions-db1-users", "sessions-db1-from-db2"].map(one);
    return { node: node?.inputs["tls"], require: users?.inputs["requireTls"], link: link?.inputs["tls"], users };
  };

  test("of both nodes make verified links and accounts that require TLS; the keys are secrets", async () => {
    const { node, require, link } = await inputsOf({ nodes: encrypted });
    expect(node).toEqual({ ...tls, privateKey: { secret: "secret-key" } });
    expect([require, link]).toEqual(["SSL", "verified"]);
  });

  test("come before accounts that require TLS on both nodes: a node that restarts has to be let in as before", async () => {
    const { users } = await inputsOf({ nodes: encrypted });
    expect(users?.after).toEqual(expect.arrayContaining(["sessions-db1", "sessions-db2"]));
  });

  test("are shown by the replicas where their account wants to see one", async () => {
    const replication = { password: "secret-replication", requireTls: "X509" as const };
    expect((await inputsOf({ nodes: encrypted, replication })).link).toBe("mutual");
    expect((await inputsOf({ nodes: encrypted, requireTls: "X509" })).link).toBe("mutual");
  });

  test("do not decide what the program says itself", async () => {
    const { require, link } = await inputsOf({ nodes: encrypted, requireTls: "NONE", link: { tls: "off" } });
    expect([require, link]).toEqual(["NONE", "off"]);
  });

  test("of one node only are refused", async () => {
    await expect(pair({ nodes: [encrypted[0], nodes[1]] })).rejects.toThrow(/nodes: give both their `tls`, or none/);
  });

  test("are none by default, and nothing is said of TLS", async () => {
    const { node, require, link } = await inputsOf({});
    expect([node, require, link]).toEqual([undefined, undefined, undefined]);
  });
});
