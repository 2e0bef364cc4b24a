// @ts-check
/** Installs the npm packages of this repository. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { repository } from "./places.mjs";
import { runInFront, Stop } from "./run.mjs";
import { say } from "./say.mjs";

const OLDEST_NODE = [20, 20];

/** Does nothing when what package-lock.json names is there. Building the library is part of it: the `prepare` script does that. */
export async function installPackages() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new Stop(
      `This is Node ${process.versions.node}; ${OLDEST_NODE.join(".")} or newer is needed (https://nodejs.org).`,
    );
  }
  if (await installed()) return;
  say("Installing the npm packages (npm ci), which takes about half a minute.");
  // `npm run --silent` hands its silence on; a failure here has to be seen.
  const args = ["ci", "--loglevel=error"];
  const npm = process.env["npm_execpath"];
  const options = { cwd: repository, quiet: true };
  const code = await (npm ? runInFront(process.execPath, [npm, ...args], options) : runInFront("npm", args, options));
  if (code !== 0)
    throw new Stop(
      `npm ci failed (exit code ${code}), see above. Nothing else was done; start again when it is put right.`,
    );
}

/** @returns {Promise<boolean>} whether node_modules holds the versions that package-lock.json names */
async function installed() {
  const wanted = await packagesOf("package-lock.json");
  const found = await packagesOf("node_modules/.package-lock.json");
  return Object.entries(wanted).every(
    ([place, { version, optional, devOptional, link }]) =>
      !place.includes("node_modules/") || optional || devOptional || link || found[place]?.version === version,
  );
}

/**
 * @param {string} lockFile
 * @returns {Promise<Record<string, { version?: string, optional?: boolean, devOptional?: boolean, link?: boolean }>>}
 */
async function packagesOf(lockFile) {
  try {
    return JSON.parse(await readFile(path.join(repository, lockFile), "utf8")).packages;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return {};
    throw error;
  }
}
