import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { paths } from "../../provider/src/hosts/local/files";
import { stop } from "../../provider/src/hosts/local/server";
import type { Server } from "../../provider/src/mariadb/server";
import { OneServer, PASSWORDS, TYPES } from "../support/engine/oneServer";
import { ProviderProcess, providerText, type Values } from "../support/engine/providerProcess";
import { freePort } from "../support/local/ports";

/**
 * The plugin process that Pulumi's engine starts, spoken to as the engine does, on a real server that it makes itself. One server
 * serves all tests of this file, from its making to its end: they run in their order.
 */

let one: OneServer;

beforeAll(async () => {
  one = await OneServer.planned();
}, 30_000);

afterAll(async () => {
  try {
    one.expectNoPasswordShown();
  } finally {
    await one[Symbol.asyncDispose]();
  }
});

describe("a create that fails halfway", () => {
  test("hands the engine the id and all properties, the provider's text included, and what failed", async () => {
    const inputs = await one.checked("LocalMariaDb");
    // The data directory is made, and then the server does not start.
    const broken = path.join(one.folder, "broken");
    await mkdir(broken);
    await writeFile(path.join(broken, "mariadbd"), "#!/bin/sh\necho '[ERROR] out of luck' >&2\nexit 1\n", {
      mode: 0o755,
    });
    await using unlucky = await ProviderProcess.start({ PATH: `${broken}:${process.env["PATH"]}` });
    const { message, kept } = await one.failure(unlucky.create("LocalMariaDb", inputs));
    expect(message).toMatch(/ended while it started\. Its log says:\n.*out of luck/);
    const properties = { ...inputs, claim: expect.objectContaining({ token: expect.any(String) }) };
    expect(kept).toEqual({ id: one.directory, properties, reasons: [message] });
    expect(kept?.properties["__provider"]).toBe(providerText("LocalMariaDb"));
    one.state["LocalMariaDb"] = { id: kept?.id ?? "", outs: kept?.properties ?? {} };
  }, 60_000);

  test("is taken up again by the next update, with what was handed over", async () => {
    const { id, outs } = one.kept("LocalMariaDb");
    const seen = await one.provider.found("LocalMariaDb", { id, outs });
    expect(seen.inputs["state"]).toBe("stopped");
    one.state["LocalMariaDb"] = {
      id,
      outs: await one.provider.update("LocalMariaDb", id, outs, await one.checked("LocalMariaDb")),
    };
    expect((await one.provider.found("LocalMariaDb", { id, outs })).inputs["state"]).toBe("running");
  }, 60_000);
});

describe("a create that fails before anything exists", () => {
  test("is a plain error, so that the engine keeps nothing: a folder of somebody else", async () => {
    await writeFile(path.join(one.folder, "their-file"), "precious");
    const inputs = await one.checked("LocalMariaDb", { directory: one.folder, port: await freePort() });
    const { message, kept } = await one.failure(one.provider.create("LocalMariaDb", inputs));
    expect(message).toContain("is not empty and was not made by LocalMariaDb. Nothing was touched.");
    expect(kept).toBeUndefined();
    expect(await readFile(path.join(one.folder, "their-file"), "utf8")).toBe("precious");
  });

  test("or a port that somebody has, who is named", async () => {
    const directory = path.join(one.folder, "db2");
    const inputs = await one.checked("LocalMariaDb", { directory });
    const { message, kept } = await one.failure(one.provider.create("LocalMariaDb", inputs));
    expect(message).toMatch(new RegExp(`port ${one.connection.port} of 127\\.0\\.0\\.1 is taken by .*maria`));
    expect(kept).toBeUndefined();
    expect(existsSync(directory)).toBe(false);
  });

  test("or a server that isn't there: no password in the error", async () => {
    const gone = { ...one.connection, host: { kind: "local", directory: path.join(one.folder, "gone") } };
    const { message, kept } = await one.failure(
      one.provider.create("SessionStoreUsers", await one.checked("SessionStoreUsers", { node: gone })),
    );
    expect(message).toMatch(/^db1 (does not run|has no data directory)/);
    expect(kept).toBeUndefined();
    const node = await one.failure(
      one.provider.create("MariaDbNode", await one.checked("MariaDbNode", { connection: gone })),
    );
    expect(node.message).toContain(`there is no server in ${path.join(one.folder, "gone")}`);
    expect(node.kept).toBeUndefined();
  });
});

test("first calls that come all at once are each answered for their own type", async () => {
  await using fresh = await ProviderProcess.start();
  const answers = await Promise.all([...TYPES, ...TYPES].map((type) => fresh.check(type, one.given(type))));
  for (const [index, { inputs, failures }] of answers.entries()) {
    expect(failures).toEqual([]);
    expect(inputs["__provider"]).toBe(providerText(TYPES[index % TYPES.length] ?? ""));
  }
  expect(answers[1]?.inputs).toHaveProperty("configText");
  expect(answers[2]?.inputs).toHaveProperty("collation");
}, 30_000);

test.each(TYPES.slice(1))(
  "%s is made, and its state is all that was wanted",
  async (type) => {
    const inputs = await one.checked(type);
    const { id, outs } = await one.provider.create(type, inputs);
    one.state[type] = { id, outs };
    expect(id).toContain(`127.0.0.1:${one.connection.port}`);
    expect(outs).toMatchObject(inputs);
  },
  60_000,
);

test("what the node says of itself is what the server says", async () => {
  await using server = await one.root();
  const { version, configFile, settings } = one.kept("MariaDbNode").outs as Record<string, string & Values>;
  expect(await server.value("SELECT VERSION()")).toContain(version);
  expect(await readFile(String(configFile), "utf8")).toContain("max_connections=200");
  expect(settings?.["max_connections"]).toBe("200");
  expect(await server.value("SELECT @@GLOBAL.max_connections")).toBe("200");
});

describe.each(TYPES)("%s on a healthy server", (type) => {
  test("reads back as it was made, and shows no difference", async () => {
    const { id, outs } = one.kept(type);
    const seen = await one.provider.found(type, { id, outs });
    expect(seen.outs).toEqual(outs);
    expect(seen.inputs["__provider"]).toBe(providerText(type));
    expect(await one.provider.diff(type, id, seen.outs, await one.checked(type))).toEqual({
      changes: "none",
      replaces: [],
    });
  });

  test("is adopted by a second create, which changes nothing", async () => {
    await using server = await one.root();
    const before = await fingerprint(server);
    const former = one.kept(type);
    const { id, outs } = await one.provider.create(type, await one.checked(type));
    const { claim, ...same } = outs;
    expect({ id, outs: same }).toEqual({ id: former.id, outs: withoutClaim(former.outs) });
    expect(await fingerprint(server)).toEqual(before);
    // A replacement removes the former one: what it has is the new one's by now.
    await one.provider.delete(type, former.id, former.outs);
    expect(await fingerprint(server)).toEqual(before);
    one.state[type] = { id, outs };
    expect(claim === undefined).toBe(type === "SessionStoreDatabase");
  });
});

const withoutClaim = ({ claim: _claim, ...outs }: Values): Values => outs;

/** What a create that adopts must leave as it is: accounts, the start of the server, the option file. */
async function fingerprint(server: Server): Promise<unknown> {
  return {
    accounts: await server.query("SELECT * FROM mysql.global_priv ORDER BY User, Host"),
    process: await readFile(paths(one.directory).pidFile, "utf8"),
    log: await server.value("SELECT @@GLOBAL.gtid_binlog_pos"),
    file: await readFile(String(one.kept("MariaDbNode").outs["configFile"]), "utf8"),
  };
}

test("accounts of which one can't be made: the engine is told what it has to keep, and no password and nothing that steers a terminal is in the error", async () => {
  const broken = {
    user: "broken",
    password: PASSWORDS.proxy,
    from: ["%"],
    grants: ["SELECT ON `no\u001b[2Jwhere`.nothing"],
  };
  const inputs = await one.checked("SessionStoreUsers", { extraAccounts: [broken] });
  const { message, kept: partly } = await one.failure(one.provider.create("SessionStoreUsers", inputs));
  expect(message).toMatch(/where\.nothing.*doesn't exist.*1146, in: GRANT SELECT ON `nowhere`/);
  expect(message).not.toContain("\u001b");
  const { id, outs: former } = one.kept("SessionStoreUsers");
  const { claim, ...properties } = partly?.properties ?? {};
  expect({ ...partly, properties }).toEqual({ id, properties: inputs, reasons: [message] });
  const wanted = await one.checked("SessionStoreUsers");
  const outs = await one.provider.update("SessionStoreUsers", id, { ...properties, claim }, wanted);
  expect(withoutClaim(outs)).toEqual(withoutClaim(former));
  one.state["SessionStoreUsers"] = { id, outs };
  await using server = await one.root();
  expect(await server.value("SELECT COUNT(*) FROM mysql.global_priv WHERE User = 'broken'")).toBe("0");
  expect((await one.provider.found("SessionStoreUsers", { id, outs })).outs).toEqual(outs);
});

describe("a difference", () => {
  test("made by hand is read as the value of its property, and put right by an update", async () => {
    await using server = await one.root();
    await server.query("SET GLOBAL max_connections = 300");
    const { id, outs } = one.kept("MariaDbNode");
    const seen = await one.provider.found("MariaDbNode", { id, outs });
    expect(seen.inputs["settings"]).toMatchObject({ max_connections: "300" });
    const wanted = await one.checked("MariaDbNode");
    expect((await one.provider.diff("MariaDbNode", id, seen.outs, wanted)).changes).toBe("some");
    await one.provider.update("MariaDbNode", id, seen.outs, wanted);
    expect(await server.value("SELECT @@GLOBAL.max_connections")).toBe("200");
  });

  test("in a password is seen, and never printed", async () => {
    await using server = await one.root();
    await server.query("SET PASSWORD FOR 'nevisproxy_user'@'%' = PASSWORD('another')");
    const { id, outs } = one.kept("SessionStoreUsers");
    const seen = await one.provider.found("SessionStoreUsers", { id, outs });
    expect(seen.inputs["accounts"]).toMatchObject({ "nevisproxy_user@%": { password: "differs" } });
    await one.provider.update("SessionStoreUsers", id, seen.outs, await one.checked("SessionStoreUsers"));
    expect((await one.provider.found("SessionStoreUsers", { id, outs })).outs).toEqual(outs);
  });

  test.each([
    ["another port of the same server", { port: 1 }, false],
    ["another name of the same server", { address: "localhost" }, false],
    ["another server", { host: { kind: "local", directory: "/nowhere" } }, true],
  ])("in where the server is: %s", async (_what, other, isReplaced) => {
    const { id, outs } = one.kept("MariaDbNode");
    const elsewhere = await one.checked("MariaDbNode", { connection: { ...one.connection, ...other } });
    const { changes, replaces } = await one.provider.diff("MariaDbNode", id, outs, elsewhere);
    expect([changes, replaces.includes("connection")]).toEqual(["some", isReplaced]);
  });
});

test("a change that the server refuses at its start is taken back, and the server's own words are in the error", async () => {
  const { id, outs } = one.kept("MariaDbNode");
  // Only at its start does the server look at it.
  const wrong = await one.checked("MariaDbNode", { settings: { max_connections: 200, innodb_page_size: "5000" } });
  const { message, kept: partly } = await one.failure(one.provider.update("MariaDbNode", id, outs, wrong));
  expect(message).toMatch(/does not start with the new settings/);
  expect(message).toMatch(/\[ERROR\]/);
  expect(message).toMatch(/former option file was put back and db1 runs with it/);
  expect(partly).toBeUndefined();
  const seen = await one.provider.found("MariaDbNode", { id, outs });
  expect(await one.provider.diff("MariaDbNode", id, seen.outs, await one.checked("MariaDbNode"))).toMatchObject({
    changes: "none",
  });
}, 60_000);

describe("a server that is stopped", () => {
  beforeAll(() => stop(one.directory), 60_000);

  test("does not fail a refresh: the node says it, of the rest nothing new is known", async () => {
    for (const type of TYPES) {
      const { id, outs } = one.kept(type);
      const seen = await one.provider.found(type, { id, outs });
      const changed = Object.keys(outs).filter(
        (name) => JSON.stringify(seen.outs[name]) !== JSON.stringify(outs[name]),
      );
      expect([type, changed, seen.inputs["state"]]).toEqual([
        type,
        type === "LocalMariaDb" || type === "MariaDbNode" ? ["state"] : [],
        type === "LocalMariaDb" || type === "MariaDbNode" ? "stopped" : outs["state"],
      ]);
    }
  });

  test("fails a delete with what to do, and lets it be skipped by a word of the operator", async () => {
    const { id, outs } = one.kept("SessionStoreUsers");
    const { message } = await one.failure(one.provider.delete("SessionStoreUsers", id, outs));
    expect(message).toMatch(/does not run.*Nothing was removed there\..*SESSION_STORE_SKIP_UNREACHABLE=1/s);
    await using skipping = await ProviderProcess.start({ SESSION_STORE_SKIP_UNREACHABLE: "1" });
    await skipping.delete("SessionStoreUsers", id, outs);
  }, 30_000);

  test("fails an update of what is on it, and touches nothing", async () => {
    const { id, outs } = one.kept("SessionStoreDatabase");
    const { message, kept: partly } = await one.failure(one.provider.update("SessionStoreDatabase", id, outs, outs));
    expect(message).toContain("db1 does not run");
    expect(partly).toBeUndefined();
  });

  test("is started again by an update, with its data", async () => {
    const { id, outs } = one.kept("LocalMariaDb");
    await one.provider.update("LocalMariaDb", id, outs, await one.checked("LocalMariaDb"));
    await using server = await one.root();
    expect(await server.value("SELECT COUNT(*) FROM mysql.global_priv WHERE User = 'nevisproxy_user'")).toBe("1");
  }, 60_000);
});

test("a login that is refused, root's too, does not fail a refresh; destroy says what to do, and the password is in no message", async () => {
  const { id, outs } = one.kept("MariaDbNode");
  const stale = {
    ...outs,
    connection: { ...one.connection, admin: { ...one.connection.admin, password: "stale-password" } },
  };
  expect((await one.provider.found("MariaDbNode", { id, outs: stale })).inputs["state"]).toBe("login refused");
  const users = one.kept("SessionStoreUsers");
  await using root = await one.root();
  const ofRoot = `ALTER USER ${root.host.superuser}@localhost ACCOUNT`;
  await root.query(`${ofRoot} LOCK`);
  const { message } = await one
    .failure(one.provider.delete("SessionStoreUsers", users.id, { ...users.outs, node: stale.connection }))
    .finally(() => root.query(`${ofRoot} UNLOCK`));
  expect(message).toMatch(
    /refuses the login of "session_store_admin".*Give the admin's password in SESSION_STORE_ADMIN_PASSWORD/,
  );
  expect(message + one.provider.printed.join("")).not.toContain("stale-password");
});

describe("the end", () => {
  const ACCOUNTS =
    "SELECT COUNT(*) FROM mysql.global_priv WHERE User IN ('nevisproxy_user', 'replication_user', 'binarylog_user')";
  /** What of each type is there to be seen, without asking it: on the server while that runs, then on the disk. */
  const SIGNS: Record<string, (server: Server) => Promise<unknown>> = {
    SessionStoreUsers: async (server) => (await server.value(ACCOUNTS)) !== "0",
    SessionStoreDatabase: async (server) =>
      (await server.query("SHOW DATABASES LIKE 'replicated_session_store'")).length === 1,
    MariaDbNode: async () => existsSync(String(one.kept("MariaDbNode").outs["configFile"])),
    LocalMariaDb: async () => existsSync(one.directory),
  };
  /** It holds sessions. */
  const STAYS = "SessionStoreDatabase";

  test.each([...TYPES].reverse())(
    "%s is deleted, and what is gone already is deleted too",
    async (type) => {
      const { id, outs } = one.kept(type);
      const isThere = SIGNS[type] as (server: Server) => Promise<unknown>;
      await using server = await one.root();
      expect(await isThere(server)).toBe(true);
      await one.provider.delete(type, id, outs);
      expect(await isThere(server)).toBe(type === STAYS);
      await one.provider.delete(type, id, outs);
      expect(await isThere(server)).toBe(type === STAYS);
    },
    60_000,
  );

  test.each(["SessionStoreUsers", "SessionStoreDatabase", "MariaDbNode"])(
    "%s on a server that is gone with its data counts as gone",
    async (type) => {
      const { id, outs } = one.kept(type);
      await expect(one.provider.delete(type, id, outs)).resolves.toBeUndefined();
    },
  );

  test("nothing is left of the server, and reading it says that there are no data", async () => {
    expect(existsSync(one.directory)).toBe(false);
    expect((await one.provider.found("LocalMariaDb", one.kept("LocalMariaDb"))).inputs["state"]).toBe("no data");
  });
});
