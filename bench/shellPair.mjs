// @ts-check
/** The contender: the pair brought up and checked by bash and the mariadb client, here or over ssh. Its check also proves what the others made. */
import { createHash } from "node:crypto";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Stop } from "../tools/run.mjs";
import { measure } from "./measure.mjs";

/** @typedef {{ node: string, address: string, port: number }} Node  `node`: its directory on this machine, or its name in the SSH configuration */
/** @typedef {{ db1: Node, db2: Node, sshConfig?: string }} Pair */

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), "shell");

/** The same for all contenders. */
export const PASSWORDS = {
  adminPassword: "bench-admin",
  proxyPassword: "bench-proxy",
  replicationPassword: "bench-replication",
  binaryLogPassword: "bench-binary-log",
  monitorPassword: "bench-monitor",
};

/** What MariaDB keeps of them. */
export const HASHES = {
  ADMIN_HASH: hash(PASSWORDS.adminPassword),
  PROXY_HASH: hash(PASSWORDS.proxyPassword),
  REPLICATION_HASH: hash(PASSWORDS.replicationPassword),
  BINARY_LOG_HASH: hash(PASSWORDS.binaryLogPassword),
  MONITOR_HASH: hash(PASSWORDS.monitorPassword),
};

const env = {
  ...process.env,
  ...HASHES,
  PATH: `${process.env["PATH"]}:/usr/sbin:/usr/local/sbin`,
  REPLICATION_PASSWORD: PASSWORDS.replicationPassword,
};

/** @param {Pair} pair of empty running servers */
export const bringUp = (pair) => script(pair, pair.sshConfig ? "bring-up-hosts.sh" : "bring-up.sh", ...ends(pair));

/** @param {Pair} pair @returns fails when anything of the recipe is missing on a node */
export const check = (pair) => script(pair, "check.sh", ...ends(pair));

/** The end state, whoever made it: all of the recipe on both nodes, and a row crosses both ways. @param {Pair} pair */
export async function prove(pair) {
  await check(pair);
  await script(pair, "cross.sh", pair.db1.node, pair.db2.node);
}

/** @param {Pair} pair */
const ends = ({ db1, db2 }) => [db1, db2].flatMap(({ node, address, port }) => [node, address, `${port}`]);

/** @param {number} number of the node @returns {Promise<string>} the recipe's option file */
export const optionFile = async (number) => (await script({}, "option-file.sh", `${number}`)).output;

/** @param {{ sshConfig?: string }} pair @param {string} name @param {string[]} args */
async function script({ sshConfig }, name, ...args) {
  const result = await measure("bash", [path.join(folder, name), ...args], {
    env: { ...env, ...(sshConfig ? { SSH_CONFIG: sshConfig } : {}) },
  });
  if (result.code !== 0) throw new Stop(`${name} failed:\n${result.output}`);
  return result;
}

/** As MariaDB keeps a password. @param {string} password */
function hash(password) {
  const once = createHash("sha1").update(password).digest();
  return `*${createHash("sha1").update(once).digest("hex").toUpperCase()}`;
}
