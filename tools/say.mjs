// @ts-check
/** Progress lines, on standard error so that they never mix with what a command answers. */

/** @param {string} text */
export const say = (text) => void process.stderr.write(`${text}\n`);

/**
 * Says every half minute how long something has been going on.
 * @template T
 * @param {string} what
 * @param {string} expected
 * @param {() => Promise<T>} work
 */
export async function sayElapsed(what, expected, work) {
  const began = Date.now();
  const timer = setInterval(
    () => say(`  ${what}: ${duration(Date.now() - began)} so far; usually ${expected}`),
    30_000,
  );
  try {
    const result = await work();
    say(`  ${what}: done in ${duration(Date.now() - began)}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}

/** @param {number} milliseconds */
function duration(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}
