import { existsSync } from "node:fs";
import * as path from "node:path";
import { waitUntilCaughtUp } from "../../provider/src/pair/proof";
import { PulumiProject } from "../support/cli/cli";
import { LOGIN, named, PairInUse, PROGRAM, SCHEMA } from "../support/cli/pairInUse";
import { expectSuccess, PASSWORDS, pairProgram } from "../support/cli/pairProgram";
import { EagerProxy } from "../support/eagerProxy";
import { inWhole } from "../support/inWhole";
import { PairServer } from "../support/local/pairServer";
import { freePorts } from "../support/local/ports";
import { fillSessions } from "../support/manySessions";

/**
 * What happens to a program while its pair is in use, by the real CLI: names, places, order, state. Sessions are written and logins made all the while.
 * After each, not one login was refused, both nodes hold the same rows, and `preview` is clean.
 */

jest.setTimeout(300_000);

/** Some 300 MB of rows. */
const MANY_SESSIONS = 500_000;

let pair: PairInUse;

beforeAll(async () => {
  pair = await PairInUse.thatIsUp();
});

afterAll(async () => {
  await pair?.[Symbol.asyncDispose]();
});

const claims = async (server: PairInUse["db1"]): Promise<string[]> => {
  const rows = await server.rows("SELECT DISTINCT resource FROM session_store_register.claims ORDER BY 1");
  return rows.map(({ resource }) => String(resource));
};

describe("a component under another name", () => {
  afterAll(async () => {
    await pair.program((text) => text);
    await pair.up();
  });

  test("without an alias: what runs is taken over as it is, and the preview says so", async () => {
    await pair.inUse("renamed", async () => {
      await pair.program(named("store"));
      const preview = expectSuccess(await pair.project.preview());
      expect(preview).toMatch(/MariaDbNode store-db1 takes over as it is what is there: .*option file/);
      expect(preview).toMatch(/SessionStoreUsers store-db2-users takes over .*the account nevisproxy_user@%/);
      const output = await pair.up();
      expect(output).toMatch(/db2: stays, because it is declared elsewhere too: the replication .*store-db2-from-db1/);
    });
    expect(await claims(pair.db1)).toEqual([
      "MariaDbNode store-db1",
      "ReplicationLink store-db1-from-db2",
      "SessionStoreUsers store-db1-users",
    ]);
    await pair.expectClean();
  });

  test("with an alias there is nothing to do", async () => {
    await pair.program(named("again", ', { aliases: [{ name: "store" }] }'));
    const preview = expectSuccess(await pair.project.preview("--expect-no-changes"));
    expect(preview).toMatch(/\d+ unchanged/);
  });

  inWhole("moved below a parent, only the new ones first, then the former ones one by one", async () => {
    await pair.inUse("parent", async () => {
      const parent = 'const parent = new pulumi.ComponentResource("acme:index:Platform", "platform");\n\nconst store';
      await pair.program((text) => named("below", ", { parent }")(text).replace("const store", parent));
      await pair.up("--target", "**below*", "--target", "**platform");
      const former = await pair.urnOf("store-db1-users");
      const destroyed = expectSuccess(await pair.project.destroy("--target", former, "--target-dependents"));
      expect(destroyed).toMatch(/db1: stays, because it is declared elsewhere too: the account/);
      await pair.up();
    });
    await pair.expectClean();
  });
});

describe("a resource", () => {
  inWhole.each([
    ["its server", "db1"],
    ["its node", "sessions-db1"],
    ["its accounts", "sessions-db2-users"],
    ["its link", "sessions-db1-from-db2"],
  ])("that is replaced, %s: the new one is there before the former one goes, and is the same", async (_what, name) => {
    const output = await pair.inUse(`replace-${name}`, async () => pair.up("--replace", await pair.urnOf(name)));
    expect(output).toMatch(/1 replaced/);
    await pair.expectClean();
  });

  inWhole("that is tainted, all of a node: replaced likewise", async () => {
    await pair.inUse("taint", async () => {
      for (const name of ["db2", "sessions-db2", "sessions-db2-users", "sessions-db2-from-db1"]) {
        await pair.project.succeed(["state", "taint", await pair.urnOf(name), "--yes"]);
      }
      expect(await pair.up()).toMatch(/4 replaced/);
    });
    await pair.expectClean();
  });

  inWhole("that is taken out of the state: taken up again", async () => {
    await pair.inUse("state", async () => {
      const gone = await pair.urnOf("sessions-db1-users");
      await pair.project.succeed(["state", "delete", gone, "--yes", "--target-dependents"]);
      await pair.up();
    });
    await pair.expectClean();
  });
});

inWhole("a node reached by another name of its machine: changed in place", async () => {
  await pair.inUse("localhost", async () => {
    await pair.program((text) =>
      text.replace("{ server: db2 }", '{ server: db2, address: "localhost", bindAddress: "127.0.0.1" }'),
    );
    const preview = expectSuccess(await pair.project.preview());
    expect(preview).not.toMatch(/replace|create|delete/);
    await pair.up();
  });
  expect(await pair.db1.replica()).toMatchObject({ Master_Host: "localhost" });
  await pair.expectClean();
  await pair.inUse("loopback", async () => {
    await pair.program((text) => text);
    await pair.up();
  });
  await pair.expectClean();
});

/** Which resources the state has, with their ids. */
const resourcesIn = (state: string): string[] =>
  (JSON.parse(state) as { deployment: { resources: { urn: string; id?: string }[] } }).deployment.resources
    .map(({ urn, id = "" }) => `${urn} ${id}`)
    .sort();

inWhole("a further database that is used at once: it is on both nodes before anybody is let in", async () => {
  const second = 'databases: [{ name: "replicated_session_store" }, { name: "more" }],';
  await pair.program(() => pairProgram(`${SCHEMA} ${second}`));
  const proxy = new EagerProxy(pair.ports[0], LOGIN, "more");
  try {
    await pair.inUse("database", () => pair.up());
  } finally {
    await proxy.stop();
  }
  expect(proxy.written).toBeGreaterThan(0);
  await pair.db2.catchUpWith(pair.db1);
  expect(await pair.db2.value("SELECT COUNT(*) FROM more.a_session")).toBe(String(proxy.written));
  await pair.expectClean();
  await pair.program((text) => text);
  await pair.up();
  await pair.expectClean();
});

describe("refused before anything is changed, in the preview already:", () => {
  afterAll(async () => {
    await pair.program((text) => text);
    await pair.expectClean();
  });

  async function refused(
    change: (text: string) => string,
    message: RegExp,
    commands: readonly ("preview" | "up")[] = ["preview", "up"],
  ): Promise<void> {
    await pair.program(change);
    const before = await pair.project.exportState();
    for (const command of commands) {
      const { code, output } = await pair.project[command]();
      expect(output).toMatch(message);
      expect(code).not.toBe(0);
    }
    expect(resourcesIn(await pair.project.exportState())).toEqual(resourcesIn(before));
    await pair.expectWhole();
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
      ["preview"],
    );
  });

  test("a second component on the same servers", async () => {
    const second = (text: string) => {
      const [component = ""] = /new ReplicatedSessionStore[\s\S]*?\n\}\);/.exec(text) ?? [];
      return `${text}\n${component.replace('"sessions"', '"second"')}\n`;
    };
    // Without a preview the second one's resources may come before the first one's.
    await refused(second, /"second": nodes\[0\] is a server that "sessions" has already \(nodes\[0\]\)/, ["up"]);
  });
});

inWhole("another stack: refused, unless it takes the pair over; the first one then leaves all as it is", async () => {
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

  await pair.inUse("adopted", async () => {
    await second.writeProgram(hosts(pairProgram(`${SCHEMA} adopt: true,`)));
    expectSuccess(await second.up());
    const { code, output } = await pair.project.up();
    expect(code).not.toBe(0);
    expect(output).toMatch(/belongs to another stack: .*organization\/other\/test/);
    // The first program gives the pair up, and keeps the servers.
    await pair.program((text) => text.replace(/const store[\s\S]*/, ""));
    await pair.up();
  });
  expectSuccess(await second.preview("--expect-no-changes"));

  await pair.inUse("back", async () => {
    await pair.program(() => pairProgram(`${SCHEMA} adopt: true,`));
    await pair.up();
    expect(expectSuccess(await second.destroy())).toMatch(/left as they are, because nothing there proves/);
    await pair.program((text) => text);
    await pair.up();
  });
  await pair.expectClean();
});

inWhole("the admin accounts of both nodes dropped: shown, and made again by one `up`", async () => {
  for (const server of [pair.db1, pair.db2]) await server.run("DROP USER session_store_admin@localhost");
  const preview = expectSuccess(await pair.project.preview("--diff"));
  expect(preview.match(/state\s*: "no admin account" => "running"/g)).toHaveLength(2);
  expect(preview).toMatch(/~ 2 to update/);
  await pair.inUse("admins", () => pair.up());
  await pair.expectClean();
});

inWhole("our notes on both servers dropped: written again by one `up`", async () => {
  for (const server of [pair.db1, pair.db2]) await server.run("DROP DATABASE session_store_register");
  await pair.inUse("notes", () => pair.up());
  expect(await claims(pair.db2)).toHaveLength(3);
  await pair.expectClean();
});

inWhole("the stack gets another name: noted by one `up`, which changes nothing else", async () => {
  await pair.inUse("stack", async () => {
    await pair.project.renameStack("prod");
    const preview = expectSuccess(await pair.project.preview("--diff"));
    // Nothing tells it from a stack whose state was copied.
    expect(preview).toMatch(
      /`up` notes beside it .* so far MariaDbNode sessions-db1 of the stack organization\/sessions\/test does\. If that stack is still there/,
    );
    expect(preview).not.toMatch(/to (create|delete|replace)/);
    await pair.up();
  });
  expect(await pair.db1.rows("SELECT DISTINCT stack FROM session_store_register.claims")).toEqual([
    { stack: "organization/sessions/prod" },
  ]);
  await pair.expectClean();
  await pair.project.renameStack("test");
  await pair.up();
  await pair.expectClean();
});

inWhole("servers with tables go only with forceDestroy: a destroy without it leaves the pair as it is", async () => {
  await pair.inUse("kept", async () => {
    await pair.program((text) => text.replaceAll(", forceDestroy: true", ""));
    await pair.up();
    const { code, output } = await pair.project.destroy();
    expect(code).not.toBe(0);
    expect(output).toMatch(/holds tables \(.*replicated_session_store\.session\).*forceDestroy: true/);
    await pair.program((text) => text);
    await pair.up();
  });
  await pair.expectClean();
});

inWhole("servers under other names stay with their data", async () => {
  const renamed = (text: string) =>
    text.replace('LocalMariaDb("db1"', 'LocalMariaDb("one"').replace('LocalMariaDb("db2"', 'LocalMariaDb("two"');
  await pair.inUse("servers", async () => {
    await pair.program(renamed);
    await pair.up();
  });
  await pair.expectClean();
  await pair.inUse("servers-back", async () => {
    await pair.program((text) => text);
    await pair.up();
  });
  await pair.expectClean();
});

inWhole(
  "a node goes to another server: refused while the former one serves, then seeded, and both links go over",
  async () => {
    const [port] = await freePorts();
    await pair.project.configure({ port3: String(port) }, "plaintext");
    await fillSessions(await pair.db2.root(), MANY_SESSIONS);
    await waitUntilCaughtUp(await pair.db2.root(), await pair.db1.root(), 300_000);
    const moved = (text: string) =>
      text
        .replace(
          'LocalMariaDb("db1", { directory: path.join(folder, "db1")',
          'LocalMariaDb("db3", { directory: path.join(folder, "db3")',
        )
        .replace("port1", "port3");
    await pair.inUse("moving", async () => {
      await pair.program(moved);
      const { code, output } = await pair.project.up();
      expect(code).not.toBe(0);
      expect(output).toMatch(/db1 is to take the place of 127\.0\.0\.1:\d+, which still serves: .*stop the server/);
    });
    const rows = "CHECKSUM TABLE replicated_session_store.session, replicated_session_store.session_attribute";
    const before = await pair.db2.rows(rows);
    await pair.db1.stop();
    await pair.up();
    await pair.expectClean();
    const db3 = new PairServer("db3", path.join(pair.project.folder, "db3"), port);
    try {
      expect(await db3.rows(rows)).toEqual(before);
      expect(await pair.db2.replica()).toMatchObject({ Master_Port: port, Slave_IO_Running: "Yes" });
      expect(await db3.replica()).toMatchObject({ Slave_IO_Running: "Yes", Slave_SQL_Running: "Yes" });
      expect(existsSync(pair.db1.directory)).toBe(false);
    } finally {
      await db3.close();
    }
  },
);
