// @ts-check
/** The contender: the pair brought up by an Ansible playbook. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { aptInstall, whyNoApt } from "../tools/aptInstall.mjs";
import { run, Stop } from "../tools/run.mjs";
import { say } from "../tools/say.mjs";
import { measure } from "./measure.mjs";
import { HASHES, PASSWORDS } from "./shellPair.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));

/** @returns {Promise<string | undefined>} its version; it is installed where it is missing. Undefined: there is none to be had, which is said */
export async function ansibleReady() {
  const there = await version();
  if (there) return there;
  const why = whyNoApt() ?? (await aptInstall("ansible", "openssh-client").catch(reasonOf));
  const installed = why ? undefined : await version();
  if (!installed)
    say(`NOT MEASURED: Ansible. It is not on this machine, and ${why ?? "is not there after its installation"}.`);
  return installed;
}

async function version() {
  const { stdout } = await run("ansible", ["--version"]);
  return /core ([\d.]+)/.exec(stdout)?.[1];
}

/** @param {unknown} error */
function reasonOf(error) {
  if (error instanceof Stop) return error.message;
  throw error;
}

/** @param {import("./hosts.mjs").HostPair} pair */
export async function play({ folder, sshConfig, db1, db2 }) {
  const inventory = path.join(folder, "inventory.json");
  const host = (/** @type {number} */ number, /** @type {string} */ source) => ({ number, source_address: source });
  const vars = {
    ansible_ssh_common_args: `-F ${sshConfig}`,
    option_file: path.join(here, "shell", "option-file.sh"),
    replication_password: PASSWORDS.replicationPassword,
    admin_hash: HASHES.ADMIN_HASH,
    proxy_hash: HASHES.PROXY_HASH,
    replication_hash: HASHES.REPLICATION_HASH,
    binary_log_hash: HASHES.BINARY_LOG_HASH,
    monitor_hash: HASHES.MONITOR_HASH,
  };
  const hosts = { [db1.node]: host(1, db2.address), [db2.node]: host(2, db1.address) };
  await writeFile(inventory, JSON.stringify({ pair: { hosts, vars } }));
  const result = await measure("ansible-playbook", ["-i", inventory, path.join(here, "ansible", "playbook.yml")], {
    cwd: folder,
    env: { ...process.env, ANSIBLE_CONFIG: path.join(here, "ansible", "ansible.cfg") },
  });
  // Each run has its own connections, as it has from one day to the next.
  for (const { node } of [db1, db2]) await run("ssh", ["-F", sshConfig, "-O", "exit", node]);
  if (result.code !== 0) throw new Stop(`ansible-playbook failed:\n${result.output}`);
  return result;
}
