// @ts-check
/** Empty running servers for each first bring-up, and what a restart of two takes. */
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { freePorts } from "../tools/freePorts.mjs";
import { run, Stop } from "../tools/run.mjs";

const require = createRequire(import.meta.url);
/** @type {typeof import("../provider/dist/run.js")} */
const { Run } = require("../provider/dist/run.js");
/** @type {typeof import("../provider/dist/hosts/local/data.js")} */
const localData = require("../provider/dist/hosts/local/data.js");
/** @type {typeof import("../provider/dist/hosts/local/server.js")} */
const localServer = require("../provider/dist/hosts/local/server.js");

// Its progress is of no interest.
new Run().enter();

const NAMES = /** @type {const} */ (["db1", "db2"]);

/** @typedef {{ directory: string, node: string, address: string, port: number }} Place  `node`: the directory once more, as the scripts take it */
/** @typedef {{ folder: string, db1: Place, db2: Place }} Pair  places of the servers; their directories are in `folder` */

/** Makes the data directory from which all others are copied: that takes seconds, and is nobody's work. */
export async function makeTemplate(/** @type {string} */ directory) {
  await localData.initialise({ directory, port: 1 });
  return directory;
}

/** @param {string} directory @param {number} port @returns {Place} */
const place = (directory, port) => ({ directory, node: directory, address: "127.0.0.1", port });

/**
 * Two servers that run and hold nothing.
 * @param {string} template
 * @param {string} folder
 * @returns {Promise<Pair>}
 */
export async function emptyServers(template, folder) {
  const first = await freePorts(12_000 + Math.floor(Math.random() * 200) * 100);
  const [db1, db2] = NAMES.map((name, index) => place(path.join(folder, name), first + index));
  await mkdir(folder, { recursive: true });
  for (const place of [db1, db2]) {
    const { code, output } = await run("cp", ["-R", "-p", template, place.directory]);
    if (code !== 0) throw new Stop(`${template} could not be copied: ${output}`);
    await localData.initialise(place);
    await localServer.start(place.directory);
  }
  return { folder, db1, db2 };
}

/** @param {Pair} pair */
export async function removeServers({ db1, db2 }) {
  await Promise.all([db1, db2].map(({ directory }) => localData.remove(directory)));
}

/**
 * What every first bring-up has in it, whoever makes it: both servers stop and start with the recipe's option file, side by side.
 * @param {Pair} pair of empty running servers
 * @param {(number: number) => Promise<string>} optionFile text, by number of the node
 * @returns {Promise<number>} seconds
 */
export async function restartBoth({ db1, db2 }, optionFile) {
  const texts = [await optionFile(1), await optionFile(2)];
  const began = performance.now();
  await Promise.all(
    [db1, db2].map(async ({ directory }, index) => {
      await writeFile(path.join(directory, "conf.d", "99-session-store.cnf"), texts[index], { mode: 0o600 });
      await localServer.stop(directory);
      await localServer.start(directory);
    }),
  );
  return (performance.now() - began) / 1000;
}
