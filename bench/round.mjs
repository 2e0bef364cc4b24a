// @ts-check
/** One round of each contender, on servers and state that nobody used before. */
import { rm } from "node:fs/promises";
import path from "node:path";
import { run, Stop } from "../tools/run.mjs";
import { environment, makeProject } from "./project.mjs";
import { emptyServers, removeServers, restartBoth } from "./servers.mjs";
import * as shell from "./shellPair.mjs";

/** @typedef {import("./measure.mjs").Measured} Measured */
/** @typedef {{ folder: string, template: string }} Place  folder: an own, new one */

/** Without the preview that `up` makes first, on all sides: that would be the row "preview" once more. */
export const UP = ["up", "--yes", "--skip-preview"];
export const NOTHING_CHANGES = "--expect-no-changes";

/** What the engine and ours are measured at, in this order. */
export const STEPS = /** @type {const} */ (["first up", "no-op preview", "no-op up", "one change"]);
/** @typedef {typeof STEPS[number]} Step */

/**
 * The engine's floor and ours, in turns.
 * @param {Place} place
 * @param {import("./project.mjs").Runtime} runtime
 * @returns {Promise<Record<"floor" | "ours", Record<Step, Measured>>>}
 */
export const engineRound = (place, runtime) =>
  onEmptyServers(place, async (pair) => {
    const env = await environment(path.join(place.folder, "state"), runtime);
    const folder = (/** @type {string} */ name) => path.join(place.folder, name);
    const floor = await makeProject({ program: "floor", folder: folder("floor"), env, config: { value: "one" } });
    const ours = await makeProject({
      program: "pair",
      folder: folder("ours"),
      env,
      config: { folder: pair.folder, db1Port: `${pair.db1.port}`, db2Port: `${pair.db2.port}` },
      secrets: shell.PASSWORDS,
    });
    const first = [await floor.command(...UP), await ours.command(...UP)];
    await shell.check(pair);
    const preview = [await floor.command("preview", NOTHING_CHANGES), await ours.command("preview", NOTHING_CHANGES)];
    const up = [await floor.command(...UP, NOTHING_CHANGES), await ours.command(...UP, NOTHING_CHANGES)];

    await floor.configure({ value: "two" });
    await drift(pair.db1.directory);
    const change = [await floor.command(...UP), await ours.command(...UP)];
    await shell.prove(pair);

    const of = (/** @type {0 | 1} */ index) => ({
      "first up": first[index],
      "no-op preview": preview[index],
      "no-op up": up[index],
      "one change": change[index],
    });
    return { floor: of(0), ours: of(1) };
  });

/** @param {Place} place @returns {Promise<{ bringUp: Measured, check: Measured }>} */
export const shellRound = (place) =>
  onEmptyServers(place, async (pair) => {
    const bringUp = await shell.bringUp(pair);
    const check = await shell.check(pair);
    await shell.prove(pair);
    return { bringUp, check };
  });

/** @param {Place} place @returns {Promise<number>} seconds that a restart of both servers takes, as in a first bring-up */
export const restartRound = (place) => onEmptyServers(place, (pair) => restartBoth(pair, shell.optionFile));

/**
 * @template T
 * @param {Place} place
 * @param {(pair: import("./servers.mjs").Pair) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function onEmptyServers({ folder, template }, work) {
  const pair = await emptyServers(template, path.join(folder, "servers"));
  try {
    return await work(pair);
  } finally {
    await removeServers(pair);
    await rm(folder, { recursive: true, force: true });
  }
}

/** A hand at the keyboard. @param {string} directory */
async function drift(directory) {
  const socket = `--socket=${path.join(directory, "mariadb.sock")}`;
  const { code, output } = await run("mariadb", ["--no-defaults", socket, "-e", "SET GLOBAL max_connections=500"]);
  if (code !== 0) throw new Stop(`the drift could not be made: ${output}`);
}
