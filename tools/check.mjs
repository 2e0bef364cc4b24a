// @ts-check
/**
 * `npm run check`: whether provider/src/inputs.ts is up to date; then format, lint, types, import arrows, doc comments and unit tests, side by
 * side. Its one argument is a file for jest's results.
 */
import path from "node:path";
import { buildLibrary } from "./library.mjs";
import { installPackages } from "./packages.mjs";
import { repository } from "./places.mjs";
import { main, run } from "./run.mjs";
import { say } from "./say.mjs";

const [results] = process.argv.slice(2);

/** @typedef {[name: string, commands: string[][]]} Step  the commands run one after the other */

/** It compiles the library, as the others do: so it runs before them. */
const FIRST = /** @type {Step} */ (["types of inputs", [["node", "tools/inputTypes.mjs", "--check"]]]);

const STEPS = /** @type {Step[]} */ ([
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
  const first = await step(FIRST);
  const others = await Promise.all(STEPS.map(step));
  return [first, ...others].every(Boolean) ? 0 : 1;
});

/** @param {Step} step @returns {Promise<boolean>} whether all its commands passed */
async function step([name, commands]) {
  const began = Date.now();
  for (const [program = "", ...args] of commands) {
    const place = program === "node" ? process.execPath : path.join(repository, "node_modules", ".bin", program);
    const { code, output } = await run(place, args, { cwd: repository });
    if (code === 0) continue;
    say(`FAILED  ${name}: ${program} ${args.join(" ")}\n${output}`);
    return false;
  }
  say(`passed  ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  return true;
}
