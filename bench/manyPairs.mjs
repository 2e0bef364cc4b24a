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
import { growsNoFaster, pairsReport } from "./pairsReport.mjs";
import { environment, makeProject } from "./project.mjs";
import { PASSWORDS } from "./shellPair.mjs";

const options = new Command("npm run bench:pairs --")
  .option("--pairs <numbers>", "how many pairs", growingNumbers, [1, 5, 10, 20])
  .option("--runs <number>", "how often a preview is measured at each", wholeNumber, 3)
  .option("--strict", "end with 1 when time or memory grow faster than the number of pairs")
  .option("--out <file>", "where the table goes", path.join(repository, "bench", "PAIRS.md"))
  .parse()
  .opts();

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
    /** @type {import("./pairsReport.mjs").Step[]} */
    const steps = [];
    for (const pairs of counts) steps.push(await grow(project, pairs));
    const text = pairsReport(steps, machine);
    await writeFile(options.out, text);
    process.stdout.write(text);
    return options.strict && !growsNoFaster(steps) ? 1 : 0;
  } finally {
    await project.command("destroy", "--yes", "--skip-preview");
    await rm(folder, { recursive: true, force: true });
  }
});

/** @param {import("./project.mjs").Project} project @param {number} pairs @returns {Promise<import("./pairsReport.mjs").Step>} */
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
