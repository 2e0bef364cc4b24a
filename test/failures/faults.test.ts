import { spawn } from "node:child_process";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import * as net from "node:net";
import * as path from "node:path";
import { paths } from "../../provider/src/hosts/local/files";
import { findProcess, stop } from "../../provider/src/hosts/local/server";
import { openServer } from "../../provider/src/mariadb/open";
import { replicaStatus } from "../../provider/src/mariadb/replication";
import { semiSync } from "../../provider/src/mariadb/semiSync";
import * as operations from "../../provider/src/operations/all";
import { lockServers } from "../../provider/src/pair/lock";
import { Run } from "../../provider/src/run";
import { until } from "../../provider/src/waiting";
import type { PairOptions } from "../support/engine/declaredPair";
import { failureOf, Hung } from "../support/engine/faults";
import { Mounted, testWithMounts } from "../support/local/mounts";
import { Pair } from "../support/local/pair";

/** What goes wrong on a machine is told in clear words within a deadline, harms nothing, and is over when its cause is. */

jest.setTimeout(180_000);

const link = { connectRetry: 1 };
let pair: Pair;

beforeAll(async () => {
  pair = await Pair.up({ link });
}, 120_000);

afterAll(async () => {
  await pair?.[Symbol.asyncDispose]();
}, 120_000);

/** One run of the engine. */
const up = (options: PairOptions = {}): Promise<string[]> => pair.up({ link, ...options });

async function pidOf(number: 1 | 2): Promise<number> {
  const pid = await findProcess(pair.directory(number));
  if (pid === undefined) throw new Error(`db${number} does not run`);
  return pid;
}

/** What a refresh writes into the state, of one resource. */
async function seen(name: string, property: string): Promise<unknown> {
  await pair.refresh();
  return pair.kept.get(name)?.outs[property];
}

const settingsFile = (number: 1 | 2) => path.join(paths(pair.directory(number)).includeFolder, "99-session-store.cnf");

async function expectHealthy(options: PairOptions = {}): Promise<void> {
  expect(await pair.drift({ link, ...options })).toEqual({});
  const [db1, db2] = await Promise.all([pair.root(1), pair.root(2)]);
  for (const server of [db1, db2]) {
    expect(await replicaStatus(server)).toMatchObject({ ioThread: "Yes", sqlThread: "Yes" });
    expect(await semiSync(server)).toMatchObject({ sourceEnabled: true, sourceActive: true, replicas: 1 });
  }
}

test("a hung server is named in preview and up, each within its deadline, and nothing is lost when it goes on", async () => {
  {
    using _hung = new Hung(await pidOf(2));
    const begin = Date.now();
    expect(await seen("sessions-db2", "state")).toBe("not answering");
    expect((Date.now() - begin) / 1000).toBeLessThan(25);
    const { message, seconds } = await failureOf(up({ settings: { max_connections: 800 } }));
    expect(message).toMatch(/db2 .*does not answer within/);
    expect(seconds).toBeLessThan(60);
  }
  await up({ settings: { max_connections: 800 } });
  await expectHealthy({ settings: { max_connections: 800 } });
  await up();
});

test("a stopped server is seen as stopped, its links and accounts as last known, and up starts it", async () => {
  const former = pair.kept.get("sessions-db2-users")?.outs["accounts"];
  await stop(pair.directory(2));
  expect(await seen("sessions-db2", "state")).toBe("stopped");
  expect(pair.kept.get("db2")?.outs["state"]).toBe("stopped");
  expect(pair.kept.get("sessions-db2-users")?.outs["accounts"]).toEqual(former);
  await up();
  await expectHealthy();
});

test("what is to be removed from a server that is gone stops with the way to skip it, and is skipped on demand", async () => {
  await stop(pair.directory(2));
  try {
    const kept = pair.kept.get("sessions-db2-users");
    const remove = () => operations.SessionStoreUsers.delete(kept?.id ?? "", kept?.outs as never);
    const { message } = await failureOf(remove());
    expect(message).toMatch(/db2 does not run.*SESSION_STORE_SKIP_UNREACHABLE=1/s);
    process.env["SESSION_STORE_SKIP_UNREACHABLE"] = "1";
    await remove();
  } finally {
    delete process.env["SESSION_STORE_SKIP_UNREACHABLE"];
    await up();
  }
  await expectHealthy();
});

test("an admin account that is refused is seen, and made good through the superuser's socket", async () => {
  const db1 = await pair.root(1);
  await db1.query("ALTER USER session_store_admin@localhost IDENTIFIED BY 'somebody else''s'");
  expect(await seen("sessions-db1", "state")).toBe("login refused");
  await up();
  await expectHealthy();
});

test("an admin account that has lost its privileges gets them back", async () => {
  const db1 = await pair.root(1);
  await db1.query("REVOKE ALL PRIVILEGES, GRANT OPTION FROM session_store_admin@localhost");
  expect(await seen("sessions-db1", "state")).toBe("login refused");
  await up();
  await expectHealthy();
});

test("where neither the admin account nor the superuser is let in, the error names both and touches nothing", async () => {
  const db1 = await pair.root(1);
  const root = db1.host.superuser;
  const former = await db1.value("SHOW CREATE USER ?@localhost", [root]);
  await db1.query("ALTER USER session_store_admin@localhost IDENTIFIED BY 'somebody else''s'");
  await db1.query("ALTER USER ?@localhost IDENTIFIED BY 'unknown'", [root]);
  try {
    expect(await seen("sessions-db1", "state")).toBe("login refused");
    const { message, seconds } = await failureOf(up());
    expect(message).toContain("db1");
    expect(message).toContain("session_store_admin");
    expect(message).toContain("unix_socket");
    expect(seconds).toBeLessThan(20);
  } finally {
    await db1.query(former.replace(/^CREATE/, "ALTER"));
  }
  await up();
  await expectHealthy();
});

describe.each([
  ["at once", { max_connections: 700 }, "max_connections"],
  ["by a restart", { back_log: 120 }, "back_log"],
  ["with stopped replica threads", { slave_parallel_threads: 3 }, "slave_parallel_threads"],
] as const)("a setting that changes %s", (_way, settings, variable) => {
  testWithMounts.each([
    ["is full", "ENOSPC", (folder: string) => Mounted.small(folder, 4)],
    ["is read-only", "EROFS", (folder: string) => Mounted.readOnly(folder)],
  ] as const)("is not begun where the disk %s, and takes effect when the disk is well", async (_state, code, spoil) => {
    const db1 = await pair.root(1);
    const former = [await readFile(settingsFile(1), "utf8"), await db1.value(`SELECT @@GLOBAL.${variable}`)];
    {
      using _mounted = spoil(path.dirname(settingsFile(1)));
      if (code === "ENOSPC") await fill(path.dirname(settingsFile(1)));
      expect(await seen("sessions-db1", "state")).toBe("running");
      const { message, seconds } = await failureOf(up({ settings }));
      expect(message).toMatch(new RegExp(`db1.*${code}`, "s"));
      expect(seconds).toBeLessThan(60);
      const now = await pair.root(1);
      expect([await readFile(settingsFile(1), "utf8"), await now.value(`SELECT @@GLOBAL.${variable}`)]).toEqual(former);
    }
    await up();
    await expectHealthy();
    await up({ settings });
    await expectHealthy({ settings });
    await up();
  });
});

/** Writes until the disk is full. */
async function fill(folder: string): Promise<void> {
  const file = path.join(folder, "filler");
  for (let size = 0; size < 1 << 20; size += 512) {
    try {
      await writeFile(file, "x".repeat(512), { flag: "a" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOSPC") return;
      throw error;
    }
  }
  throw new Error(`${folder} does not get full`);
}

test("a value that the server refuses at its start is taken back, with the server's own words, and the other node is spared", async () => {
  const before = await Promise.all(
    ([1, 2] as const).map(async (number) => ({
      text: await readFile(settingsFile(number), "utf8"),
      pid: await pidOf(number),
    })),
  );
  const { message } = await failureOf(up({ settings: { innodb_page_size: 8192 } }));
  expect(message).toMatch(/db[12] does not start with the new settings.*\[ERROR\] InnoDB: .*page.size.*was put back/is);
  const after = await Promise.all(
    ([1, 2] as const).map(async (number) => ({
      text: await readFile(settingsFile(number), "utf8"),
      pid: await pidOf(number),
    })),
  );
  expect(after.map(({ text }) => text)).toEqual(before.map(({ text }) => text));
  // One was restarted, the other not.
  expect(after.filter(({ pid }, index) => pid === before[index]?.pid)).toHaveLength(1);
  await expectHealthy();
});

test("a second run waits for the first, and is refused with the name of who holds the pair", async () => {
  await using first = await openServer(pair.connection(1));
  await using second = await openServer(pair.connection(1));
  await lockServers([first], 1);
  const { message, seconds } = await failureOf(lockServers([second], 1));
  expect(message).toMatch(/db1 has been locked by another run.*session_store_admin@localhost/s);
  expect(seconds).toBeGreaterThan(0.9);
  // The next change of that run knows it by now; another run waits as long as the first.
  expect((await failureOf(lockServers([second], 5))).seconds).toBeLessThan(4);
  const another = new Run().within(() => failureOf(lockServers([second], 5)));
  expect((await another).seconds).toBeGreaterThan(4.9);

  const db1 = await pair.root(1);
  await db1.query("STOP SLAVE");
  const run = up();
  const waits = () => db1.value("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'User lock'");
  await until({ what: "the run to wait for the lock", deadline: 30_000 }, async () =>
    (await waits()) === "0" ? { seen: "nobody waits" } : { done: undefined },
  );
  expect(await replicaStatus(db1)).toMatchObject({ sqlThread: "No" });
  await first[Symbol.asyncDispose]();
  await run;
  await expectHealthy();
});

describe("a server of LocalMariaDb", () => {
  test("whose pid file names another process is seen as stopped, and that process is spared", async () => {
    const other = spawn("sleep", ["600"], { stdio: "ignore" });
    try {
      process.kill(await pidOf(2), "SIGKILL");
      await until({ what: "db2 to end", deadline: 10_000 }, async () =>
        (await findProcess(pair.directory(2))) ? { seen: "it runs" } : { done: undefined },
      );
      await writeFile(paths(pair.directory(2)).pidFile, `${other.pid}\n`);
      expect(await seen("db2", "state")).toBe("stopped");
      await up();
      expect(await pidOf(2)).not.toBe(other.pid);
      expect(other.exitCode ?? other.signalCode).toBeNull();
    } finally {
      other.kill("SIGKILL");
    }
    await expectHealthy();
  });

  test("is not made in a directory that is somebody else's, nor removed from there", async () => {
    await using fresh = await Pair.planned();
    const directory = fresh.folder;
    const file = path.join(directory, "somebody's");
    await writeFile(file, "precious");
    const { inputs } = await operations.LocalMariaDb.check({}, { directory, port: fresh.ports[0] });
    expect((await failureOf(operations.LocalMariaDb.create(inputs))).message).toContain(directory);
    await operations.LocalMariaDb.delete(directory, inputs);
    expect(await readFile(file, "utf8")).toBe("precious");
  });

  test("is not made on a port that is taken, and the error names the process that has it", async () => {
    await using fresh = await Pair.planned();
    const taken = net.createServer();
    await new Promise<void>((resolve) => taken.listen(fresh.ports[0], "127.0.0.1", resolve));
    try {
      const { inputs } = await operations.LocalMariaDb.check(
        {},
        { directory: fresh.directory(1), port: fresh.ports[0] },
      );
      const { message } = await failureOf(operations.LocalMariaDb.create(inputs));
      expect(message).toContain(`port ${fresh.ports[0]}`);
      expect(message).toContain(`process ${process.pid}`);
    } finally {
      await new Promise((resolve) => taken.close(resolve));
    }
  });

  testWithMounts("is made, once there is room, where the disk was full while its data were made", async () => {
    await using fresh = await Pair.planned();
    using disk = Mounted.small(fresh.folder, 8 * 1024);
    const { inputs } = await operations.LocalMariaDb.check({}, { directory: fresh.directory(1), port: fresh.ports[0] });
    const { message, seconds } = await failureOf(operations.LocalMariaDb.create(inputs));
    expect(message).toContain(fresh.directory(1));
    expect(message).toMatch(/space|full|ENOSPC/i);
    expect(message.length).toBeLessThan(3000);
    expect(seconds).toBeLessThan(60);
    disk.resize(400 * 1024);
    await operations.LocalMariaDb.create(inputs);
    expect(await findProcess(fresh.directory(1))).toBeGreaterThan(0);
    await stop(fresh.directory(1));
  });

  test("whose directory was removed under it is told apart from one that is stopped, and is not doubled", async () => {
    const pid = await pidOf(2);
    await rm(pair.directory(2), { recursive: true });
    try {
      expect(await seen("db2", "state")).toBe("no data");
      const { message, seconds } = await failureOf(up());
      expect(message).toContain(pair.directory(2));
      expect(message).toContain(`process ${pid}`);
      expect(seconds).toBeLessThan(30);
    } finally {
      process.kill(pid, "SIGKILL");
    }
    await until({ what: "db2 to end", deadline: 10_000 }, async () =>
      (await findProcess(pair.directory(2))) ? { seen: "it runs" } : { done: undefined },
    );
    await up();
    expect((await stat(paths(pair.directory(2)).data)).isDirectory()).toBe(true);
    await up();
    await expectHealthy();
  });
});

test("a run whose server is stopped by the run that it waits for says whom it waited for", async () => {
  await using first = await openServer(pair.connection(1));
  await using second = await openServer(pair.connection(1));
  await lockServers([first]);
  const id = await second.value("SELECT CONNECTION_ID()");
  const lines: string[] = [];
  const waiting = new Run((line) => lines.push(line)).within(() => failureOf(lockServers([second])));
  await until({ what: "the second run to wait", deadline: 10_000 }, async () =>
    lines.length > 0 ? { done: undefined } : { seen: "no line" },
  );
  await (await pair.root(1)).query(`KILL ${id}`);
  expect((await waiting).message).toMatch(
    /^db1 .*while another run was changing it \(connection \d+ of session_store_admin@localhost/,
  );
  expect(lines[0]).toMatch(/^waiting for another change of db1 to end/);
});
