// @ts-check
/** Folders in the cache in which something big is made: what is not whole is never found under its name. */
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { cacheFolder } from "./places.mjs";
import { isRunning } from "./run.mjs";

/**
 * A folder of its own for the work, removed afterwards with what the work has not moved away.
 * @template T
 * @param {(folder: string) => Promise<T>} work
 */
export async function inUnfinishedFolder(work) {
  await mkdir(cacheFolder, { recursive: true });
  await removeLeftovers();
  const folder = await mkdtemp(path.join(cacheFolder, `unfinished-${process.pid}-`));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes what runs that were killed left. */
async function removeLeftovers() {
  for (const name of await readdir(cacheFolder)) {
    const pid = Number(/^unfinished-(\d+)-/.exec(name)?.[1]);
    if (pid && !isRunning(pid)) await rm(path.join(cacheFolder, name), { recursive: true, force: true });
  }
}
