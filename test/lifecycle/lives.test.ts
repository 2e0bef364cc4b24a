import { PulumiProject } from "../support/cli/cli";
import { expectSuccess, PASSWORDS, type Pair, pairProgram, pairThatIsUp } from "../support/cli/pairProgram";
import { LoginWatch } from "../support/loginWatch";
import { SessionClient } from "../support/sessionClient";

/**
 * What happens to a program while its pair is in use, by the real CLI: names, places, order, state. Sessions are written and logins made all the while.
 * After each, not one login was refused, both nodes hold the same rows, and `preview` is clean.
 */

jest.setTimeout(300_000);

const SCHEMA =
  'schema: { script: "CREATE TABLE IF NOT EXISTS session (id VARCHAR(64) PRIMARY KEY, data VARCHAR(200));" },';
const LOGIN = { user: "nevisproxy_user", password: PASSWORDS.proxyPassword };
const PROGRAM = pairProgram(SCHEMA);

let pair: Pair;

beforeAll(async () => {
  pair = await pairThatIsUp(PROGRAM);
});

afterAll(async () => {
  await pair?.[Symbol.asyncDispose]();
});

/** Does something to the pair in use. */
async function inUse<T>(label: string, live: () => Promise<T>): Promise<T> {
  const writer = new SessionClient(label, pair.ports[0], LOGIN).start();
  const watch = new LoginWatch(pair.ports, LOGIN);
  const processes = [await pair.db1.pid(), await pair.db2.pid()];
  try {
    return await live();
  } finally {
    await writer.stop();
    await watch.stop();
    expect([writer.errors, watch.refused]).toEqual([[], []]);
    expect(writer.acknowledged.length).toBeGreaterThan(50);
    expect(watch.succeeded).toBeGreaterThan(50);
    expect([await pair.db1.pid(), await pair.db2.pid()]).toEqual(processes);
    await expectWhole();
  }
}

/** Both nodes hold the same, and the links run. */
async function expectWhole(): Promise<void> {
  await pair.db2.catchUpWith(pair.db1);
  await pair.db1.catchUpWith(pair.db2);
  const sum = async (server: Pair["db1"]) => server.rows("CHECKSUM TABLE replicated_session_store.session");
  expect(await sum(pair.db2)).toEqual(await sum(pair.db1));
  for (const server of [pair.db1, pair.db2]) {
    expect(await server.replica()).toMatchObject({ Slave_IO_Running: "Yes", Slave_SQL_Running: "Yes" });
  }
}

async function up(...args: string[]): Promise<string> {
  return expectSuccess(await pair.project.up(...args));
}

/** Nothing is left to do. */
async function expectClean(): Promise<void> {
  expectSuccess(await pair.project.preview("--expect-no-changes"));
}

const program = (change: (text: string) => string): Promise<void> => pair.project.writeProgram(change(PROGRAM));

/** The program with its component under another name. */
const named =
  (name: string, options = "") =>
  (text: string): string =>
    text.replace('("sessions"', `("${name}"`).replace(/\n\}\);\n\nexport/, `\n}${options});\n\nexport`);

async function urnOf(name: string): Promise<string> {
  const state = JSON.parse(await pair.project.exportState()) as { deployment: { resources: { urn: string }[] } };
  const urn = state.deployment.resources.map((resource) => resource.urn).find((one) => one.endsWith(`::${name}`));
  if (urn === undefined) throw new Error(`there is no ${name} in the state`);
  return urn;
}

const claims = async (server: Pair["db1"]): Promise<string[]> => {
  const rows = await server.rows("SELECT DISTINCT resource FROM session_store_register.claims ORDER BY 1");
  return rows.map(({ resource }) => String(resource));
};

describe("a component under another name", () => {
  test("without an alias: what runs is taken over as it is, and the preview says so", async () => {
    await inUse("renamed", async () => {
      await program(named("store"));
      const preview = expectSuccess(await pair.project.preview());
      expect(preview).toMatch(/MariaDbNode store-db1 takes over as it is what is there: .*option file/);
      expect(preview).toMatch(/SessionStoreUsers store-db2-users takes over .*the account nevisproxy_user@%/);
      const output = await up();
      expect(output).toMatch(/db2: stays, because it is declared elsewhere too: the replication .*store-db2-from-db1/);
    });
    expect(await claims(pair.db1)).toEqual([
      "MariaDbNode store-db1",
      "ReplicationLink store-db1-from-db2",
      "SessionStoreUsers store-db1-users",
    ]);
    await expectClean();
  });

  test("with an alias there is nothing to do", async () => {
    await program(named("again", ', { aliases: [{ name: "store" }] }'));
    const preview = expectSuccess(await pair.project.preview("--expect-no-changes"));
    expect(preview).toMatch(/12 unchanged/);
  });

  test("moved below a parent, only the new ones first, then the former ones one by one", async () => {
    await inUse("parent", async () => {
      const parent = 'const parent = new pulumi.ComponentResource("acme:index:Platform", "platform");\n\nconst store';
      await program((text) => named("below", ", { parent }")(text).replace("const store", parent));
      await up("--target", "**below*", "--target", "**platform");
      const former = await urnOf("store-db1-users");
      const destroyed = expectSuccess(await pair.project.destroy("--target", former, "--target-dependents"));
      expect(destroyed).toMatch(/db1: stays, because it is declared elsewhere too: the account/);
      await up();
    });
    await expectClean();
  });
});

describe("a resource", () => {
  beforeAll(async () => {
    await program((text) => text);
    await up();
  });

  test.each([
    ["its server", "db1"],
    ["its node", "sessions-db1"],
    ["its accounts", "sessions-db2-users"],
    ["its link", "sessions-db1-from-db2"],
  ])("that is replaced, %s: the new one is there before the former one goes, and is the same", async (_what, name) => {
    const output = await inUse(`replace-${name}`, async () => up("--replace", await urnOf(name)));
    expect(output).toMatch(/1 replaced/);
    await expectClean();
  });

  test("that is tainted, all of a node: replaced likewise", async () => {
    await inUse("taint", async () => {
      for (const name of ["db2", "sessions-db2", "sessions-db2-users", "sessions-db2-from-db1"]) {
        await pair.project.succeed(["state", "taint", await urnOf(name), "--yes"]);
      }
      expect(await up()).toMatch(/4 replaced/);
    });
    await expectClean();
  });

  test("that is taken out of the state: taken up again", async () => {
    await inUse("state", async () => {
      const gone = await urnOf("sessions-db1-users");
      await pair.project.succeed(["state", "delete", gone, "--yes", "--target-dependents"]);
      await up();
    });
    await expectClean();
  });
});

test("a node reached by another name of its machine: changed in place", async () => {
  await inUse("localhost", async () => {
    await program((text) =>
      text.replace("{ server: db2 }", '{ server: db2, address: "localhost", bindAddress: "127.0.0.1" }'),
    );
    const preview = expectSuccess(await pair.project.preview());
    expect(preview).not.toMatch(/replace|create|delete/);
    await up();
  });
  expect(await pair.db1.replica()).toMatchObject({ Master_Host: "localhost" });
  await expectClean();
  await inUse("loopback", async () => {
    await program((text) => text);
    await up();
  });
  await expectClean();
});

/** What the state holds of resources, without the outputs of the stack. */
const resourcesIn = (state: string): unknown[] =>
  (JSON.parse(state) as { deployment: { resources: { type: string }[] } }).deployment.resources.filter(
    ({ type }) => type !== "pulumi:pulumi:Stack",
  );

describe("refused before anything is changed, in the preview already:", () => {
  afterAll(async () => {
    await program((text) => text);
    await expectClean();
  });

  async function refused(change: (text: string) => string, message: RegExp): Promise<void> {
    await program(change);
    const before = await pair.project.exportState();
    for (const run of [() => pair.project.preview(), () => pair.project.up()]) {
      const { code, output } = await run();
      expect(output).toMatch(message);
      expect(code).not.toBe(0);
    }
    expect(resourcesIn(await pair.project.exportState())).toEqual(resourcesIn(before));
    await expectWhole();
  }

  test("the two nodes in the other order", async () => {
    await refused(
      (text) => text.replace("[{ server: db1 }, { server: db2 }]", "[{ server: db2 }, { server: db1 }]"),
      /the other node of the pair/,
    );
  });

  test("the directories of two servers exchanged", async () => {
    await refused(
      (text) =>
        text.replace('folder, "db1"', 'folder, "x"').replace('folder, "db2"', 'folder, "db1"').replace('"x"', '"db2"'),
      /where another resource of this stack is/,
    );
  });

  test("a second component on the same servers", async () => {
    const second = (text: string) => {
      const [component = ""] = /new ReplicatedSessionStore[\s\S]*?\n\}\);/.exec(text) ?? [];
      return `${text}\n${component.replace('"sessions"', '"second"')}\n`;
    };
    await refused(second, /"second": nodes\[0\] is a server that "sessions" has already \(nodes\[0\]\)/);
  });
});

test("another stack: refused, unless it takes the pair over; the first one then leaves all as it is", async () => {
  const hosts = (text: string) =>
    text.replace(/const db[12] = .*\n/g, "").replace(
      "[{ server: db1 }, { server: db2 }]",
      `[1, 2].map((number) => ({
          host: { kind: "local" as const, directory: path.join(folder, \`db\${number}\`) },
          address: "127.0.0.1",
          port: config.requireNumber(\`port\${number}\`),
        })) as any`,
    );
  await using second = await PulumiProject.create({ name: "other", program: hosts(PROGRAM), secrets: PASSWORDS });
  const [port1, port2] = pair.ports.map(String) as [string, string];
  await second.configure({ folder: pair.project.folder, port1, port2 }, "plaintext");
  const refusal = await second.preview();
  expect(refusal.code).not.toBe(0);
  expect(refusal.output).toMatch(/belongs to another stack: .*organization\/sessions\/test.*adopt: true/);

  await inUse("adopted", async () => {
    await second.writeProgram(hosts(pairProgram(`${SCHEMA} adopt: true,`)));
    expectSuccess(await second.up());
    const { code, output } = await pair.project.up();
    expect(code).not.toBe(0);
    expect(output).toMatch(/belongs to another stack: .*organization\/other\/test/);
    // The first program gives the pair up, and keeps the servers.
    await program((text) => text.replace(/const store[\s\S]*/, ""));
    await up();
  });
  expectSuccess(await second.preview("--expect-no-changes"));

  await inUse("back", async () => {
    await program(() => pairProgram(`${SCHEMA} adopt: true,`));
    await up();
    expect(expectSuccess(await second.destroy())).toMatch(/left as they are, because nothing there proves/);
    await program((text) => text);
    await up();
  });
  await expectClean();
});

test("the admin accounts of both nodes dropped: shown, and made again by one `up`", async () => {
  for (const server of [pair.db1, pair.db2]) await server.run("DROP USER session_store_admin@localhost");
  const preview = expectSuccess(await pair.project.preview("--diff"));
  expect(preview.match(/state\s*: "no admin account" => "running"/g)).toHaveLength(2);
  expect(preview).toMatch(/~ 2 to update/);
  await inUse("admins", () => up());
  await expectClean();
});

test("our notes on both servers dropped: written again by one `up`", async () => {
  for (const server of [pair.db1, pair.db2]) await server.run("DROP DATABASE session_store_register");
  await inUse("notes", () => up());
  expect(await claims(pair.db2)).toHaveLength(3);
  await expectClean();
});

test("servers under other names stay with their data; those with tables go only with forceDestroy", async () => {
  await inUse("servers", async () => {
    const renamed = (text: string) =>
      text.replace('LocalMariaDb("db1"', 'LocalMariaDb("one"').replace('LocalMariaDb("db2"', 'LocalMariaDb("two"');
    await program((text) => renamed(text).replaceAll(", forceDestroy: true", ""));
    await up();
    await expectClean();
    const { code, output } = await pair.project.destroy();
    expect(code).not.toBe(0);
    expect(output).toMatch(/holds tables \(replicated_session_store\.session\).*forceDestroy: true/);
  });
});
