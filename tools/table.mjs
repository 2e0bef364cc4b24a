// @ts-check
/** Tables for the terminal. */

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
export async function table(head, rows) {
  const { default: Table } = await import("cli-table3");
  const made = new Table({ head, style: { head: [], border: [] } });
  made.push(...rows);
  return made.toString();
}
