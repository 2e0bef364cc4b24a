// @ts-check
/** `npm run check`: format, lint, types, import arrows, doc comments and unit tests, side by side. Its one argument is a file for jest's results. */
import path from "node:path";
import { buildLibrary } from "./library.mjs";
import { installPackages } from "./packages.mjs";
import { repository } from "./places.mjs";
import { main, run } from "./run.mjs";
import { say } from "./say.mjs";

const [results] = process.argv.slice(2);

/** Name, then the commands of it, one after the other. */
const STEPS = /** @type {[string, string[][]][]} */ ([
  ["format, lint", [["biome", "ci", "--colors=off"]]],
  [
    "types",
    [
      ["tsc", "-b", "provider"],
      ["tsc", "-p", "."],
      ["tsc", "-p", "tools"],
      ["tsc", "-p", "bench"],
    ],
  ],
  ["import arrows", [["depcruise", "provider/src", "--config", ".dependency-cruiser.cjs"]]],
  ["doc comments", [["typedoc", "--emit", "none"]]],
  ["unit tests", [["jest", "--selectProjects", "unit", ...(results ? ["--json", "--outputFile", results] : [])]]],
]);

await main(async () => {
  await installPackages();
  await buildLibrary();
  const failed = (await Promise.all(STEPS.map(([name, commands]) => step(name, commands)))).filter((passed) => !passed);
  return failed.length > 0 ? 1 : 0;
});

/**
 * @param {string} name
 * @param {string[][]} commands
 * @returns {Promise<boolean>} whether all passed
 */
async function step(name, commands) {
  const began = Date.now();
  for (const [program = "", ...args] of commands) {
    const { code, output } = await run(path.join(repository, "node_modules", ".bin", program), args, {
      cwd: repository,
    });
    if (code === 0) continue;
    say(`FAILED  ${name}: ${program} ${args.join(" ")}\n${output}`);
    return false;
  }
  say(`passed  ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  return true;
}
