// @ts-check
/** Two hosts for one contender: containers with a distribution's MariaDB, which runs and holds nothing, reached over SSH by a new key. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import { LABEL } from "../tools/dockerEngine.mjs";
import { run, Stop } from "../tools/run.mjs";

const NAMES = /** @type {const} */ (["db1", "db2"]);

/** @typedef {import("../tools/dockerEngine.mjs").Engine} Engine */
/** @typedef {import("dockerode").Container} Container */
/** @typedef {{ node: string, address: string, port: number, container: Container, hostKey: string }} Host */
/**
 * @typedef {object} HostPair
 * @property {string} folder
 * @property {string} sockets folder of the shared connections' sockets
 * @property {import("dockerode").Network} network
 * @property {string} sshConfig
 * @property {string} key
 * @property {Host} db1
 * @property {Host} db2
 */

/** A unix socket's path may have 107 bytes, 17 of which ssh needs for itself: too few for a folder of anywhere. */
const SOCKETS = `/tmp/bench-ssh-${process.pid}-`;
const SSH_LOG = "/var/log/sshd.log";

/**
 * @param {object} place
 * @param {string} place.folder an own, new one
 * @param {string} place.image
 * @param {Engine} place.engine
 * @returns {Promise<HostPair>}
 */
export async function startHosts({ folder, image, engine }) {
  await mkdir(folder, { recursive: true });
  const key = path.join(folder, "key");
  const { code, output } = await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  if (code !== 0) throw new Stop(`ssh-keygen failed: ${output}`);
  const name = `session-store-bench-${process.pid}-${Date.now()}`;
  const network = await engine.docker.createNetwork({ Name: name, Labels: LABELS });
  const [db1, db2] = await Promise.all(NAMES.map((node) => startHost(engine, { image, network: name, key, node })));
  const sockets = await mkdtemp(SOCKETS);
  const sshConfig = path.join(folder, "ssh_config");
  await writeFile(
    path.join(folder, "known_hosts"),
    [db1, db2].map(({ address, hostKey }) => `${address} ${hostKey}\n`).join(""),
  );
  await writeFile(sshConfig, [db1, db2].map((host) => sshHost(host, folder, sockets)).join(""));
  return { folder, sockets, network, sshConfig, key: await readFile(key, "utf8"), db1, db2 };
}

/** What a run that was cut off leaves is found by it. */
const LABELS = { [LABEL]: String(process.pid) };

/** How often each host's sshd has let somebody in. @param {HostPair} pair @returns {Promise<number[]>} */
export async function handshakes({ db1, db2 }) {
  const count = `grep -c '^Accepted ' ${SSH_LOG} || true`;
  return (await Promise.all([db1, db2].map((host) => onHost(host, "sh", "-c", count)))).map(Number);
}

/** A command by hand, not over SSH. @param {Host} host @param {string[]} command */
export const onHost = ({ container }, ...command) => execute(container, command);

/** @param {HostPair} pair */
export async function removeHosts({ db1, db2, network, sockets }) {
  await Promise.all([db1, db2].map(({ container }) => container.remove({ force: true, v: true })));
  await network.remove();
  await rm(sockets, { recursive: true, force: true });
}

/** @param {Engine} engine @param {{ image: string, network: string, key: string, node: string }} what @returns {Promise<Host>} */
async function startHost({ docker }, { image, network, key, node }) {
  const container = await docker.createContainer({
    name: `${network}-${node}`,
    Image: image,
    Hostname: node,
    Labels: LABELS,
    Cmd: ["sleep", "infinity"],
    HostConfig: { Init: true, NetworkMode: network },
  });
  await container.start();
  const publicKey = await readFile(`${key}.pub`, "utf8");
  await execute(container, ["sh", "-ec", SET_UP, "sh", publicKey]);
  const hostKey = await execute(container, ["cat", "/etc/ssh/ssh_host_ed25519_key.pub"]);
  const { IPAddress: address } = (await container.inspect()).NetworkSettings.Networks[network];
  return { node, address, port: 3306, container, hostKey: hostKey.trim() };
}

const SET_UP = `mkdir -p /run/sshd /root/.ssh
chmod 700 /root/.ssh
printf %s "$1" >/root/.ssh/authorized_keys
/usr/sbin/sshd -E ${SSH_LOG}
service mariadb start >/dev/null 2>&1 </dev/null`;

/** @param {Container} container @param {string[]} command @returns {Promise<string>} what it wrote */
async function execute(container, command) {
  const exec = await container.exec({ Cmd: command, AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  const [out, errors] = [new PassThrough(), new PassThrough()];
  container.modem.demuxStream(stream, out, errors);
  stream.once("close", () => [out, errors].map((end) => end.end()));
  const [output, said] = (await Promise.all([buffer(out), buffer(errors)])).map(String);
  const { ExitCode } = await exec.inspect();
  if (ExitCode !== 0) throw new Stop(`${command.join(" ")} ended with ${ExitCode}: ${output}${said}`);
  return output;
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
