// @ts-check
/** Takes away the lock that a killed run left on the stack. */
import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { placesOf } from "./environment.mjs";
import { privateFolder, repository } from "./places.mjs";
import { isRunning, run } from "./run.mjs";
import { say } from "./say.mjs";
import { STACK } from "./stack.mjs";

/**
 * Leaves a lock alone whose run may still be at work.
 * @param {NodeJS.ProcessEnv} env
 */
export async function removeStaleLock(env) {
  const locks = await locksOfStack();
  if (locks.length === 0 || locks.some(({ pid, hostname: host }) => host !== hostname() || isRunning(pid))) return;
  say(
    `The last run was killed (process ${locks.map(({ pid }) => pid).join(", ")}). Taking its lock away (pulumi cancel).`,
  );
  await run("pulumi", ["cancel", STACK, "--yes"], { cwd: repository, env });
}

/** @returns {Promise<{ pid: number, hostname: string }[]>} as the file backend notes them */
async function locksOfStack() {
  const root = path.join(placesOf(privateFolder).backend, ".pulumi", "locks");
  const entries = await readdir(root, { recursive: true }).catch(() => []);
  const files = entries.filter((entry) => path.basename(path.dirname(entry)) === STACK && entry.endsWith(".json"));
  return Promise.all(files.map(async (file) => JSON.parse(await readFile(path.join(root, file), "utf8"))));
}
