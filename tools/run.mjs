// @ts-check
/** Runs other programs. */
import { spawn } from "node:child_process";

/** An error whose text is all that the user needs: it is shown without a stack. */
export class Stop extends Error {}

/**
 * @typedef {{ code: number, output: string }} Result  exit code (124: time was up, 127: could not be started); all it wrote
 * @typedef {{ cwd?: string, env?: NodeJS.ProcessEnv, input?: string, deadline?: number }} Options
 */

/**
 * Runs a program and keeps what it writes.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Options} [options]
 * @returns {Promise<Result & { stdout: string }>}
 */
export function run(command, args, { cwd, env, input, deadline } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
    let output = "";
    let stdout = "";
    const end = (/** @type {number} */ code, message = "") => {
      clearTimeout(timer);
      resolve({ code, stdout, output: output + message });
    };
    const timer = setTimeout(
      () => {
        child.kill("SIGKILL");
        // What it started may hold these open for longer.
        for (const stream of [child.stdout, child.stderr]) stream.destroy();
        end(124);
      },
      deadline ?? 2 ** 31 - 1,
    );
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    child.on("error", (error) => end(127, error.message));
    child.on("close", (code) => end(code ?? 124));
    child.stdin.on("error", () => {}); // it may end without reading all
    child.stdin.end(input ?? "");
  });
}

/**
 * Runs a program on our own terminal.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, quiet?: boolean }} [options] quiet: its answers go to standard error
 * @returns {Promise<number>} its exit code
 */
export function runInFront(command, args, { cwd, env, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["inherit", quiet ? 2 : "inherit", "inherit"] });
    // Ctrl-C reaches the program too: it decides how to end, and we end after it.
    const wait = () => {};
    const passOn = () => child.kill("SIGINT");
    process.on("SIGINT", wait).on("SIGTERM", passOn);
    const over = () => process.off("SIGINT", wait).off("SIGTERM", passOn);
    child.on("error", (error) => {
      over();
      reject(new Stop(`${command} could not be started: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      over();
      resolve(code ?? (signal === "SIGINT" ? 130 : 143));
    });
  });
}

/**
 * @param {number} pid
 * @returns {boolean} whether there is such a process on this machine
 */
export function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/**
 * The frame of each of our commands: its answer is the exit code.
 * @param {() => Promise<number | void>} work
 */
export async function main(work) {
  try {
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    process.stderr.write(`\n${error instanceof Stop ? error.message : String(/** @type {Error} */ (error).stack)}\n`);
    process.exitCode = 1;
  }
}
