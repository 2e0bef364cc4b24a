// @ts-check
/** How long the tests may take, and how long they took. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { repository } from "./places.mjs";
import { Stop } from "./run.mjs";
import { table } from "./table.mjs";

/** Seconds for the files of each project of jest.config.cjs, added up, on two cores, two files at a time. */
const BUDGETS = { unit: 80, contract: 420, lifecycle: 590, failures: 1210, hosts: 1140 };

/** Seconds for all of `npm test` on a machine that is set up: what is fetched, built and installed once does not count. */
const TOTAL = 30 * 60;

/** Multiplies all of them, for a slower machine. */
const SLOWNESS = "SESSION_STORE_TEST_SLOWNESS";

/** @typedef {{ passed: number, failed: number, skipped: number, seconds: number }} Figures  of one project */
/** @typedef {{ name: string, startTime: number, endTime: number, assertionResults: { status: string }[] }} TestFile  as `jest --json` writes it */

/**
 * Adds up the times of a project's files, so that its figure is the same whatever runs beside it in other workers.
 * @param {string[]} files what `jest --json` has written; one that is missing is that of a jest that did not end
 * @returns {Promise<Map<string, Figures>>}
 */
export async function figuresOf(...files) {
  /** @type {Map<string, Figures>} */
  const figures = new Map();
  for (const file of files) {
    const text = await readFile(file, "utf8").catch(() => '{"testResults":[]}');
    /** @type {{ testResults: TestFile[] }} */
    const { testResults } = JSON.parse(text);
    for (const tests of testResults) addTo(figures, tests);
  }
  return figures;
}

/**
 * @param {Map<string, Figures>} figures
 * @param {TestFile} tests
 */
function addTo(figures, { name, startTime, endTime, assertionResults }) {
  const project = path.relative(path.join(repository, "test"), name).split(path.sep)[0] ?? "";
  const { passed, failed, skipped, seconds } = figures.get(project) ?? { passed: 0, failed: 0, skipped: 0, seconds: 0 };
  const count = (/** @type {string} */ status) => assertionResults.filter((one) => one.status === status).length;
  const [more, wrong] = [count("passed"), count("failed")];
  figures.set(project, {
    passed: passed + more,
    failed: failed + wrong,
    skipped: skipped + assertionResults.length - more - wrong,
    // A file all of whose tests are skipped has no times.
    seconds: seconds + Math.max(0, endTime - startTime || 0) / 1000,
  });
}

/**
 * @param {Map<string, Figures>} figures
 * @param {number} wall seconds of all of it
 * @returns {Promise<{ text: string, exceeded: boolean }>} a table, and a line for each budget that was exceeded
 */
export async function accountOf(figures, wall) {
  const slowness = slownessOf(process.env[SLOWNESS]);
  const all = [...figures.values()];
  const sum = (/** @type {"passed" | "failed" | "skipped"} */ what) => all.reduce((total, one) => total + one[what], 0);
  const total = { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped"), seconds: wall };
  const rows = [
    ...Object.entries(BUDGETS).map(([name, budget]) => ({ name, budget, seen: figures.get(name) })),
    { name: "all", budget: TOTAL, seen: total },
  ].map((row) => ({ ...row, budget: row.budget * slowness }));

  const exceeded = rows.filter(({ seen, budget }) => seen && seen.seconds > budget);
  const lines = exceeded.map(
    ({ name, seen, budget }) =>
      `TOO SLOW: ${name === "all" ? "all of it" : `the project "${name}"`} took ${inSeconds(seen?.seconds)}, its budget is ${inSeconds(budget)}.`,
  );
  if (lines.length > 0) {
    lines.push(
      `Make the tests faster, or a long series a command of its own (CONTRIBUTING.md, Tests). If this machine is slower than most, ${SLOWNESS}=2 doubles the budgets.`,
    );
  }
  const cells = rows.map(({ name, seen, budget }) => [
    name,
    ...[seen?.passed, seen?.failed, seen?.skipped].map((count) => String(count ?? "-")),
    inSeconds(seen?.seconds),
    inSeconds(budget),
  ]);
  const head = ["project", "passed", "failed", "skipped", "took", "budget"];
  return { text: [await table(head, cells), ...lines].join("\n"), exceeded: lines.length > 0 };
}

/** @param {number | undefined} seconds */
const inSeconds = (seconds) => (seconds === undefined ? "-" : `${Math.round(seconds)} s`);

/** @param {string | undefined} text */
function slownessOf(text) {
  const slowness = Number(text || 1);
  if (slowness > 0) return slowness;
  throw new Stop(`${SLOWNESS} is "${text}"; give a number greater than 0, such as 2.`);
}
