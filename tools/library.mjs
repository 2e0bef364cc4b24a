// @ts-check
/** Builds the library of this repository. */
import { existsSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { repository } from "./places.mjs";
import { run, Stop } from "./run.mjs";
import { say } from "./say.mjs";

const folder = path.join(repository, "provider");
const dist = path.join(folder, "dist");
const built = path.join(dist, "index.js");
const record = path.join(folder, "tsconfig.tsbuildinfo");

/** Does nothing when no source is newer than the last build. */
export async function buildLibrary() {
  if (existsSync(built) && (await newest(path.join(folder, "src"))) <= (await timeOf(record))) return;
  say("Building the library.");
  const { code, output } = await compile();
  if (code === 0) return;
  // The compiler writes its output all the same. Types are a matter of `npm run check`, like those of the stacks.
  say(`The library does not compile cleanly (provider/src):\n${output}Going on with what came out of it.`);
}

/** What is packed is of these sources, and of nothing else. */
export async function buildToPack() {
  const { code, output } = await compile();
  if (code !== 0) throw new Stop(`The library does not compile (provider/src), so it is not packed:\n${output}`);
  const sources = new Set((await readdir(path.join(folder, "src"), { recursive: true })).map(withoutEnding));
  for (const file of await readdir(dist, { recursive: true }))
    if (!sources.has(withoutEnding(file))) await rm(path.join(dist, file), { recursive: true, force: true });
}

/** `a.ts` of `src`, and `a.js`, `a.d.ts` and their maps of `dist`, are `a`; a folder is itself. */
const withoutEnding = (/** @type {string} */ file) => file.replace(/(\.d)?\.[jt]s(\.map)?$/, "");

async function compile() {
  const tsc = path.join(repository, "node_modules", "typescript", "bin", "tsc");
  // The record of the last build may be there without what was built.
  const force = existsSync(built) ? [] : ["--force"];
  return run(process.execPath, [tsc, "-b", "provider", ...force], { cwd: repository });
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
