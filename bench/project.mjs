// @ts-check
/** A Pulumi project as a user has it: a folder, a state and a passphrase of its own, and the real CLI. */
import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { repository } from "../tools/places.mjs";
import { run, Stop } from "../tools/run.mjs";
import { measure } from "./measure.mjs";

const programs = path.join(path.dirname(fileURLToPath(import.meta.url)), "programs");
const STACK = "bench";

/** @typedef {{ command: (...args: string[]) => ReturnType<typeof measure>, configure: (values: Record<string, string>, kind?: "secret" | "plaintext") => Promise<void> }} Project */

/**
 * @param {object} options
 * @param {string} options.program its folder in `programs`
 * @param {string} options.folder a new one
 * @param {NodeJS.ProcessEnv} options.env see `environment`
 * @param {Record<string, string>} options.config
 * @param {Record<string, string>} [options.secrets]
 * @returns {Promise<Project>}
 */
export async function makeProject({ program, folder, env, config, secrets = {} }) {
  await mkdir(folder, { recursive: true });
  await copyFile(path.join(programs, program, "index.ts"), path.join(folder, "index.ts"));
  await writeFile(path.join(folder, "Pulumi.yaml"), `name: ${program}\nruntime: nodejs\noptions:\n  refresh: always\n`);
  await writeFile(path.join(folder, "package.json"), `{ "name": "${program}", "private": true }\n`);
  await symlink(path.join(repository, "node_modules"), path.join(folder, "node_modules"));

  /** @param {string[]} args */
  const command = async (...args) => {
    const result = await measure("pulumi", [...args, "--stack", STACK, "--non-interactive", "--color=never"], {
      cwd: folder,
      env,
    });
    if (result.code !== 0) throw new Stop(`pulumi ${args.join(" ")} failed in ${program}:\n${result.output}`);
    return result;
  };
  /** @type {Project["configure"]} */
  const configure = async (values, kind = "plaintext") => {
    await command(
      "config",
      "set-all",
      ...Object.entries(values).flatMap(([key, value]) => [`--${kind}`, `${key}=${value}`]),
    );
  };
  const { code, output } = await run("pulumi", ["stack", "init", STACK, "--non-interactive"], { cwd: folder, env });
  if (code !== 0) throw new Stop(`pulumi stack init failed in ${program}:\n${output}`);
  await configure(config);
  if (Object.keys(secrets).length > 0) await configure(secrets, "secret");
  return { command, configure };
}

/**
 * What `tools/` tells the CLI in this repository, for another state and, if so wished, for another node.
 * @param {string} stateFolder
 * @param {Runtime} runtime
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
export async function environment(stateFolder, { node, compileCache }) {
  const printer = path.join(repository, "tools", "printEnvironment.mjs");
  const { code, stdout, output } = await run(node, [printer, stateFolder], {
    env: { ...process.env, ...(compileCache ? { NODE_COMPILE_CACHE: compileCache } : {}) },
  });
  if (code !== 0) throw new Stop(`${printer} failed:\n${output}`);
  /** @type {NodeJS.ProcessEnv} */
  const env = JSON.parse(stdout);
  if (node !== process.execPath) env["PATH"] = `${path.dirname(node)}${path.delimiter}${env["PATH"]}`;
  if (!compileCache) delete env["NODE_COMPILE_CACHE"];
  return env;
}

/**
 * @typedef {object} Runtime
 * @property {string} name
 * @property {string} node program
 * @property {string} [compileCache] folder in which node keeps what it compiled
 */
