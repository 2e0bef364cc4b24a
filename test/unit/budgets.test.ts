import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

/** The account at the end of `npm test`, of results as jest writes them. */

const repository = path.resolve(__dirname, "../..");
const budgets = pathToFileURL(path.join(repository, "tools", "budgets.mjs"));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-budgets-"));
});
afterAll(() => rm(folder, { recursive: true }));

const file = (name: string, seconds: number, ...statuses: string[]) => ({
  name: path.join(repository, "test", name),
  startTime: 1000,
  endTime: 1000 + seconds * 1000,
  assertionResults: statuses.map((status) => ({ status })),
});

async function account(
  testResults: object[],
  wall: number,
  slowness = "",
): Promise<{ text: string; exceeded: boolean }> {
  const results = path.join(folder, "results.json");
  await writeFile(results, JSON.stringify({ testResults }));
  const script = `import { accountOf, figuresOf } from "${budgets}";
    console.log(JSON.stringify(await accountOf(await figuresOf("${results}", "${results}.none"), ${wall})));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
    env: { ...process.env, SESSION_STORE_TEST_SLOWNESS: slowness },
  });
  return JSON.parse(stdout);
}

/** The numbers of a row of the table. */
const row = (text: string, project: string) =>
  text
    .split("\n")
    .find((line) => line.includes(` ${project} `))
    ?.split("│")
    .slice(2, -1)
    .map((cell) => cell.trim());

test("files are added up to their project, and what is skipped or was not run is seen", async () => {
  const { text, exceeded } = await account(
    [
      file("contract/a.test.ts", 20, "passed", "failed"),
      file("contract/b.test.ts", 11, "passed", "pending", "todo"),
      file("hosts/c.test.ts", 0, "pending"),
    ],
    40,
  );
  expect(row(text, "contract")?.slice(0, 4)).toEqual(["2", "1", "2", "31 s"]);
  expect(row(text, "hosts")?.slice(0, 4)).toEqual(["0", "0", "1", "0 s"]);
  expect(row(text, "failures")?.slice(0, 4)).toEqual(["-", "-", "-", "-"]);
  expect(row(text, "all")).toEqual(["2", "1", "3", "40 s", "1800 s"]);
  expect(exceeded).toBe(false);
});

test("what the projects may take fits into what all may take: the check, then forty seconds alone, then two files at a time", async () => {
  const { text } = await account([], 0);
  const budget = (project: string) => Number.parseInt(row(text, project)?.at(-1) ?? "", 10);
  const files = budget("contract") + budget("lifecycle") + budget("failures") + budget("hosts");
  expect(budget("unit") + 40 + files / 2).toBeLessThanOrEqual(budget("all"));
});

test("a project that takes longer than its budget is named, and so is all of it", async () => {
  const slow = [file("failures/a.test.ts", 5000, "passed"), file("contract/b.test.ts", 10, "passed")];
  const one = await account(slow, 100);
  expect(one.exceeded).toBe(true);
  expect(one.text.match(/^TOO SLOW: .*/gm)).toEqual([
    expect.stringMatching(/^TOO SLOW: the project "failures" took 5000 s, its budget is \d+ s\.$/),
  ]);
  const all = await account([], 1801);
  expect(all.exceeded).toBe(true);
  expect(all.text).toContain("TOO SLOW: all of it took 1801 s, its budget is 1800 s.");
});

test("a slower machine gets longer, and a factor that is none is refused", async () => {
  expect(await account([], 1801, "2")).toMatchObject({ exceeded: false, text: expect.stringContaining("3600 s") });
  await expect(account([], 1, "fast")).rejects.toThrow('SESSION_STORE_TEST_SLOWNESS is "fast"; give a number');
});
