import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";

jest.setTimeout(600_000);

/** `npm run bench` over SSH, shortened to one run of each contender, without Ansible, which it would have to install. How long things take depends on the machine: nothing is asked of that here. */

interface Measured {
  seconds: number;
  tree: number;
}
type Steps = Record<"first up" | "no-op" | "one drift repaired", Measured>;
interface HostResults {
  rounds: (Record<string, Steps> & { handshakes: number[] })[];
}

const bench = path.resolve(__dirname, "..", "..", "bench", "index.mjs");
let folder: string;
let pid: number | undefined;
let results: HostResults;

beforeAll(async () => {
  // Its name is longer than a unix socket's may be.
  folder = await mkdtemp(path.join(tmpdir(), `session-store-${"long".repeat(25)}-`));
  const options = ["--runs", "1", "--no-warm-up", "--no-local", "--no-ansible", "--out", folder];
  // It fails where a contender's pair does not pass the check, or rows don't cross both ways.
  const done = promisify(execFile)(process.execPath, [bench, ...options], { env: { ...process.env, TMPDIR: folder } });
  pid = done.child.pid;
  await done;
  const raw = JSON.parse(await readFile(path.join(folder, "raw.json"), "utf8")) as { hosts: [HostResults] };
  [results] = raw.hosts;
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const CONTENDERS = ["floor", "ours", "script"];

it("measures each contender at each step", () => {
  const [round] = results.rounds;
  for (const who of CONTENDERS) {
    const steps = round?.[who];
    expect(Object.keys(steps ?? {})).toEqual(["first up", "no-op", "one drift repaired"]);
    for (const { seconds } of Object.values(steps ?? {})) expect(seconds).toBeGreaterThan(0.05);
  }
  // The restart of both servers is in it.
  expect(round?.["script"]?.["first up"].seconds).toBeGreaterThan(Number(round?.["script"]?.["no-op"].seconds));
});

it("each of our commands makes one SSH connection to each host, by the word of its sshd", () => {
  expect(results.rounds[0]?.handshakes).toEqual([1, 1, 1, 1, 1, 1]);
});

it("writes a table with a number in every row, and the targets", async () => {
  const text = await readFile(path.join(folder, "RESULTS.md"), "utf8");
  const rows = text.split("\n").filter((line) => /^\| (first up|no-op|one drift repaired) \|/.test(line));
  expect(rows).toHaveLength(3 * CONTENDERS.length);
  for (const row of rows) expect(row).toMatch(/ \| \d+\.\d\d \(\d+\.\d\d–\d+\.\d\d\) \| \d+\.\d\d \(.*\) \| \d+ \(/);
  const targets = text.split("\n").filter((line) => /\| (met|missed) \|$/.test(line));
  expect(targets).toHaveLength(3);
});

it("leaves nothing of its work behind", async () => {
  expect((await readdir(folder)).filter((name) => name.startsWith("session-store-bench-"))).toEqual([]);
  expect((await readdir("/tmp")).filter((name) => name.startsWith(`bench-ssh-${pid}-`))).toEqual([]);
});
