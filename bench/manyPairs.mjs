// @ts-check
/** `npm run bench:pairs`: what one program with many pairs takes, in time and memory, as their number grows. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Command } from "commander";
import { freePorts } from "../tools/freePorts.mjs";
import { buildLibrary } from "../tools/library.mjs";
import { mariadbReady } from "../tools/mariadb.mjs";
import { installPackages } from "../tools/packages.mjs";
import { repository } from "../tools/places.mjs";
import { main } from "../tools/run.mjs";
import { say } from "../tools/say.mjs";
import { machineFacts } from "./machine.mjs";
import { growingNumbers, wholeNumber } from "./options.mjs";
import { environment, makeProject } from "./project.mjs";
import { PASSWORDS } from "./shellPair.mjs";
import { machineTable, median, spread, table } from "./tables.mjs";

const options = new Command("npm run bench:pairs --")
  .option("--pairs <numbers>", "how many pairs", growingNumbers, [1, 5, 10, 20])
  .option("--runs <number>", "how often a preview is measured at each", wholeNumber, 3)
  .option("--strict", "end with 1 when time or memory grow faster than the number of pairs")
  .option("--out <file>", "where the table goes", path.join(repository, "bench", "PAIRS.md"))
  .parse()
  .opts();

/** @typedef {{ pairs: number, up: number, previews: import("./measure.mjs").Measured[] }} Step */

await main(async () => {
  await installPackages();
  await buildLibrary();
  await mariadbReady();
  /** @type {number[]} */
  const counts = options.pairs;
  const folder = await mkdtemp(path.join(tmpdir(), "session-store-bench-"));
  const env = await environment(path.join(folder, "state"), { name: "Node", node: process.execPath });
  const machine = await machineFacts(env);
  const firstPort = await freePorts(12_000 + Math.floor(Math.random() * 100) * 100, 2 * Math.max(...counts));
  const project = await makeProject({
    program: "pairs",
    folder: path.join(folder, "program"),
    env,
    config: { folder: path.join(folder, "servers"), firstPort: `${firstPort}`, pairs: "0" },
    secrets: PASSWORDS,
  });
  try {
    /** @type {Step[]} */
    const steps = [];
    for (const pairs of counts) steps.push(await grow(project, pairs));
    const text = report(steps, machine);
    await writeFile(options.out, text);
    process.stdout.write(text);
    return options.strict && !MEASURES.every((measure) => growsNoFaster(steps, measure)) ? 1 : 0;
  } finally {
    await project.command("destroy", "--yes", "--skip-preview");
    await rm(folder, { recursive: true, force: true });
  }
});

/** @param {import("./project.mjs").Project} project @param {number} pairs @returns {Promise<Step>} */
async function grow(project, pairs) {
  say(`${pairs} pairs`);
  await project.configure({ pairs: `${pairs}` });
  const { seconds } = await project.command("up", "--yes", "--skip-preview");
  const previews = [];
  for (let run = 0; run < options.runs; run++) {
    previews.push(await project.command("preview", "--expect-no-changes"));
  }
  return { pairs, up: seconds, previews };
}

/** @typedef {"seconds" | "cpu" | "plugin"} Measure */

/** Of a preview, in the middle of its runs. @param {Step} step @param {Measure} measure */
const typical = ({ previews }, measure) => median(previews.map((run) => run[measure] ?? Number.NaN));

/**
 * What one more pair costs on the way from one step to the next.
 * @param {Step} from
 * @param {Step} to
 * @param {Measure} measure
 */
const perPair = (from, to, measure) => (typical(to, measure) - typical(from, measure)) / (to.pairs - from.pairs);

/**
 * A straight line, or flatter: from the first to the last a pair costs no more than from the first to the last but one, a fifth allowed
 * for the machine's moods.
 * @param {readonly Step[]} steps
 * @param {Measure} measure
 */
function growsNoFaster(steps, measure) {
  const [first, middle, last] = [steps[0], steps.at(-2), steps.at(-1)];
  if (!first || !middle || !last || first === middle) return true;
  return perPair(first, last, measure) <= 1.2 * perPair(first, middle, measure);
}

const CLAIMS = /** @type {const} */ ({
  seconds: "The time of a preview",
  cpu: "Its CPU time",
  plugin: "The memory of the plugin process",
});
const MEASURES = /** @type {Measure[]} */ (Object.keys(CLAIMS));

/** @param {readonly Step[]} steps @param {Measure} measure @returns {string} a sentence with the figures that decide it */
function claim(steps, measure) {
  const [first, middle, last] = [steps[0], steps.at(-2), steps.at(-1)];
  if (!first || !middle || !last || first === middle) return `${CLAIMS[measure]}: three steps are needed to tell.`;
  const unit = measure === "plugin" ? "MB" : "s";
  const figure = (/** @type {Step} */ to) =>
    `${perPair(first, to, measure).toFixed(2)} ${unit} from ${first.pairs} to ${to.pairs}`;
  const verdict = growsNoFaster(steps, measure) ? "no faster" : "faster";
  return `${CLAIMS[measure]} grows ${verdict} than the number of pairs: for each more, ${figure(middle)}, and ${figure(last)}.`;
}

/** @param {readonly Step[]} steps @param {Record<string, string | number>} machine @returns {string} Markdown */
function report(steps, machine) {
  const rows = steps.map((step) => [
    `${step.pairs}`,
    step.up.toFixed(1),
    ...MEASURES.map((measure) =>
      spread(
        step.previews.flatMap((run) => run[measure] ?? []),
        measure === "plugin" ? 0 : 2,
      ),
    ),
  ]);
  return `# Many pairs in one program

Real servers on this machine, two for each pair; each row adds pairs to those of the row above. \`up\` makes the added servers and their pairs
and looks at the others. Previews with nothing to change, with \`options.refresh: always\`: median of ${options.runs} (least to most).

${table(["pairs", "up, seconds", "preview, seconds", "its CPU time, seconds", "plugin process, MB"], rows)}

${MEASURES.map((measure) => `- ${claim(steps, measure)}`).join("\n")}

A fifth is allowed for the machine's moods.

${machineTable(machine)}
`;
}
