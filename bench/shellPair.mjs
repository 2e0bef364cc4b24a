// @ts-check
/** The contender: the pair brought up and checked by bash and the mariadb client. Its check also proves what the others made. */
import { createHash } from "node:crypto";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Stop } from "../tools/run.mjs";
import { measure } from "./measure.mjs";

/** @typedef {import("./servers.mjs").Pair} Pair */

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), "shell");

/** The same for all contenders. */
export const PASSWORDS = {
  adminPassword: "bench-admin",
  proxyPassword: "bench-proxy",
  replicationPassword: "bench-replication",
  binaryLogPassword: "bench-binary-log",
  monitorPassword: "bench-monitor",
};

const env = {
  ...process.env,
  PATH: `${process.env["PATH"]}:/usr/sbin:/usr/local/sbin`,
  ADMIN_HASH: hash(PASSWORDS.adminPassword),
  PROXY_HASH: hash(PASSWORDS.proxyPassword),
  REPLICATION_HASH: hash(PASSWORDS.replicationPassword),
  REPLICATION_PASSWORD: PASSWORDS.replicationPassword,
  BINARY_LOG_HASH: hash(PASSWORDS.binaryLogPassword),
  MONITOR_HASH: hash(PASSWORDS.monitorPassword),
};

/** @param {Pair} pair of empty running servers */
export const bringUp = ({ db1, db2 }) =>
  script("bring-up.sh", db1.directory, `${db1.port}`, db2.directory, `${db2.port}`);

/** @param {Pair} pair @returns fails when anything of the recipe is missing on a node */
export const check = ({ db1, db2 }) => script("check.sh", db1.directory, `${db1.port}`, db2.directory, `${db2.port}`);

/** The end state, whoever made it: all of the recipe on both nodes, and a row crosses both ways. @param {Pair} pair */
export async function prove(pair) {
  await check(pair);
  await script("cross.sh", pair.db1.directory, pair.db2.directory);
}

/** @param {number} number of the node @returns {Promise<string>} the recipe's option file */
export const optionFile = async (number) => (await script("option-file.sh", `${number}`)).output;

/** @param {string} name @param {string[]} args */
async function script(name, ...args) {
  const result = await measure("bash", [path.join(folder, name), ...args], { env });
  if (result.code !== 0) throw new Stop(`${name} failed:\n${result.output}`);
  return result;
}

/** As MariaDB keeps a password. @param {string} password */
function hash(password) {
  const once = createHash("sha1").update(password).digest();
  return `*${createHash("sha1").update(once).digest("hex").toUpperCase()}`;
}
