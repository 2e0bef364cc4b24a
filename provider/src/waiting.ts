import { stripVTControlCharacters } from "node:util";

/** Everything that takes time goes through here: each wait has a deadline, says what it waits for, and shows that it lives. */

/** A line for the person who watches `pulumi up`. Never pass it a secret. */
export function progress(text: string): void {
  endWithItsReader();
  console.log(printable(text));
}

let isWatched = false;

/** Ends this process when nobody reads its output any more: the engine that started it was killed, and what is under way here would keep the next run out. */
function endWithItsReader(): void {
  if (isWatched) return;
  isWatched = true;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "EPIPE") process.exit(1);
    });
  }
}

/** Longest text of somebody else that a line or an error may have, in characters. */
const LONGEST = 8_000;

/** Without what would steer the terminal, or fill it: some of what is told was said by machines and servers. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const plain = stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "");
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)} ...` : plain;
}

/** Runs `work`, and prints `what` if it isn't done within a second. */
export async function during<T>(what: string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => progress(`${what} ...`), 1000);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}

export interface Wait {
  /** What is waited for, as it reads after "waiting for". */
  readonly what: string;
  /** Longest wait, in milliseconds. */
  readonly deadline: number;
  /** Shortest pause between two looks, in milliseconds. It grows to a tenth of the time waited, and to 250 at most. @default 20 */
  readonly pause?: number;
}

/** What a probe of `until` answers: done with a value, or not yet with what it saw. */
export type Look<T> = { done: T } | { seen: string };

/** The deadline of a wait has passed. */
class TooLate extends Error {}

/** False when the deadline of this wait passed; what else failed still fails. */
export async function inTime(wait: Promise<unknown>): Promise<boolean> {
  try {
    await wait;
    return true;
  } catch (error) {
    if (error instanceof TooLate) return false;
    throw error;
  }
}

/** Asks `look` again and again until it is done. Throws, with what was last seen, when the deadline has passed. */
export async function until<T>(wait: Wait, look: () => Promise<Look<T>>): Promise<T> {
  const start = Date.now();
  let announced = start + 1000;
  for (;;) {
    const answer = await look();
    if ("done" in answer) return answer.done;
    const now = Date.now();
    if (now - start >= wait.deadline) {
      throw new TooLate(`waited ${seconds(now - start)} for ${wait.what}; last seen: ${answer.seen}`);
    }
    if (now >= announced) {
      progress(`waiting for ${wait.what} (${seconds(now - start)}; ${answer.seen}) ...`);
      announced = now + 5000;
    }
    const pause = Math.min(Math.max(wait.pause ?? 20, (now - start) / 10), 250);
    await sleep(Math.min(pause, Math.max(1, wait.deadline - (now - start))));
  }
}

/** Fails with `error` when `work` takes longer than `milliseconds`. What `work` holds open is for the caller to close. */
export async function within<T>(milliseconds: number, error: () => Error, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(error()), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
