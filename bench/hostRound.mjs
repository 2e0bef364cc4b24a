// @ts-check
/** One round over SSH: each contender on hosts that nobody used before, from a server that holds nothing. */
import { rm } from "node:fs/promises";
import path from "node:path";
import { Stop } from "../tools/run.mjs";
import { play } from "./ansiblePair.mjs";
import { handshakes, onHost, removeHosts, startHosts } from "./hosts.mjs";
import { versionOf } from "./machine.mjs";
import { environment, makeProject } from "./project.mjs";
import { NOTHING_CHANGES, UP } from "./round.mjs";
import * as shell from "./shellPair.mjs";

/** What each contender is measured at, in this order. */
export const HOST_STEPS = /** @type {const} */ (["first up", "no-op", "one drift repaired"]);
export const CONTENDERS = /** @type {const} */ (["ours", "script", "ansible"]);

/** @typedef {typeof CONTENDERS[number]} Contender */
/** @typedef {Record<typeof HOST_STEPS[number], import("./measure.mjs").Measured>} Steps */
/** @typedef {Partial<Record<"floor" | Contender, Steps>> & { handshakes: number[], mariadb: string }} HostRound  handshakes: per host and run of ours */
/** @typedef {{ folder: string, image: string, engine: import("../tools/dockerEngine.mjs").Engine, runtime: import("./project.mjs").Runtime }} HostPlace */

/** @param {HostPlace} place @param {readonly Contender[]} order @returns {Promise<HostRound>} */
export async function hostRound(place, order) {
  /** @type {HostRound} */
  const round = { handshakes: [], mariadb: "" };
  for (const who of order) {
    const pair = await startHosts({ ...place, folder: path.join(place.folder, who) });
    try {
      if (who === "ours") Object.assign(round, await ours(pair, place));
      else round[who] = who === "script" ? await script(pair) : await ansible(pair);
      await shell.prove(pair);
      round.mariadb = versionOf(await onHost(pair.db1, "mariadbd", "--version"));
    } finally {
      await removeHosts(pair);
    }
  }
  await rm(place.folder, { recursive: true, force: true });
  return round;
}

/** @param {import("./hosts.mjs").HostPair} pair @param {HostPlace} place */
async function ours(pair, { runtime }) {
  const env = await environment(path.join(pair.folder, "state"), runtime);
  const folder = (/** @type {string} */ name) => path.join(pair.folder, name);
  const floor = await makeProject({ program: "floor", folder: folder("floor"), env, config: { value: "one" } });
  const project = await makeProject({
    program: "hosts",
    folder: folder("ours"),
    env,
    config: Object.fromEntries(
      [pair.db1, pair.db2].flatMap(({ node, address, hostKey }) => [
        [`${node}Address`, address],
        [`${node}HostKey`, hostKey],
      ]),
    ),
    secrets: { ...shell.PASSWORDS, privateKey: pair.key },
  });
  /** @type {number[]} */
  const counts = [];
  const command = async (/** @type {string[]} */ ...args) => {
    const before = await handshakes(pair);
    const measured = await project.command(...args);
    counts.push(...(await handshakes(pair)).map((count, index) => count - before[index]));
    return measured;
  };
  const first = [await floor.command(...UP), await command(...UP)];
  await shell.check(pair);
  const preview = [await floor.command("preview", NOTHING_CHANGES), await command("preview", NOTHING_CHANGES)];
  await floor.configure({ value: "two" });
  await drift(pair);
  const repair = [await floor.command(...UP), await command(...UP)];
  const of = (/** @type {0 | 1} */ index) => ({
    "first up": first[index],
    "no-op": preview[index],
    "one drift repaired": repair[index],
  });
  return { floor: of(0), ours: of(1), handshakes: counts };
}

/** @param {import("./hosts.mjs").HostPair} pair @returns {Promise<Steps>} */
async function script(pair) {
  const first = await shell.bringUp(pair);
  const check = await shell.check(pair);
  await drift(pair);
  return { "first up": first, "no-op": check, "one drift repaired": await shell.bringUp(pair) };
}

/** @param {import("./hosts.mjs").HostPair} pair @returns {Promise<Steps>} */
async function ansible(pair) {
  const first = await play(pair);
  await shell.check(pair);
  const again = await play(pair);
  if (/changed=[1-9]/.test(again.output))
    throw new Stop(`the playbook changes something on a pair that it made:\n${again.output}`);
  await drift(pair);
  return { "first up": first, "no-op": again, "one drift repaired": await play(pair) };
}

/** A hand at the keyboard: something that all of them put back. @param {import("./hosts.mjs").HostPair} pair */
const drift = ({ db1 }) =>
  onHost(db1, "mariadb", "-e", "SET sql_log_bin=0; REVOKE REPLICATION SLAVE ON *.* FROM replication_user@'%'");
