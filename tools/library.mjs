// @ts-check
/** Builds the library of this repository. */
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { repository } from "./places.mjs";
import { run } from "./run.mjs";
import { say } from "./say.mjs";

const folder = path.join(repository, "provider");
const built = path.join(folder, "dist", "index.js");
const record = path.join(folder, "tsconfig.tsbuildinfo");

/** Does nothing when no source is newer than the last build. */
export async function buildLibrary() {
  const nothingThere = !existsSync(built);
  if (!nothingThere && (await newest(path.join(folder, "src"))) <= (await timeOf(record))) return;
  say("Building the library.");
  const tsc = path.join(repository, "node_modules", "typescript", "bin", "tsc");
  // The record of the last build may be there without what was built.
  const force = nothingThere ? ["--force"] : [];
  const { code, output } = await run(process.execPath, [tsc, "-b", "provider", ...force], { cwd: repository });
  if (code === 0) return;
  // The compiler writes its output all the same. Types are a matter of `npm run check`, like those of the stacks.
  say(`The library does not compile cleanly (provider/src):\n${output}Going on with what came out of it.`);
}

/** @param {string} root @returns {Promise<number>} when the newest file below was written */
async function newest(root) {
  const entries = await readdir(root, { recursive: true });
  return Math.max(...(await Promise.all(entries.map((entry) => timeOf(path.join(root, entry))))));
}

/** @param {string} file */
const timeOf = (file) =>
  stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
