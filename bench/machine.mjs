// @ts-check
/** Where and with what was measured. */
import { readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { repository } from "../tools/places.mjs";
import { run } from "../tools/run.mjs";

/** @param {NodeJS.ProcessEnv} env of the CLI @returns {Promise<Record<string, string | number>>} */
export async function machineFacts(env) {
  const [cpu] = os.cpus();
  const sdk = JSON.parse(readFileSync(path.join(repository, "node_modules/@pulumi/pulumi/package.json"), "utf8"));
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: `${await answer("git", ["rev-parse", "--short", "HEAD"])}${await changes()}`,
    cores: `${os.availableParallelism()} (${cpu?.model.trim() ?? "?"})`,
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GB`,
    "load when it began": os.loadavg()[0]?.toFixed(2) ?? "?",
    system: `${os.type()} ${os.release()}`,
    Node: process.versions.node,
    MariaDB: versionOf(await answer("mariadbd", ["--version"], env)),
    Pulumi: `${(await answer("pulumi", ["version"], env)).replace(/^v/, "")}, SDK ${sdk.version}`,
  };
}

/** @param {string} text as mariadbd gives it */
export const versionOf = (text) => text.replace(/^.*Ver (\S+).*$/s, "$1");

const changes = async () =>
  (await answer("git", ["status", "--porcelain", "--", "provider/src", "bench"])) === "" ? "" : ", with changes";

/** @param {string} program @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
async function answer(program, args, env) {
  const { code, stdout } = await run(program, args, { cwd: repository, env: env ?? process.env });
  return code === 0 ? stdout.trim() : "unknown";
}
