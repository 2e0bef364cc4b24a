// @ts-check
/** What the pulumi CLI is told: its private state, and where its programs are. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { cacheFolder } from "./places.mjs";
import { pulumiFolder } from "./pulumiCli.mjs";

/** @param {string} folder */
export const placesOf = (folder) => ({
  backend: path.join(folder, "state"),
  passphrase: path.join(folder, "passphrase"),
  home: path.join(folder, "home"),
});

/**
 * The environment in which `pulumi` uses the state of one folder and nothing of the user's own.
 * Makes the folder, a passphrase and the CLI when they are not there.
 * @param {{ stateFolder: string }} options
 * @returns {Promise<NodeJS.ProcessEnv & { PATH: string }>}
 */
export async function pulumiEnvironment({ stateFolder }) {
  const { backend, passphrase, home } = placesOf(stateFolder);
  await mkdir(stateFolder, { recursive: true, mode: 0o700 });
  await chmod(stateFolder, 0o700);
  await mkdir(backend, { recursive: true });
  if (!existsSync(passphrase))
    await writeFile(passphrase, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  const environment = {
    ...process.env,
    PATH: searchPath(await pulumiFolder()),
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
    PULUMI_HOME: home,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
    // Types are checked by `npm run check`; ts-node's own check costs each command 1.7 s.
    PULUMI_NODEJS_TRANSPILE_ONLY: "true",
    ...compileCache(),
  };
  // It would win over the file.
  delete (/** @type {NodeJS.ProcessEnv} */ (environment).PULUMI_CONFIG_PASSPHRASE);
  return environment;
}

/**
 * @param {string} folder the one of the CLI
 * @returns {string} a PATH whose first `pulumi` is that one, and that has `node`
 */
function searchPath(folder) {
  const own = (process.env["PATH"] ?? "").split(path.delimiter);
  const first = own.find((candidate) => candidate && existsSync(path.join(candidate, "pulumi")));
  return [...(first === folder ? [] : [folder]), ...own, path.dirname(process.execPath)].join(path.delimiter);
}

/** Node >= 22.1 keeps what it compiled, which shortens each command: bench/RESULTS.md has by how much. */
function compileCache() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 1)) return {};
  return { NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? path.join(cacheFolder, "node-compile-cache") };
}
