// @ts-check
/** Time, CPU time and peak memory of one command, its children included. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Milliseconds between two looks at the processes. */
const PAUSE = 50;

/** The servers of the pair go on after the command: they are no part of what it needs. */
const NOT_COUNTED = /^mariadbd?$/;

/** Of the kernel's clock for CPU time, in a second. */
const TICKS = 100;

/** How Pulumi's process for dynamic resources is started. */
const PLUGIN = "/cmd/dynamic-provider";

/**
 * @typedef {object} Measured
 * @property {number} seconds
 * @property {number | undefined} cpu    seconds of CPU time of the command and all below it, up to a twentieth of a second before its end
 * @property {number | undefined} tree   MB: the most that the command and all below it held at one moment. Undefined: this machine does not tell
 * @property {number | undefined} plugin MB: the peak of the plugin process, as the kernel keeps it. Undefined: there was none
 */

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<Measured & { code: number, output: string }>}
 */
export function measure(command, args, { cwd, env }) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    const peaks = { cpu: 0, tree: 0, plugin: 0 };
    const timer = setInterval(() => look(/** @type {number} */ (child.pid), peaks), PAUSE);
    child.on("error", reject);
    child.on("exit", (code) => {
      clearInterval(timer);
      const seconds = (performance.now() - began) / 1000;
      const [tree, plugin] = [peaks.tree, peaks.plugin].map((kB) => (kB > 0 ? kB / 1024 : undefined));
      const cpu = peaks.cpu > 0 ? peaks.cpu / TICKS : undefined;
      const answer = () => resolve({ code: code ?? 124, output, seconds, cpu, tree, plugin });
      // A server that was started may hold the streams open for ever.
      if (child.stdout.readableEnded) answer();
      else setTimeout(answer, 100);
    });
  });
}

/**
 * @param {number} root process id
 * @param {{ cpu: number, tree: number, plugin: number }} peaks in ticks, and in kB
 */
function look(root, peaks) {
  let [sum, ticks] = [0, 0];
  for (const pid of processesBelow(root)) {
    // Its own, and that of children that have ended.
    const times = textOf(`/proc/${pid}/stat`)
      .replace(/^.*\) /s, "")
      .split(" ")
      .slice(11, 15);
    ticks += times.reduce((total, time) => total + Number(time), 0);
    const status = textOf(`/proc/${pid}/status`);
    sum += field(status, "VmRSS");
    if (textOf(`/proc/${pid}/cmdline`).includes(PLUGIN)) peaks.plugin = Math.max(peaks.plugin, field(status, "VmHWM"));
  }
  peaks.tree = Math.max(peaks.tree, sum);
  peaks.cpu = Math.max(peaks.cpu, ticks);
}

/**
 * @param {number} root
 * @returns {number[]} it and all below it
 */
function processesBelow(root) {
  /** @type {Map<number, number[]>} */
  const children = new Map();
  for (const name of directories("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const [, program = "", parent] = /\((.*)\) \S (\d+)/s.exec(textOf(`/proc/${name}/stat`)) ?? [];
    if (parent === undefined || NOT_COUNTED.test(program)) continue;
    children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(name)]);
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/** @param {string} status @param {string} name */
const field = (status, name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);

/** @param {string} file */
function textOf(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // it has just ended
  }
}

/** @param {string} folder */
function directories(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return []; // a system without it
  }
}
