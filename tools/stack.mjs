// @ts-check
/** The stack `local`: its settings, its passwords. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import path from "node:path";
import { placesOf, pulumiEnvironment } from "./environment.mjs";
import { claimPorts } from "./freePorts.mjs";
import { privateFolder, repository } from "./places.mjs";
import { run, Stop } from "./run.mjs";
import { say } from "./say.mjs";

export const STACK = "local";
export const configFile = path.join(repository, "stacks", `Pulumi.${STACK}.yaml`);

/** The default of `firstPort` in stacks/local.ts. */
const USUAL_PORT = 33061;
const PASSWORDS = ["adminPassword", "proxyPassword", "replicationPassword", "binaryLogPassword", "monitorPassword"];
const { backend, passphrase } = placesOf(privateFolder);

/** @returns {boolean} whether a stack was made here, be it half */
export const stackExists = () => existsSync(backend) || existsSync(configFile);

/**
 * The environment of the CLI, with the stack made in it when it is not there.
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
export async function stackEnvironment() {
  if (existsSync(configFile) && !existsSync(passphrase)) await putAside();
  const wasThere = existsSync(backend);
  const environment = await pulumiEnvironment({ stateFolder: privateFolder });
  const missing = missingSettings((await textOf(configFile)) ?? "");
  if (wasThere && missing.length === 0) return environment;
  if (wasThere && missing.length > 0 && (await hasResources(environment))) {
    sayMissing(missing);
    return environment;
  }

  say(
    `Making the stack "${STACK}" with passwords of its own, under .local/ and in stacks/Pulumi.${STACK}.yaml (neither goes into git).`,
  );
  await pulumi(environment, ["stack", "select", "--create", STACK]);
  if (missing.includes("target")) await avoidTakenPorts(environment);
  for (const key of missing) await set(environment, key);
  return environment;
}

/** @param {string} text of the stack's config file */
const missingSettings = (text) =>
  ["target", ...PASSWORDS].filter((key) => !new RegExp(`^ +[\\w-]+:${key}:`, "m").test(text));

/**
 * Whether something runs with the passwords that it was given once: another one would be a change that nobody asked for.
 * @param {NodeJS.ProcessEnv} environment
 */
async function hasResources(environment) {
  const { code, stdout } = await run("pulumi", ["stack", "ls", "--json", "--non-interactive"], {
    cwd: repository,
    env: environment,
  });
  if (code !== 0) return false;
  /** @type {{ name: string; resourceCount?: number }[]} */
  const stacks = JSON.parse(stdout);
  return stacks.some(({ name, resourceCount }) => name === STACK && (resourceCount ?? 0) > 0);
}

/** @param {string[]} missing */
function sayMissing(missing) {
  const commands = missing.map(
    (key) => `  npm run --silent pulumi -- config set ${key === "target" ? "target local" : `--secret ${key}`}`,
  );
  say(
    `The stack "${STACK}" lacks ${missing.join(", ")}, and its servers are there already: none is made up. To set ${missing.length === 1 ? "it" : "them"}:\n${commands.join("\n")}`,
  );
}

/**
 * Another clone's pair may have the usual ports, or be about to take them. Afterwards they can be changed only while the pair is stopped: peer and
 * clients know them.
 * @param {NodeJS.ProcessEnv} environment
 */
async function avoidTakenPorts(environment) {
  const port = await claimPorts(USUAL_PORT, configFile);
  if (port === USUAL_PORT) return;
  say(
    `Ports ${USUAL_PORT} and ${USUAL_PORT + 1} are taken on this machine, or another clone is about to take them: the pair gets ${port} and ${port + 1}.`,
  );
  await pulumi(environment, ["config", "set", "firstPort", String(port), "--stack", STACK]);
}

/**
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} key
 */
async function set(environment, key) {
  const args = ["config", "set", key, "--stack", STACK];
  if (key === "target") return pulumi(environment, [...args, STACK]);
  // By standard input: arguments can be read by every user of the machine. One that begins with - could not be given as one later.
  return pulumi(environment, [...args, "--secret"], randomBytes(24).toString("hex"));
}

/**
 * @param {NodeJS.ProcessEnv} environment
 * @param {string[]} args
 * @param {string} [input]
 */
async function pulumi(environment, args, input) {
  const { code, output } = await run("pulumi", [...args, "--non-interactive"], {
    cwd: repository,
    env: environment,
    input,
  });
  if (code !== 0) throw new Stop(`"pulumi ${args.join(" ")}" failed (exit code ${code}):\n${output}`);
}

/** The passwords in it were encrypted with a passphrase that is gone: nobody can read them any more. */
async function putAside() {
  await mkdir(privateFolder, { recursive: true, mode: 0o700 });
  const place = path.join(privateFolder, "former-stack-settings.yaml");
  await rename(configFile, place);
  say(
    `The passphrase of stacks/Pulumi.${STACK}.yaml is gone, so its passwords are too. It was put aside as ${path.relative(repository, place)}.`,
  );
}

/** @param {string} file */
const textOf = (file) => readFile(file, "utf8").catch(() => undefined);
