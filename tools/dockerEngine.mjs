// @ts-check
/** A Docker engine for tests: the machine's own, or one that is started for the run and keeps its images in our cache. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { aptInstall, whyNoApt } from "./aptInstall.mjs";
import { cacheFolder } from "./places.mjs";
import { isRunning, run, Stop } from "./run.mjs";
import { say } from "./say.mjs";

/** What tests make carries it, with the process that made it as the value. */
export const LABEL = "pulumi-replicated-session-store";

const START_DEADLINE = 60_000;
const STOP_DEADLINE = 60_000;

const folder = path.join(cacheFolder, "engine");
const places = {
  socket: path.join(folder, "docker.sock"),
  pidFile: path.join(folder, "pid"),
  log: path.join(folder, "log"),
  users: path.join(folder, "users"),
};

/** @typedef {import("dockerode")} Docker */
/** @typedef {{ docker: Docker, address: string, close: () => Promise<void> }} Engine  address: as DOCKER_HOST has it */

/** Programs of the engine, of what is done in its containers' networks, and of those who log in there, by package. */
const PACKAGES = {
  "docker.io": "dockerd",
  debootstrap: "debootstrap",
  nftables: "nft",
  iproute2: "ip",
  "openssh-client": "ssh-agent",
};

/** Where packages put programs of root; not every root has them on PATH. */
export const rootsPath = [process.env["PATH"], "/usr/sbin", "/sbin"].join(path.delimiter);

/**
 * Finds or starts an engine on this machine, and installs what is missing for that.
 * @returns {Promise<Engine>} fails with a `Stop` where there is none to be had
 */
export async function openEngine() {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    throw new Stop("their networks and images need root on Linux");
  await installMissing();
  const address = process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
  const docker = await usable(address);
  return swept(docker ? { docker, address, close: () => sweep(docker) } : await startOurs());
}

async function installMissing() {
  const isThere = (/** @type {string} */ program) =>
    rootsPath.split(path.delimiter).some((place) => place && existsSync(path.join(place, program)));
  const missing = Object.entries(PACKAGES).flatMap(([name, program]) => (isThere(program) ? [] : [name]));
  if (missing.length === 0) return;
  const noApt = whyNoApt();
  if (noApt)
    throw new Stop(`${missing.join(", ")} are not on this machine, and not installed from here because ${noApt}`);
  say(`Installing ${missing.join(", ")} with apt-get, for the hosts of the tests.`);
  await aptInstall(...missing);
}

/**
 * An engine whose containers are on this machine, so that their addresses can be reached from here.
 * @param {string} address
 * @returns {Promise<Docker | undefined>}
 */
async function usable(address) {
  const socketPath = /^unix:\/\/(.+)$/.exec(address)?.[1];
  if (!socketPath || !existsSync(socketPath)) return undefined;
  const { default: Docker } = await import("dockerode");
  const docker = new Docker({ socketPath, timeout: 30_000 });
  const info = await docker.info().catch(() => undefined);
  return info?.OSType === "linux" && info.Name === hostname() ? docker : undefined;
}

/** @returns {Promise<Engine>} ours, which another run may have started already */
async function startOurs() {
  await mkdir(places.users, { recursive: true });
  const own = path.join(places.users, String(process.pid));
  await writeFile(own, "");
  const address = `unix://${places.socket}`;
  const docker = (await usable(address)) ?? (await start(address));
  const close = async () => {
    await sweep(docker);
    await rm(own, { force: true });
    if (!(await isUsed())) await stop();
  };
  return { docker, address, close };
}

/** @param {string} address @returns {Promise<Docker>} */
async function start(address) {
  await removeStalePid();
  const log = openSync(places.log, "w");
  const args = ["--data-root", path.join(folder, "data"), "--exec-root", path.join(folder, "exec"), "--pidfile"];
  const child = spawn("dockerd", [...args, places.pidFile, "--host", address], {
    // Its own group: Ctrl-C is for the tests, which still need it to clean up.
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...process.env, PATH: rootsPath },
  });
  closeSync(log);
  /** @type {string | undefined} */
  let ended;
  child.on("error", (error) => (ended = error.message));
  child.on("exit", (code) => (ended = `it ended with exit code ${code}`));
  child.unref();
  for (const began = Date.now(); Date.now() - began < START_DEADLINE; await sleep(100)) {
    // Also when ours has ended, because another run's was faster.
    const docker = await usable(address);
    if (docker) return docker;
    if (ended) break;
  }
  const end = (await readFile(places.log, "utf8")).trimEnd().split("\n").slice(-5).join("\n");
  throw new Stop(
    `dockerd does not answer: ${ended ?? `waited ${START_DEADLINE / 1000} s`}. The end of ${places.log}:\n${end}`,
  );
}

/** dockerd does not start beside the number of a process that is not its own, as a killed one leaves it. */
async function removeStalePid() {
  const pid = await runningPid();
  if (pid === undefined) await rm(places.pidFile, { force: true });
}

/** @returns {Promise<number | undefined>} of our dockerd */
async function runningPid() {
  const pid = (await readFile(places.pidFile, "utf8").catch(() => "")).trim();
  const commandLine = pid && (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));
  return commandLine?.includes(places.pidFile) ? Number(pid) : undefined;
}

/** Whether another run is at work with it. */
async function isUsed() {
  const users = await readdir(places.users);
  return users.some((name) => isRunning(Number(name)));
}

async function stop() {
  const pid = await runningPid();
  if (pid === undefined) return;
  process.kill(pid, "SIGTERM");
  const began = Date.now();
  while (isRunning(pid) && Date.now() - began < STOP_DEADLINE) await sleep(50);
  await unmountLeft();
  if (isRunning(pid))
    say(`The Docker engine of the tests (process ${pid}) has not ended within ${STOP_DEADLINE / 1000} s.`);
}

/** A dockerd that was killed could not unmount its folders; the cache could not be removed. */
async function unmountLeft() {
  const mounts = (await readFile("/proc/self/mounts", "utf8")).split("\n").map((line) => line.split(" ")[1] ?? "");
  for (const mount of mounts.filter((place) => place.startsWith(`${folder}/`)).reverse()) await run("umount", [mount]);
}

/** @param {Engine} engine */
async function swept(engine) {
  await sweep(engine.docker);
  return engine;
}

/**
 * Removes the containers, networks and volumes of tests whose process is gone.
 * @param {Docker} docker
 */
async function sweep(docker) {
  const filters = { label: [LABEL] };
  const isLeft = (/** @type {{ Labels?: Record<string, string> | null }} */ { Labels }) =>
    !isRunning(Number(Labels?.[LABEL]) || -1);
  const containers = (await docker.listContainers({ all: true, filters })).filter(isLeft);
  await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })));
  const networks = (await docker.listNetworks({ filters })).filter(isLeft);
  await Promise.all(networks.map(({ Id }) => docker.getNetwork(Id).remove()));
  const { Volumes } = await docker.listVolumes({ filters });
  await Promise.all((Volumes ?? []).filter(isLeft).map(({ Name }) => docker.getVolume(Name).remove()));
}
