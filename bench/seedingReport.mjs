// @ts-check
/** The table of `npm run bench:seeding`. */
import { machineTable, median, spread, table } from "./tables.mjs";

/** Part of the speed by hand that the library has at the least, and how much more memory many rows may take than few, in MB. */
const LEAST_SPEED = 0.9;
const MOST_MEMORY = 20;

/**
 * @typedef {object} Measured
 * @property {number} rows
 * @property {number} few
 * @property {number[]} library seconds
 * @property {number[]} byHand seconds
 * @property {number[]} memoryFew MB
 * @property {number[]} memory MB
 */

/** @param {Measured} measured @param {Record<string, string | number>} machine @returns {{ text: string, isKept: boolean }} */
export function seedingReport({ rows, few, library, byHand, memoryFew, memory }, machine) {
  const speed = median(byHand) / median(library);
  const growth = median(memory) - median(memoryFew);
  const text = `# Seeding: measured

\`npm run bench:seeding -- --rows ${rows} --few ${few} --runs ${library.length}\` wrote this file. Medians, with the least and the most.
By hand is \`mariadb-dump | mariadb\` with the same options, unlogged, on the same two servers, in turns with the library.

${machineTable(machine)}

${table(
  ["", "library", "by hand"],
  [
    [`seconds for ${rows} rows`, spread(library, 1), spread(byHand, 1)],
    ["part of the speed by hand", `${speed.toFixed(2)} (at least ${LEAST_SPEED})`, "1"],
    [`most memory of the process, ${few} rows, MB`, spread(memoryFew, 0), ""],
    [`most memory of the process, ${rows} rows, MB`, spread(memory, 0), ""],
    ["more for many rows, MB", `${growth.toFixed(0)} (at most ${MOST_MEMORY})`, ""],
  ],
)}
`;
  return { text, isKept: speed >= LEAST_SPEED && growth <= MOST_MEMORY };
}
