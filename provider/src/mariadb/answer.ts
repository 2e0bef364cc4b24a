import type { Host } from "../hosts/Host";
import { progress } from "../run";
import { within } from "../waiting";
import { StatementError } from "./connectionError";
import { describeWant, wantOfRoom } from "./fullDisk";

/** How long a statement may take before its server's disk is looked at, in milliseconds. */
const SUSPICIOUS = 5_000;
/** A server that waits for room looks for it once a minute. */
const NOTICES = 75_000;

/** What was asked of whom. */
export interface Question {
  readonly name: string;
  readonly host: Host;
  /** The statement, as messages show it. */
  readonly shown: string;
  /** In milliseconds. */
  readonly deadline: number;
}

/**
 * The answer of a server, within the deadline. One that stands still because its disk is full is given up as soon as that is known;
 * one that has room again is given the time in which it notices.
 */
export async function answerOf<T>({ name, host, shown, deadline }: Question, answer: Promise<T>): Promise<T> {
  const begin = Date.now();
  const late = () => {
    const seconds = Math.round((Date.now() - begin) / 1000);
    return new StatementError("not answering", name, `${name} did not answer within ${seconds} s to: ${shown}`);
  };
  if (deadline <= SUSPICIOUS) return within(deadline, late, answer);
  const slow = new Error("it takes long");
  try {
    return await within(SUSPICIOUS, () => slow, answer);
  } catch (error) {
    if (error !== slow) throw error;
  }
  const answered = answer.then(
    () => undefined,
    () => undefined,
  );
  const want = await Promise.race([wantOfRoom(host), answered]);
  if (want?.isFull) {
    throw new StatementError("disk full", name, `${name} does not answer to: ${shown}; ${describeWant(want)}`);
  }
  if (want) progress(`${name} waited for room on its disk, and goes on within a minute: ${describeWant(want)}`);
  const longest = want ? Math.max(deadline, NOTICES) : deadline;
  return within(Math.max(1, longest - (Date.now() - begin)), late, answer);
}
