// @ts-check
/** Two hosts for one contender: containers with a distribution's MariaDB, which runs and holds nothing, reached over SSH by a new key. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { LABEL } from "../tools/dockerEngine.mjs";
import { run, Stop } from "../tools/run.mjs";

const NAMES = /** @type {const} */ (["db1", "db2"]);

/** @typedef {{ node: string, address: string, port: number, container: string, hostKey: string }} Host */
/** @typedef {{ folder: string, sockets: string, network: string, sshConfig: string, key: string, db1: Host, db2: Host }} HostPair  sockets: of the shared connections */

/** A unix socket's path may have 107 bytes, 17 of which ssh needs for itself: too few for a folder of anywhere. */
const SOCKETS = "/tmp/bench-ssh-";

/**
 * @param {object} place
 * @param {string} place.folder an own, new one
 * @param {string} place.image
 * @param {string} place.engine as DOCKER_HOST has it
 * @returns {Promise<HostPair>}
 */
export async function startHosts({ folder, image, engine }) {
  await mkdir(folder, { recursive: true });
  const key = path.join(folder, "key");
  await must("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  const network = `session-store-bench-${process.pid}-${Date.now()}`;
  await docker(engine, ["network", "create", "--label", `${LABEL}=${process.pid}`, network]);
  const [db1, db2] = await Promise.all(NAMES.map((name) => startHost({ engine, image, network, key, name })));
  const sockets = await mkdtemp(SOCKETS);
  const sshConfig = path.join(folder, "ssh_config");
  await writeFile(
    path.join(folder, "known_hosts"),
    [db1, db2].map(({ address, hostKey }) => `${address} ${hostKey}\n`).join(""),
  );
  await writeFile(sshConfig, [db1, db2].map((host) => sshHost(host, folder, sockets)).join(""));
  return { folder, sockets, network, sshConfig, key: await readFile(key, "utf8"), db1, db2 };
}

const SSH_LOG = "/var/log/sshd.log";

/** How often each host's sshd has let somebody in. @param {HostPair} pair @param {string} engine @returns {Promise<number[]>} */
export async function handshakes({ db1, db2 }, engine) {
  const count = `grep -c '^Accepted ' ${SSH_LOG} || true`;
  return (await Promise.all([db1, db2].map((host) => onHost(host, engine, "sh", "-c", count)))).map(Number);
}

/** A command by hand, not over SSH. @param {Host} host @param {string} engine @param {string[]} command */
export const onHost = ({ container }, engine, ...command) => docker(engine, ["exec", container, ...command]);

/** @param {HostPair} pair @param {string} engine */
export async function removeHosts({ db1, db2, network, sockets }, engine) {
  await docker(engine, ["rm", "-f", "-v", db1.container, db2.container]);
  await docker(engine, ["network", "rm", network]);
  await rm(sockets, { recursive: true, force: true });
}

/** @param {{ engine: string, image: string, network: string, key: string, name: string }} what @returns {Promise<Host>} */
async function startHost({ engine, image, network, key, name }) {
  const container = `${network}-${name}`;
  const labels = ["--label", `${LABEL}=${process.pid}`];
  await docker(engine, [
    "run",
    "-d",
    "--name",
    container,
    "--hostname",
    name,
    "--network",
    network,
    ...labels,
    image,
    "sleep",
    "infinity",
  ]);
  const publicKey = await readFile(`${key}.pub`, "utf8");
  const setUp = `mkdir -p /run/sshd /root/.ssh && chmod 700 /root/.ssh && cat > /root/.ssh/authorized_keys && /usr/sbin/sshd -E ${SSH_LOG} &&
    service mariadb start >/dev/null 2>&1 </dev/null`;
  await docker(engine, ["exec", "-i", container, "sh", "-c", setUp], publicKey);
  const hostKey = await docker(engine, ["exec", container, "cat", "/etc/ssh/ssh_host_ed25519_key.pub"]);
  const address = await docker(engine, [
    "inspect",
    "-f",
    "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
    container,
  ]);
  return { node: name, address: address.trim(), port: 3306, container, hostKey: hostKey.trim() };
}

/** One connection for all commands of a contender, kept while it works. @param {Host} host @param {string} folder @param {string} sockets */
const sshHost = ({ node, address }, folder, sockets) => `Host ${node} ${address}
  HostName ${address}
  User root
  IdentityFile ${folder}/key
  UserKnownHostsFile ${folder}/known_hosts
  ControlMaster auto
  ControlPath ${sockets}/%h
  ControlPersist 30
`;

/** @param {string} engine @param {string[]} args @param {string} [input] */
const docker = (engine, args, input) => must("docker", ["-H", engine, ...args], input);

/** @param {string} program @param {string[]} args @param {string} [input] */
async function must(program, args, input) {
  const { code, stdout, output } = await run(program, args, {
    ...(input === undefined ? {} : { input }),
    env: process.env,
  });
  if (code !== 0) throw new Stop(`${program} ${args.join(" ")} failed:\n${output}`);
  return stdout;
}
