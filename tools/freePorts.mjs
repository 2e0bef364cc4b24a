// @ts-check
/** Finds neighbouring ports of this machine that nobody listens on, and that no other clone is about to take. */
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { cacheFolder } from "./places.mjs";

/** A clone that has claimed ports writes its stack's configuration within this time, or never. In milliseconds. */
const SOON = 600_000;

/**
 * @param {number} first where to begin
 * @param {number} [count]
 * @returns {Promise<number>} the lowest of them
 */
export async function freePorts(first, count = 2) {
  const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)));
  return free.every(Boolean) ? first : freePorts(first + 100, count);
}

/**
 * The same for a clone that is going to listen there later: others that look meanwhile get other ones.
 * @param {number} first where to begin
 * @param {string} owner the file that the clone has as long as it needs them
 * @param {string} [folder] where clones note what they have
 * @returns {Promise<number>} the lower of two
 */
export async function claimPorts(first, owner, folder = path.join(cacheFolder, "ports")) {
  await mkdir(folder, { recursive: true });
  const port = await freePorts(first);
  return (await claim(path.join(folder, String(port)), owner)) ? port : claimPorts(port + 100, owner, folder);
}

/**
 * @param {string} note
 * @param {string} owner
 * @returns {Promise<boolean>} false: it is another's
 */
async function claim(note, owner) {
  try {
    await writeFile(note, owner, { flag: "wx" });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
  }
  const holder = await readFile(note, "utf8").catch(() => "");
  if (holder === owner) return true;
  const since = await stat(note).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  // It is gone, with its pair; or it never came to be.
  const isOver = !existsSync(holder) && Date.now() - since > SOON;
  if (!isOver) return false;
  await rm(note, { force: true });
  return claim(note, owner);
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
const isFree = (port) =>
  new Promise((resolve) => {
    const probe = net.createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
