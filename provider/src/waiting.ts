import { progress } from "./run";

/** Everything that takes time goes through here: each wait has a deadline, says what it waits for, and shows that it lives. */

/** Milliseconds between two lines about the same work. */
const AGAIN = 30_000;

/** Runs `work`, and prints `what` if it isn't done within a second, and again from time to time. */
export async function during<T>(what: string, work: Promise<T>): Promise<T> {
  const tell = () => {
    progress(`${what} ...`);
    timer = setTimeout(tell, AGAIN);
  };
  let timer = setTimeout(tell, 1000);
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

/** What a probe of `until` returns: done with a value, or not yet with what it saw, and the number of the server's error if that is one. */
export type Look<T> = { done: T } | { seen: string; errno?: number | undefined };

/** The deadline of a wait has passed. */
export class TooLate extends Error {
  constructor(
    message: string,
    /** The number of the server's error that was seen last. */
    readonly errno: number | undefined,
  ) {
    super(message);
  }
}

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
      throw new TooLate(`waited ${seconds(now - start)} for ${wait.what}; last seen: ${answer.seen}`, answer.errno);
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
