// @ts-check
/** Images of machines for tests and benches: a Debian with its MariaDB, an sshd and sudo, in which nothing runs yet. Made by debootstrap. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { rootsPath } from "./dockerEngine.mjs";
import { run, Stop } from "./run.mjs";
import { say } from "./say.mjs";
import { inUnfinishedFolder } from "./unfinished.mjs";

/** Debian's suites, and the MariaDB that came with each: 10.5, 10.11, 11.8. */
export const SUITES = /** @type {const} */ (["bullseye", "bookworm", "trixie"]);
/** @typedef {typeof SUITES[number]} Suite */

const REPOSITORY = "session-store-host";
/** Python and its driver are what Ansible needs on a machine; the last ones are login shells. */
const PACKAGES = [
  "mariadb-server",
  "openssh-server",
  "sudo",
  "iproute2",
  "procps",
  "systemd-sysv",
  "python3",
  "python3-pymysql",
  "zsh",
  "fish",
  "tcsh",
  "csh",
  "mksh",
];
/** What the image has no use for. */
const NOT_KEPT = ["var/cache/apt/archives", "var/lib/apt/lists"];
/** The next number makes all images anew: they are told apart by what they are made of. */
const MAKING = 1;

/**
 * Makes what is missing, side by side.
 * @param {import("./dockerEngine.mjs").Engine} engine
 * @param {readonly Suite[]} [suites]
 * @returns {Promise<Record<Suite, string>>} names of the images
 */
export async function hostImages(engine, suites = SUITES) {
  const names = /** @type {Record<Suite, string>} */ (
    Object.fromEntries(suites.map((suite) => [suite, nameOf(suite)]))
  );
  /** @type {Suite[]} */
  const missing = [];
  for (const suite of suites) if (!(await exists(engine, names[suite]))) missing.push(suite);
  if (missing.length > 0) {
    say(`Making images of ${missing.join(", ")} with debootstrap, once: about 2 minutes on two cores.`);
    const results = await Promise.allSettled(missing.map((suite) => make(engine, suite, names[suite])));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }
  return names;
}

/** @param {Suite} suite */
function nameOf(suite) {
  const made = JSON.stringify([suite, PACKAGES, MAKING]);
  return `${REPOSITORY}:${suite}-${createHash("sha256").update(made).digest("hex").slice(0, 12)}`;
}

/** @param {import("./dockerEngine.mjs").Engine} engine @param {string} name */
async function exists({ docker }, name) {
  return (await docker.listImages({ filters: { reference: [name] } })).length > 0;
}

/**
 * @param {import("./dockerEngine.mjs").Engine} engine
 * @param {Suite} suite
 * @param {string} name
 */
const make = (engine, suite, name) =>
  inUnfinishedFolder(async (folder) => {
    const began = Date.now();
    const root = path.join(folder, "root");
    await debootstrap(suite, root);
    for (const place of NOT_KEPT) await empty(path.join(root, place));
    await bringIn(engine, root, name);
    say(`  ${name}: made in ${Math.round((Date.now() - began) / 1000)} s`);
  });

/** @param {Suite} suite @param {string} root */
async function debootstrap(suite, root) {
  const args = ["--variant=minbase", `--include=${PACKAGES.join(",")}`, suite, root, ...(await configuredMirror())];
  // It mounts things in that folder: in a namespace of its own they are gone with it, however it ends.
  const { code, output } = await run("unshare", ["--mount", "debootstrap", ...args], {
    env: { ...process.env, PATH: rootsPath },
  });
  if (code === 0) return;
  const log = await readFile(path.join(root, "debootstrap", "debootstrap.log"), "utf8").catch(() => output);
  throw new Stop(
    `debootstrap of ${suite} failed (exit code ${code}):\n${log.trimEnd().split("\n").slice(-10).join("\n")}`,
  );
}

/** @returns {Promise<string[]>} from where this machine takes Debian's packages; none where it is no Debian, and debootstrap's own choice is taken */
async function configuredMirror() {
  const { code, stdout } = await run("apt-get", ["indextargets", "--format", "$(LABEL) $(COMPONENT) $(REPO_URI)"]);
  const mirror = code === 0 ? /^Debian main (http\S+)$/m.exec(stdout)?.[1] : undefined;
  return mirror ? [mirror] : [];
}

/** @param {string} folder */
async function empty(folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(path.join(folder, "partial"), { recursive: true });
}

/**
 * Imports a root file system as an image.
 * @param {import("./dockerEngine.mjs").Engine} engine
 * @param {string} root
 * @param {string} name
 */
async function bringIn({ docker }, root, name) {
  const tar = spawn("tar", ["--numeric-owner", "-C", root, "-c", "."], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => tar.on("close", resolve));
  const [repo, tag = ""] = name.split(":");
  const answer = await docker.importImage(tar.stdout, { repo, tag });
  await new Promise((resolve, reject) =>
    docker.modem.followProgress(answer, (error, lines) => (error ? reject(error) : resolve(lines))),
  );
  if ((await ended) !== 0) throw new Stop(`tar of ${root} failed`);
}
