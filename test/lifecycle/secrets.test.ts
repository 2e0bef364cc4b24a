import * as fs from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import * as net from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { CommandResult } from "../support/cli/cli";
import { expectSuccess, PASSWORDS, type Pair, pairProgram, pairProject } from "../support/cli/pairProgram";
import { processesBelow } from "../support/processes";
import { sessionStore } from "../support/sessionStore";

jest.setTimeout(300_000);

/**
 * The program has its passwords from a file, not from the configuration: the CLI itself would replace what is configured as a
 * secret by [secret] in all that it writes, and hide our mistakes.
 */
const PROGRAM = pairProgram()
  .replaceAll(/config\.requireSecret\("(\w+)"\)/g, "pulumi.secret(passwords.$1)")
  .replace("const config", 'const passwords = require("./passwords.json");\nconst config');

const MARKERS = Object.values(PASSWORDS);
const outputs: CommandResult[] = [];

let pair: Pair;
let records: string;
/** What the operator's SESSION_STORE_RECORD says. */
let record: string;

beforeAll(async () => {
  records = await mkdtemp(path.join(tmpdir(), "session-store-record-"));
  record = path.join(records, "record.jsonl");
  pair = await pairProject(PROGRAM, { SESSION_STORE_RECORD: record });
  await writeFile(path.join(pair.project.program, "passwords.json"), JSON.stringify(PASSWORDS), { mode: 0o600 });
});

afterAll(async () => {
  await pair?.[Symbol.asyncDispose]();
  await rm(records, { recursive: true });
});

/**
 * The lines in which a password stands, cut so that a failure can be read. From -v=9 on the engine logs each value that goes between
 * it and any plugin in clear text, as Pulumi's documentation warns; what is not that trace must hold no password at any verbosity.
 */
function leaks(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => !/"msg":"(Unm|M)arshaling property for RPC\[/.test(line))
    .filter((line) => MARKERS.some((marker) => line.includes(marker)))
    .map((line) => line.slice(0, 300));
}

/** Runs a command and, all the while, reads the command lines of all that it started: their environments name the project's folder. */
async function withCommandLines(work: Promise<CommandResult>): Promise<{ result: CommandResult; seen: Set<string> }> {
  const seen = new Set<string>();
  const look = () => {
    for (const pid of fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        if (!fs.readFileSync(`/proc/${pid}/environ`, "utf8").includes(pair.project.folder)) continue;
        seen.add(fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "));
      } catch {
        // It has just ended.
      }
    }
  };
  const timer = setInterval(look, 20);
  try {
    return { result: await work, seen };
  } finally {
    clearInterval(timer);
  }
}

it("no password stands in the output of the first up, nor in a process's command line meanwhile", async () => {
  const { result, seen } = await withCommandLines(pair.project.up());
  outputs.push(result);
  expect(leaks(expectSuccess(result))).toEqual([]);
  // The commands that could have had one were seen.
  expect([...seen].filter((line) => line.includes("mariadb-install-db"))).not.toEqual([]);
  expect([...seen].filter((line) => line.includes("dynamic-provider"))).not.toEqual([]);
  expect(leaks([...seen].join("\n"))).toEqual([]);
});

it("no password stands in what preview, refresh and up say of changed passwords and links, nor in the general and slow logs", async () => {
  const logs: string[] = [];
  for (const server of [pair.db1, pair.db2]) {
    const [general, slow] = ["general.log", "slow.log"].map((name) => path.join(server.directory, name));
    logs.push(`${general}`, `${slow}`);
    await server.run(
      "SET GLOBAL log_output='FILE'",
      `SET GLOBAL general_log_file='${general}', slow_query_log_file='${slow}'`,
      "SET GLOBAL general_log=1, slow_query_log=1, long_query_time=0",
    );
  }
  await pair.db1.run("DROP USER binarylog_user", "STOP SLAVE", "RESET SLAVE ALL");
  await pair.db2.run(
    "SET PASSWORD FOR nevisproxy_user@'%' = PASSWORD('by hand')",
    "SET PASSWORD FOR session_store_admin@localhost = PASSWORD('by hand')",
  );
  // Preview, then up: what each says, and the first with all that the engine can say.
  const preview = await pair.project.preview("--diff", "-v=9", "--logtostderr");
  expect(preview.output.length).toBeGreaterThan(100_000);
  const refresh = await pair.project.refresh("--diff");
  const up = await pair.project.up("--diff");
  for (const result of [preview, refresh, up]) expect(leaks(expectSuccess(result))).toEqual([]);

  for (const server of [pair.db1, pair.db2])
    await server.run("SET GLOBAL general_log=0, slow_query_log=0, long_query_time=10");
  const said = (await Promise.all(logs.map((log) => readFile(log, "utf8")))).join("\n");
  expect(said).toMatch(/START SLAVE/);
  expect(said).toMatch(/CREATE USER IF NOT EXISTS 'binarylog_user'/);
  expect(leaks(said)).toEqual([]);
  for (const log of logs) await rm(log);
});

it("no password stands in the errors of an up that fails: a refused setting, then a server that can't be started", async () => {
  await pair.project.writeProgram(PROGRAM.replace("monitor:", "settings: { max_conections: 5 },\n  monitor:"));
  const refused = await pair.project.up("--diff");
  expect(refused.code).not.toBe(0);
  expect(refused.output).toMatch(/max_conections/);
  expect(leaks(refused.output)).toEqual([]);
  await pair.project.writeProgram(PROGRAM);

  await pair.db2.kill();
  const squatter = net.createServer();
  await new Promise<void>((resolve, reject) => {
    squatter.once("error", reject).listen(pair.ports[1], "127.0.0.1", resolve);
  });
  const down = await pair.project.up("--diff");
  await new Promise((resolve) => squatter.close(resolve));
  expect(down.code).not.toBe(0);
  expect(down.output).toContain(`port ${pair.ports[1]} of 127.0.0.1 is taken by process ${process.pid}`);
  expect(leaks(down.output)).toEqual([]);

  expectSuccess(await pair.project.up());
});

it("no password stands in the record, which nobody else may read, and in which `session-store history` shows what was done", async () => {
  expect(leaks(await readFile(record, "utf8"))).toEqual([]);
  expect((await stat(record)).mode & 0o777).toBe(0o600);
  const { out, err, code } = await sessionStore("history", record);
  expect({ err, code }).toEqual({ err: "", code: 0 });
  const who =
    "| create SessionStoreUsers sessions-db1-users of organization/sessions/test | db1, as session_store_admin:";
  expect(out).toContain(
    `${who} CREATE USER IF NOT EXISTS "binarylog_user"@"%" IDENTIFIED VIA mysql_native_password USING "***" | ok,`,
  );
  expect(out).toMatch(
    /\| update ReplicationLink \S+ of organization\/sessions\/test \| db1, .*MASTER_PASSWORD="\*\*\*"/,
  );
  // The server that could not be started.
  const failed = await sessionStore("history", "--failed", record);
  expect(failed.out).toMatch(
    / update LocalMariaDb db2 .* starts the server \| failed: port \d+ of 127\.0\.0\.1 is taken by process \d+/,
  );
});

it("where the record is refused, so is the change, and the servers are left as they are", async () => {
  const link = path.join(records, "link");
  await symlink(record, link);
  const before = [await readFile(record, "utf8"), await pair.db1.variable("max_connections")];
  await pair.project.writeProgram(PROGRAM.replace("monitor:", "settings: { max_connections: 77 },\n  monitor:"));
  const { code, output } = await pair.project.run(["up", "--yes", "--skip-preview"], {
    environment: { SESSION_STORE_RECORD: link },
  });
  await pair.project.writeProgram(PROGRAM);
  expect(code).not.toBe(0);
  expect(output).toContain(`the record SESSION_STORE_RECORD=${link} is a symbolic link`);
  expect([await readFile(record, "utf8"), await pair.db1.variable("max_connections")]).toEqual(before);
  expect(await readFile(pair.db1.settingsFile, "utf8")).not.toContain("77");
});

it("no password stands in the exported state, which names them as secrets", async () => {
  const state = await pair.project.exportState();
  expect(state).toMatch(/"ciphertext"/);
  expect(leaks(state)).toEqual([]);
});

it("no password stands in the binary logs, nor in a file that others may read", async () => {
  let binaryLogs = 0;
  const read: string[] = [];
  for (const file of await filesBelow(pair.project.folder)) {
    const isBinaryLog = /\/mariadbmaster-bin\.\d+$/.test(file);
    if (!isBinaryLog && ((await stat(file)).mode & 0o004) === 0) continue;
    if (isBinaryLog) binaryLogs++;
    if (leaks(await readFile(file, "latin1")).length > 0) read.push(file);
  }
  expect(binaryLogs).toBeGreaterThanOrEqual(2);
  expect(read).toEqual([]);
  expect(processesBelow(pair.project.folder)).toHaveLength(2);
});

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}
