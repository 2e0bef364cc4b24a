// @ts-check
/** What many pairs in one program take, as text, and whether it grows no faster than their number. */
import { machineTable, median, spread, table } from "./tables.mjs";

/** @typedef {{ pairs: number, up: number, previews: import("./measure.mjs").Measured[] }} Step */

/** @typedef {"seconds" | "cpu" | "plugin"} Measure */

/** Of a preview, in the middle of its runs. @param {Step} step @param {Measure} measure */
const typical = ({ previews }, measure) => median(previews.map((run) => run[measure] ?? Number.NaN));

/**
 * What one more pair costs on the way from one step to the next.
 * @param {Step} from
 * @param {Step} to
 * @param {Measure} measure
 */
const perPair = (from, to, measure) => (typical(to, measure) - typical(from, measure)) / (to.pairs - from.pairs);

/**
 * A straight line, or flatter: from the first to the last a pair costs no more than from the first to the last but one, a fifth allowed
 * for the machine's moods.
 * @param {readonly Step[]} steps
 * @param {Measure} measure
 */
function growsStraight(steps, measure) {
  const [first, middle, last] = [steps[0], steps.at(-2), steps.at(-1)];
  if (!first || !middle || !last || first === middle) return true;
  return perPair(first, last, measure) <= 1.2 * perPair(first, middle, measure);
}

const CLAIMS = /** @type {const} */ ({
  seconds: "The time of a preview",
  cpu: "Its CPU time",
  plugin: "The memory of the plugin process",
});
const MEASURES = /** @type {Measure[]} */ (Object.keys(CLAIMS));

/** Of all that is measured. @param {readonly Step[]} steps */
export const growsNoFaster = (steps) => MEASURES.every((measure) => growsStraight(steps, measure));

/** @param {readonly Step[]} steps @param {Measure} measure @returns {string} a sentence with the figures that decide it */
function claim(steps, measure) {
  const [first, middle, last] = [steps[0], steps.at(-2), steps.at(-1)];
  if (!first || !middle || !last || first === middle) return `${CLAIMS[measure]}: three steps are needed to tell.`;
  const unit = measure === "plugin" ? "MB" : "s";
  const figure = (/** @type {Step} */ to) =>
    `${perPair(first, to, measure).toFixed(2)} ${unit} from ${first.pairs} to ${to.pairs}`;
  const verdict = growsStraight(steps, measure) ? "no faster" : "faster";
  return `${CLAIMS[measure]} grows ${verdict} than the number of pairs: for each more, ${figure(middle)}, and ${figure(last)}.`;
}

/** @param {readonly Step[]} steps @param {Record<string, string | number>} machine @returns {string} Markdown */
export function pairsReport(steps, machine) {
  const rows = steps.map((step) => [
    `${step.pairs}`,
    step.up.toFixed(1),
    ...MEASURES.map((measure) =>
      spread(
        step.previews.flatMap((run) => run[measure] ?? []),
        measure === "plugin" ? 0 : 2,
      ),
    ),
  ]);
  return `# Many pairs in one program

Real servers on this machine, two for each pair; each row adds pairs to those of the row above. \`up\` makes the added servers and their pairs
and looks at the others. Previews with nothing to change, with \`options.refresh: always\`: median of ${steps[0]?.previews.length} (least to most).

${table(["pairs", "up, seconds", "preview, seconds", "its CPU time, seconds", "plugin process, MB"], rows)}

${MEASURES.map((measure) => `- ${claim(steps, measure)}`).join("\n")}

A fifth is allowed for the machine's moods.

${machineTable(machine)}
`;
}
