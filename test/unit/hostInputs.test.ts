import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { engineAddress } from "../../provider/src/hosts/docker/address";
import { MariaDbNode } from "../../provider/src/operations/MariaDbNode";

/** Containers as users name them, and the engine that is meant. */

async function reasons(host: Record<string, unknown>): Promise<string[]> {
  const connection = { host: { kind: "docker", ...host }, address: "db1", port: 3306, admin: { password: "x" } };
  // One property more is missing, so that no server is asked.
  const { failures } = await MariaDbNode.check({} as never, { connection } as never);
  return failures.map(({ reason }) => reason).filter((reason) => !reason.startsWith("nodeNumber"));
}

test.each([
  ["a container without a name", { container: "" }, /^connection\.host\.container: must be the name of a container/],
  ["an option in its place", { container: "--all" }, /^connection\.host\.container: must be the name/],
  ["a path in its place", { container: "../images/x" }, /^connection\.host\.container: must be the name/],
  ["no container", {}, /^connection\.host\.container: /],
  [
    "an engine of another scheme",
    { container: "db1", engine: "ftp://x" },
    /^connection\.host\.engine: must be the address/,
  ],
  [
    "an engine without a scheme",
    { container: "db1", engine: "10.0.0.1:2375" },
    /^connection\.host\.engine: must be the/,
  ],
  [
    "a socket that is no path",
    { container: "db1", engine: "unix://docker.sock" },
    /host\.engine: must have an absolute/,
  ],
  ["an engine without a host", { container: "db1", engine: "tcp://:2376" }, /host\.engine: must have a host name/],
  [
    "a relative directory",
    { container: "db1", configDirectory: "conf.d" },
    /host\.configDirectory: must be an absolute/,
  ],
  [
    "a directory above",
    { container: "db1", configDirectory: "/etc/../x" },
    /host\.configDirectory: must be a directory/,
  ],
  [
    "the root directory",
    { container: "db1", configDirectory: "/" },
    /host\.configDirectory: must be a directory of its own/,
  ],
  ["a property that there is not", { container: "db1", socket: "/x" }, /^connection\.host.*socket/],
])("%s is refused by name", async (_what, host, reason) => {
  expect(await reasons(host)).toEqual([expect.stringMatching(reason)]);
});

test("a password in the address of an engine is refused, and not shown", async () => {
  const [reason] = await reasons({ container: "db1", engine: "ssh://me:hunter2@host" });
  expect(reason).toMatch(/^connection\.host\.engine: must not have a password in it/);
  expect(reason).not.toContain("hunter2");
});

test("what is right is taken, with the directory of the official image", async () => {
  expect(await reasons({ container: "sessions_db.1", engine: "ssh://me@host:2222" })).toEqual([]);
  const connection = { host: { kind: "docker", container: "db1" }, address: "db1", admin: { password: "x" } };
  const { inputs } = await MariaDbNode.check({} as never, { connection } as never);
  expect(inputs.connection.host).toEqual({ kind: "docker", container: "db1", configDirectory: "/etc/mysql/conf.d" });
});

describe("the engine that is meant", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), "session-store-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("is the given one before that of DOCKER_HOST", () => {
    const environment = { DOCKER_HOST: "tcp://10.0.0.1:2375" };
    expect(engineAddress("ssh://me@host", environment).url).toBe("ssh://me@host");
    expect(engineAddress(undefined, environment).url).toBe("tcp://10.0.0.1:2375");
    expect(engineAddress(undefined, { DOCKER_HOST: "10.0.0.1:2375" }).url).toBe("tcp://10.0.0.1:2375");
  });

  test("has the certificates of DOCKER_CERT_PATH, else those of the docker command", () => {
    const engine = "tcp://10.0.0.1:2376";
    expect(engineAddress(engine, {}).certificates).toBeUndefined();
    expect(engineAddress(engine, { DOCKER_CERT_PATH: "/certs" }).certificates).toBe("/certs");
    expect(engineAddress(engine, { DOCKER_TLS_VERIFY: "1", DOCKER_CONFIG: "/home" }).certificates).toBe("/home");
  });

  test("is that of the chosen context, else a rootless one where the machine has no other", () => {
    writeFileSync(path.join(folder, "config.json"), JSON.stringify({ currentContext: "far" }));
    expect(() => engineAddress(undefined, { DOCKER_CONFIG: folder })).toThrow('the docker context "far" is chosen');
    writeFileSync(path.join(folder, "docker.sock"), "");
    const { url } = engineAddress(undefined, { DOCKER_CONFIG: path.join(folder, "none"), XDG_RUNTIME_DIR: folder });
    expect([`unix://${folder}/docker.sock`, "unix:///var/run/docker.sock"]).toContain(url);
  });
});
