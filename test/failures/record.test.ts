import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { openServer } from "../../provider/src/mariadb/open";
import type { Entry } from "../../provider/src/recipe/record";
import { inOperation, recorded } from "../../provider/src/record/recorder";
import { Run } from "../../provider/src/run";
import { until } from "../../provider/src/waiting";
import { testWithMounts } from "../support/local/mounts";
import { SmallDisk } from "../support/local/smallDisk";
import { type TestServer, testServer } from "../support/local/testServer";
import { readRecord } from "../support/record";

/** Where an operator asked for a record, no change is made without its line: whatever ends the process, and however many write at a time. */

const DIST = path.resolve(__dirname, "../../provider/dist");
const MEANT = { operation: "create", id: "it" } as const;

let folder: string;
let file: string;
let server: TestServer;

beforeAll(async () => {
  server = await testServer();
}, 60_000);
afterAll(() => server?.[Symbol.asyncDispose]());
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-record-"));
  file = path.join(folder, "record.jsonl");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function inRun<T>(target: string, work: () => Promise<T>): Promise<T> {
  process.env["SESSION_STORE_RECORD"] = target;
  try {
    return await new Run().within(work);
  } finally {
    delete process.env["SESSION_STORE_RECORD"];
  }
}

/** What a run does in a process of its own, with a record. `record`, `run`, `open` and `connection` are there for it. */
function started(script: string) {
  const text = `
    const record = require(${JSON.stringify(path.join(DIST, "record/recorder.js"))});
    const { Run } = require(${JSON.stringify(path.join(DIST, "run.js"))});
    const { openServer } = require(${JSON.stringify(path.join(DIST, "mariadb/open.js"))});
    const connection = ${JSON.stringify(server.connection)};
    new Run().within(async () => { ${script} });`;
  return spawn(process.execPath, ["-e", text], {
    env: { ...process.env, SESSION_STORE_RECORD: file },
    stdio: "inherit",
  });
}

const entries = async (): Promise<readonly Entry[]> => {
  const { entries: all, findings } = await readRecord((await readFile(file, "utf8")).split("\n"));
  expect(findings).toEqual([]);
  return all;
};
const statements = (all: readonly Entry[]) =>
  all.flatMap(({ begun, ended }) => (begun.event === "statement" ? [[begun.statement, ended?.outcome]] : []));
const databases = async (): Promise<string[]> =>
  (await server.root.query("SHOW DATABASES LIKE 'made\\_%'")).map((row) => String(Object.values(row)[0]));

testWithMounts(
  "a change that its full disk does not let the record take is not made, and the next operation does not begin",
  async () => {
    const place = path.join(folder, "small");
    await mkdir(place);
    using disk = SmallDisk.over(place, 6 << 10);
    file = path.join(place, "record.jsonl");
    await inRun(file, async () => {
      const work = async () => {
        await using session = await openServer(server.connection);
        await session.query("CREATE DATABASE made_1");
        disk.fill();
        for (let number = 2; number < 30; number++) await session.query("CREATE DATABASE ??", [`made_${number}`]);
      };
      await expect(inOperation(MEANT, work, String)).rejects.toThrow(
        /^the record SESSION_STORE_RECORD=.*(ENOSPC|disk is full)/,
      );
      // What was made before has its line.
      const made = await databases();
      const said = (await readRecord((await readFile(file, "utf8")).split("\n"))).entries;
      const told = said.flatMap(({ begun }) =>
        begun.event === "statement" ? [String(begun.values?.[0] ?? "made_1")] : [],
      );
      expect(made.length).toBeGreaterThan(0);
      expect(made.length).toBeLessThan(29);
      expect(told).toEqual(expect.arrayContaining(made));
      const next = jest.fn(async () => undefined);
      await expect(inOperation(MEANT, next, String)).rejects.toThrow(/less than 4 MiB left/);
      expect(next).not.toHaveBeenCalled();
    });
    for (const name of await databases()) await server.root.query("DROP DATABASE ??", [name]);
  },
);

test("a process that is killed leaves the statement that it was at, with an outcome that is not known", async () => {
  const child = started(`
    const session = await openServer(connection);
    await session.query("CREATE DATABASE made_3");
    await session.query("CREATE TABLE made_3.slow SELECT SLEEP(60) AS x");`);
  const wait = { what: "the statement to run", deadline: 20_000 };
  await until(wait, async () => {
    const running = "SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'CREATE TABLE made_3%'";
    return (await server.root.row(running)) ? { done: undefined } : { seen: "not yet" };
  });
  child.kill("SIGKILL");
  const slow = "CREATE TABLE made_3.slow SELECT SLEEP(60) AS x";
  expect(statements(await entries())).toEqual([
    ["CREATE DATABASE made_3", "ok"],
    [slow, undefined],
  ]);
  const { stdout } = await sessionStore("history", "--failed", file);
  expect(stdout).toMatch(/db1, as session_store_admin: CREATE TABLE made_3\.slow .* \| outcome not known\n$/);
});

test("lines of several processes at a time stay whole, however long they are", async () => {
  const [processes, changes] = [3, 40];
  const children = Array.from({ length: processes }, (_, index) =>
    started(`
      for (let number = 0; number < ${changes}; number++) {
        const statement = String(${index}).repeat(100_000 + number);
        await record.recorded(() => ({ event: "statement", host: "h", node: "n", as: "a", statement }), async () => undefined);
      }`),
  );
  const codes = await Promise.all(children.map((child) => new Promise((resolve) => child.once("exit", resolve))));
  expect(codes).toEqual(children.map(() => 0));
  const all = await entries();
  expect(all.filter(({ ended }) => ended?.outcome === "ok")).toHaveLength(processes * changes);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

const run = promisify(execFile);
const COMMAND = path.join(DIST, "../bin/session-store.cjs");
const sessionStore = (...args: string[]) => run(process.execPath, [COMMAND, ...args]);

test("`session-store history` reads what is piped to it, and ends with who reads it", async () => {
  await inRun(file, () =>
    Promise.all(
      Array.from({ length: 3000 }, async (_, number) =>
        recorded(
          () => ({ event: "remove file", host: "m1", path: `/tmp/${number}` }),
          async () => undefined,
        ),
      ),
    ),
  );
  const { stdout, stderr } = await run("bash", [
    "-c",
    `set -o pipefail; cat '${file}' | '${process.execPath}' '${COMMAND}' history - | head -n 1`,
  ]);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/m1: removes \/tmp\/0 \| ok, \d+ ms\n$/);
});

describe("the syslog of this machine", () => {
  const has = (program: string) =>
    (process.env["PATH"] ?? "").split(":").some((place) => existsSync(path.join(place, program)));
  const testWithSyslog = has("logger") && has("perl") ? test : test.skip;
  /** Takes datagrams as a syslog does, and writes each into a line of a file. */
  const LISTENER = `use Socket; $| = 1; socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, pack_sockaddr_un($ARGV[0])) or die;
    print "ready\\n"; while (defined recv(S, $m, 1 << 20, 0)) { print "$m\\n" }`;

  testWithSyslog(
    "gets a line before and after each change, whole, with the tag and facility that the documentation names",
    async () => {
      const socket = path.join(folder, "log");
      const listener = spawn("perl", ["-e", LISTENER, socket], { stdio: ["ignore", "pipe", "inherit"] });
      let heard = "";
      listener.stdout.setEncoding("utf8").on("data", (text: string) => {
        heard += text;
      });
      const count = (lines: number) =>
        until({ what: "the syslog to hear it", deadline: 10_000 }, async () =>
          heard.split("\n").length > lines ? { done: undefined } : { seen: heard },
        );
      try {
        await count(1);
        const long = "x".repeat(20_000);
        const change = { event: "statement", host: "m1", node: "db1", as: "a", statement: long } as const;
        await inRun(`syslog:${socket}`, () =>
          recorded(
            () => change,
            () => count(2),
          ),
        );
        await count(3);
      } finally {
        listener.kill();
      }
      const lines = heard.split("\n").slice(1);
      // authpriv is 10, notice is 5.
      expect(lines[0]).toMatch(/^<85>.*session-store: \{"run":"/);
      expect(await readRecord(lines)).toMatchObject({
        entries: [{ begun: { statement: "x".repeat(20_000) }, ended: { outcome: "ok" } }],
        findings: [],
      });
    },
  );

  testWithSyslog("is missing: nothing is changed", async () => {
    const work = jest.fn(async () => undefined);
    const target = `syslog:${path.join(folder, "nobody")}`;
    await expect(inRun(target, () => inOperation(MEANT, work, String))).rejects.toThrow(/is not reached .*nobody/);
    expect(work).not.toHaveBeenCalled();
  });

  test("can't be had without the program for it: nothing is changed, and an error says so", async () => {
    const { PATH } = process.env;
    const work = jest.fn(async () => undefined);
    process.env["PATH"] = folder;
    try {
      await expect(inRun("syslog:", () => inOperation(MEANT, work, String))).rejects.toThrow(
        /needs the program logger/,
      );
    } finally {
      process.env["PATH"] = PATH;
    }
    expect(work).not.toHaveBeenCalled();
  });
});
