// @ts-check
/** Medians, ranges and Markdown tables. */

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median (least to most). @param {readonly number[]} values @param {number} digits */
export function spread(values, digits) {
  if (values.length === 0) return "-";
  const [least, middle, most] = [Math.min(...values), median(values), Math.max(...values)].map((n) =>
    n.toFixed(digits),
  );
  return `${middle} (${least}–${most})`;
}

/** @param {string[]} head @param {string[][]} rows */
export const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** @param {Record<string, string | number>} machine see `machineFacts` */
export const machineTable = (machine) =>
  table(
    ["machine", ""],
    Object.entries(machine).map(([name, value]) => [name, String(value)]),
  );
