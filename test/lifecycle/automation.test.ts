import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";

/** Programs within another one, which stays alive whatever becomes of them. */

jest.setTimeout(120_000);

const repository = path.resolve(__dirname, "..", "..");
const inline = path.join(repository, "test", "support", "cli", "inlineProgram.cjs");
const printer = path.join(repository, "tools", "printEnvironment.mjs");

let folder: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-"));
  const printed = execFileSync(process.execPath, [printer, path.join(folder, "state")], { encoding: "utf8" });
  env = JSON.parse(printed) as NodeJS.ProcessEnv;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the caller is told, and which types of resources the state then has. */
async function run(command: "preview" | "up", what: "other" | "emptyLater" | "emptyAtOnce") {
  const options = { env, cwd: repository, timeout: 60_000 };
  const { stdout } = await promisify(execFile)(process.execPath, [inline, command, what], options);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { text: string; types: string[] };
}

const EMPTY = 'ReplicatedSessionStore "sessions": proxy.password: must not be empty: give the account a password.';

it("a password that turns out to be empty ends preview and up with its line, and takes nothing away that the program did not come to", async () => {
  const { types } = await run("up", "other");
  expect(types).toContain("test:index:Other");
  for (const command of ["preview", "up"] as const) {
    const { text, types } = await run(command, "emptyLater");
    expect(text).toContain(EMPTY);
    expect(text).not.toMatch(/marker-|unhandled|delet/i);
    expect(types).toContain("test:index:Other");
  }
});

it("a password that is empty at once is told without a stack", async () => {
  const { text } = await run("preview", "emptyAtOnce");
  expect(text).toContain(EMPTY);
  expect(text).not.toMatch(/marker-|unhandled exception/i);
});
