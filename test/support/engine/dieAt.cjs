// @ts-check
/**
 * Preloaded into a process that is to die: counts its statements and its file and process operations, and kills it at one of them.
 *
 * DIE_AT: number of the point, from 1. DIE_WHEN: "before" the call, or "after" it was made (a statement is then on its way, a program
 * started, a file written). DIE_ALL: "1" counts what only reads too. DIE_LOG: file that gets one line per point.
 */
const { appendFileSync } = require("node:fs");
const fs = require("node:fs/promises");
const childProcess = require("node:child_process");
const { promisify } = require("node:util");
const { Connection } = require("mysql2");

const { DIE_AT, DIE_WHEN, DIE_ALL, DIE_LOG } = process.env;
const kill = process.kill.bind(process);
const READS = /^\s*(SELECT(?!.*(GET_LOCK|MASTER_GTID_WAIT))|SHOW|USE|SET SESSION)/is;

let count = 0;

/** @returns {never} */
function die() {
  kill(process.pid, "SIGKILL");
  for (;;);
}

/**
 * @param {string} label
 * @returns {boolean} whether the process has to die once this call is made
 */
function reached(label) {
  count += 1;
  if (DIE_LOG) appendFileSync(DIE_LOG, `${label.replace(/\s+/g, " ").trim().slice(0, 160)}\n`);
  if (count !== Number(DIE_AT)) return false;
  if (DIE_WHEN === "before") die();
  return true;
}

/**
 * @param {any} owner
 * @param {string} name
 * @param {(args: any[]) => string | undefined} label undefined: this call is no point
 * @param {(made: any) => void} [last] what to wait for before dying
 */
function count_(owner, name, label, last = die) {
  const original = owner[name];
  const counted = function (/** @type {any[]} */ ...args) {
    const text = label(args);
    const dies = text !== undefined && reached(text);
    // @ts-expect-error: `this` is the caller's
    const made = original.apply(this, args);
    if (dies) last(made);
    return made;
  };
  owner[name] = counted;
  const asPromise = original[promisify.custom];
  if (asPromise) {
    /** @type {any} */ (counted)[promisify.custom] = (/** @type {any[]} */ ...args) => {
      const text = label(args);
      const dies = text !== undefined && reached(text);
      const made = asPromise(...args);
      if (dies) last(made);
      return made;
    };
  }
}

const whenSettled = (/** @type {Promise<unknown>} */ made) => void Promise.resolve(made).then(die, die);

count_(
  Connection.prototype,
  "query",
  ([query]) => {
    const sql = typeof query === "string" ? query : query.sql;
    return DIE_ALL === "1" || !READS.test(sql) ? sql : undefined;
  },
  // By then the statement is in the socket.
  () => setImmediate(die),
);
for (const name of ["mkdir", "mkdtemp", "rename", "rm", "symlink", "unlink", "writeFile", "chmod"]) {
  count_(fs, name, (args) => `${name} ${args.filter((arg) => typeof arg === "string").join(" ")}`, whenSettled);
}
count_(fs, "open", ([file, flags]) => (flags === undefined || flags === "r" ? undefined : `open ${file}`), whenSettled);
for (const name of ["spawn", "execFile"]) {
  count_(childProcess, name, ([program, args]) => `${name} ${[program, ...args].join(" ")}`);
}
count_(process, "kill", ([, signal]) => (signal === 0 ? undefined : `kill ${signal}`));

const ready = fs.open(__filename).then(async (handle) => {
  const methods = Object.getPrototypeOf(handle);
  for (const name of ["writeFile", "chmod", "sync"])
    count_(methods, name, () => `${name} of an open file`, whenSettled);
  await handle.close();
});
module.exports = { ready };
