// @ts-check
/** What was measured, as text: medians and ranges, and whether the targets are met. */
import { STEPS } from "./round.mjs";
import { median, spread, table } from "./tables.mjs";

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
      runs: restarts.map((seconds) => ({ seconds, cpu: undefined, tree: undefined, plugin: undefined })),
    },
  ];
}

/** @param {Results} results @returns {Target[]} */
export function targetsOf({ engine, restarts }) {
  const rounds = engine[0]?.rounds ?? [];
  // Both were measured one after the other: the machine's moods of that minute are in both.
  const beyond = (/** @type {typeof STEPS[number]} */ step) =>
    median(rounds.map(({ ours, floor }) => ours[step].seconds - floor[step].seconds));
  const peak = (/** @type {"floor" | "ours"} */ who) =>
    Math.max(...rounds.flatMap((round) => STEPS.map((step) => round[who][step].plugin ?? Number.NaN)));
  return [
    {
      target: "no-op `preview` above the floor's",
      limit: 0.5,
      measured: beyond("no-op preview"),
      unit: "s",
    },
    {
      target: "first `up` above the floor's, the servers' restarts taken out",
      limit: 1.5,
      measured: beyond("first up") - median(restarts),
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

/** The cells of a row that are measured. @param {readonly Measured[]} runs */
export const cells = (runs) => [
  spread(
    runs.map(({ seconds }) => seconds),
    2,
  ),
  .../** @type {const} */ ([
    ["cpu", 2],
    ["tree", 0],
    ["plugin", 0],
  ]).map(([measure, digits]) =>
    spread(
      runs.flatMap((run) => run[measure] ?? []),
      digits,
    ),
  ),
];
export const MEASURED = ["seconds", "CPU, seconds", "all processes, MB", "plugin process, MB"];

/** @param {Results} results @returns {string} Markdown */
export function report(results) {
  const runs = results.restarts.length;
  return `## On this machine

The pair on two servers of this machine. ${runs} ${runs === 1 ? "run" : "runs"}, each on new servers and a new state, the contenders in turns. Median (least–most).

${table(
  ["who", "what", ...MEASURED],
  rowsOf(results).map(({ who, what, runs }) => [who, what, ...cells(runs)]),
)}

${targetTable(targetsOf(results))}

- Floor: a TypeScript program with one dynamic resource that does nothing. This library: the recipe's pair, profile \`vendor\`, from two empty
  running servers on the same machine. Both with \`options.refresh: always\`, types not checked at run time, \`up --skip-preview\`.
- Each pair, ours and the script's, was proved by the same check: every setting, account, grant and link of the recipe on both nodes, and a
  row crossed both ways.
- CPU and memory are those of the command and all processes below it, servers left out. Memory is resident: the most that they held at one
  moment; of the plugin the kernel's own peak (VmHWM).`;
}
