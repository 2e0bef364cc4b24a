// @ts-check
/** The kinds of Node under which the CLI is measured. */
import { realpathSync } from "node:fs";
import path from "node:path";
import { run, Stop } from "../tools/run.mjs";

/** @typedef {import("./project.mjs").Runtime} Runtime */

/**
 * @param {{ compileCache?: boolean, folder: string }} options folder: where Node may keep what it compiles
 * @returns {Promise<Runtime[]>} the first is the one that runs this
 */
export async function runtimes({ compileCache = false, folder }) {
  const here = { name: `Node ${majorOf(process.versions.node)}`, node: process.execPath };
  if (!compileCache) return [here];
  const { node, version } = await nodeThatCaches();
  const name = `Node ${majorOf(version)}`;
  const cached = { name: `${name} with NODE_COMPILE_CACHE`, node, compileCache: path.join(folder, "compiled") };
  return node === process.execPath ? [here, cached] : [here, { name, node }, cached];
}

async function nodeThatCaches() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 1)) return { node: process.execPath, version: process.versions.node };
  const script = "console.log(process.execPath, process.versions.node)";
  const { code, stdout, output } = await run("npx", ["--yes", "-p", "node@22", "--", "node", "-e", script]);
  const [program, version] = stdout.trim().split(" ");
  if (code !== 0 || !program || !version) throw new Stop(`npx could not bring Node 22 (package "node"):\n${output}`);
  return { node: realpathSync(program), version };
}

/** @param {string} version */
const majorOf = (version) => version.split(".")[0];
