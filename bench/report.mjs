// @ts-check
/** What was measured, as text: medians and ranges, and whether the targets are met. */
import { STEPS } from "./round.mjs";
import { machineTable, median, spread, table } from "./tables.mjs";

/** @typedef {import("./measure.mjs").Measured} Measured */
/**
 * @typedef {object} Row
 * @property {string} who
 * @property {string} what
 * @property {readonly Measured[]} runs
 */
/** @typedef {{ target: string, limit: number, measured: number, unit: string }} Target */

/**
 * @typedef {object} Results
 * @property {Record<string, string | number>} machine
 * @property {{ runtime: string, rounds: Awaited<ReturnType<typeof import("./round.mjs").engineRound>>[] }[]} engine  the first is the one the targets are for
 * @property {Awaited<ReturnType<typeof import("./round.mjs").shellRound>>[]} shell
 * @property {number[]} restarts  seconds
 */

const LABELS = { floor: "engine's floor", ours: "this library" };

/** @param {Results} results @returns {Row[]} */
export function rowsOf({ engine, shell, restarts }) {
  const rows = engine.flatMap(({ runtime, rounds }) =>
    STEPS.flatMap((step) =>
      /** @type {const} */ (["floor", "ours"]).map((who) => ({
        who: `${LABELS[who]}, ${runtime}`,
        what: step === "one change" && who === "ours" ? "one drift repaired" : step,
        runs: rounds.map((round) => round[who][step]),
      })),
    ),
  );
  return [
    ...rows,
    { who: "bash and mariadb", what: "first bring-up", runs: shell.map(({ bringUp }) => bringUp) },
    { who: "bash and mariadb", what: "check of both nodes", runs: shell.map(({ check }) => check) },
    {
      who: "restart of both servers",
      what: "part of each first bring-up",
      runs: restarts.map((seconds) => ({ seconds, tree: undefined, plugin: undefined })),
    },
  ];
}

/** @param {Results} results @returns {Target[]} */
export function targetsOf({ engine, restarts }) {
  const rounds = engine[0]?.rounds ?? [];
  const seconds = (/** @type {"floor" | "ours"} */ who, /** @type {typeof STEPS[number]} */ step) =>
    median(rounds.map((round) => round[who][step].seconds));
  const peak = (/** @type {"floor" | "ours"} */ who) =>
    Math.max(...rounds.flatMap((round) => STEPS.map((step) => round[who][step].plugin ?? Number.NaN)));
  return [
    {
      target: "no-op `preview` above the floor's",
      limit: 0.5,
      measured: seconds("ours", "no-op preview") - seconds("floor", "no-op preview"),
      unit: "s",
    },
    {
      target: "first `up` above the floor's, the servers' restarts taken out",
      limit: 1.5,
      measured: seconds("ours", "first up") - median(restarts) - seconds("floor", "first up"),
      unit: "s",
    },
    {
      target: `plugin process, the most of all runs (the floor's: ${peak("floor").toFixed(0)} MB)`,
      limit: 120,
      measured: peak("ours"),
      unit: "MB",
    },
  ];
}

/** @param {Target} target */
export const isMet = ({ measured, limit }) => measured <= limit;

/** @param {readonly Target[]} targets */
export const targetTable = (targets) =>
  table(
    ["target", "at most", "measured", ""],
    targets.map((target) => {
      const shown = (/** @type {number} */ value) =>
        `${value.toFixed(target.unit === "s" ? 2 : 0)} ${target.unit}`.trim();
      return [target.target, shown(target.limit), shown(target.measured), isMet(target) ? "met" : "missed"];
    }),
  );

/** @param {Results} results @returns {string} Markdown */
export function report(results) {
  const runs = results.restarts.length;
  return `# Measured

${runs} ${runs === 1 ? "run" : "runs"}, each on new servers and a new state, the contenders in turns. Median (least to most).

${table(
  ["who", "what", "seconds", "CLI and all below it, MB", "plugin process, MB"],
  rowsOf(results).map(({ who, what, runs }) => [
    who,
    what,
    spread(
      runs.map(({ seconds }) => seconds),
      2,
    ),
    spread(
      runs.flatMap(({ tree }) => tree ?? []),
      0,
    ),
    spread(
      runs.flatMap(({ plugin }) => plugin ?? []),
      0,
    ),
  ]),
)}

${targetTable(targetsOf(results))}

- Floor: a TypeScript program with one dynamic resource that does nothing. This library: the recipe's pair, profile \`vendor\`, from two empty
  running servers on the same machine. Both with \`options.refresh: always\`, types not checked at run time, \`up --skip-preview\`.
- Each pair, ours and the script's, was proved by the same check: every setting, account, grant and link of the recipe on both nodes, and a
  row crossed both ways.
- Memory: resident, the peak of the sum of all processes of the command, servers left out; of the plugin the kernel's own peak (VmHWM).

${machineTable(results.machine)}
`;
}
