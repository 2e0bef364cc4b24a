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
import { environment, makeProject } from "./project.mjs";
import { PASSWORDS } from "./shellPair.mjs";
import { machineTable, median, spread, table } from "./tables.mjs";

const options = new Command("npm run bench:pairs --")
  .option("--pairs <numbers>", "how many pairs, growing", "1,5,10,20")
  .option("--runs <number>", "how often a preview is measured at each", Number, 3)
  .option("--strict", "end with 1 when time or memory grow faster than the number of pairs")
  .option("--out <file>", "where the table goes", path.join(repository, "bench", "PAIRS.md"))
  .parse()
  .opts();

/** @typedef {{ pairs: number, up: number, previews: import("./measure.mjs").Measured[] }} Step */

await main(async () => {
  await installPackages();
  await buildLibrary();
  await mariadbReady();
  const counts = String(options.pairs).split(",").map(Number);
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
    const steps = [];
    for (const pairs of counts) steps.push(await grow(project, pairs));
    const text = report(steps, machine);
    await writeFile(options.out, text);
    process.stdout.write(text);
    return options.strict && !growsNoFaster(steps) ? 1 : 0;
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

/** @param {Step} step @returns {number} seconds */
function time({ previews }) {
  return median(previews.map(({ seconds }) => seconds));
}

/** @param {Step} step @returns {number} MB */
function memory({ previews }) {
  return median(previews.map(({ plugin }) => plugin ?? Number.NaN));
}

/**
 * What one more pair costs on the way from one step to the next.
 * @param {Step} from
 * @param {Step} to
 * @param {(step: Step) => number} value
 */
function perPair(from, to, value) {
  return (value(to) - value(from)) / (to.pairs - from.pairs);
}

/**
 * Straight lines, or flatter: the last pairs cost no more than those before them, a fifth allowed for the machine's moods.
 * @param {readonly Step[]} steps
 */
function growsNoFaster(steps) {
  const [first, middle, last] = [steps[0], steps.at(-2), steps.at(-1)];
  if (!first || !middle || !last || first === middle) return true;
  return [time, memory].every((value) => perPair(middle, last, value) <= 1.2 * perPair(first, middle, value));
}

/** @param {readonly Step[]} steps @param {Record<string, string | number>} machine @returns {string} Markdown */
function report(steps, machine) {
  const rows = steps.map((step, index) => {
    const before = steps[index - 1];
    return [
      `${step.pairs}`,
      step.up.toFixed(1),
      spread(
        step.previews.map(({ seconds }) => seconds),
        2,
      ),
      before ? perPair(before, step, time).toFixed(2) : "-",
      memory(step).toFixed(0),
      before ? perPair(before, step, memory).toFixed(1) : "-",
    ];
  });
  return `# Many pairs in one program

Real servers on this machine, two for each pair; each row adds pairs to those of the row above. \`up\` makes the added servers and their pairs
and looks at the others. Previews with nothing to change, with \`options.refresh: always\`: median of ${options.runs} (least to most).

${table(
  ["pairs", "up, seconds", "preview, seconds", "for one more pair", "plugin process, MB", "for one more pair"],
  rows,
)}

Time and memory grow ${growsNoFaster(steps) ? "no faster" : "faster"} than the number of pairs.

${machineTable(machine)}
`;
}
