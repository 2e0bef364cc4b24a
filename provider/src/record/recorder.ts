import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { withoutHashes } from "../recipe/accounts/password";
import type { Change, Ending, Event, Head, Line, Operation, Outcome } from "../recipe/record";
import { ofRun, printable, progress } from "../run";
import { type Target, targetOf, VARIABLE } from "./target";

/**
 * The record of what was done, where the operator asked for one. A line is written before each change and after it, so that a process that dies
 * leaves a trace of what it was at. No change is made that can't be written down.
 */

/** What has to be free before an operation begins: as much as a few thousand changes take. */
const ROOM = 4 << 20;

/** The operation of which a change is a part. */
const operations = new AsyncLocalStorage<Operation>();

class Recorder {
  private readonly run = randomUUID();
  private lines = 0;
  private readonly head: Pick<Head, "user" | "machine" | "pid" | "version"> = {
    user: userName(),
    machine: os.hostname(),
    pid: process.pid,
    version: packageVersion(),
  };

  constructor(
    private readonly name: string,
    private readonly target: Target,
  ) {}

  /** Writes a line, and returns its number. */
  write(event: Event, room = 0): number {
    const n = this.lines + 1;
    const time = new Date().toISOString();
    const line: Line = { run: this.run, n, time, ...this.head, ...operations.getStore(), ...event };
    try {
      this.target(withoutHashes(escaped(JSON.stringify(line, inJson))), room);
    } catch (error) {
      throw refusal(this.name, error);
    }
    this.lines = n;
    return n;
  }

  /** For what changes nothing any more. */
  writeIfPossible(ending: Ending): void {
    try {
      this.write(ending);
    } catch (error) {
      progress((error as Error).message);
    }
  }
}

/** Values of settings may be too large for a number. */
function inJson(_key: string, value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

/** The same JSON, without what steers a terminal: who looks at a record need not have a reader for it. */
const escaped = (json: string): string =>
  json.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (characters) =>
    characters.replace(/./gs, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );

/** Undefined: nobody asked for a record. */
const recorder = ofRun(() => {
  const name = process.env[VARIABLE];
  if (name === undefined) return undefined;
  try {
    return new Recorder(name, targetOf(name));
  } catch (error) {
    throw refusal(name, error);
  }
});

/** A change was not made because the record does not take its line. */
export class NotRecorded extends Error {}

const refusal = (name: string, error: unknown): NotRecorded =>
  new NotRecorded(
    `the record ${VARIABLE}=${name} ${(error as Error).message}. Nothing is changed without its line there. Correct that and run the command again ` +
      "(what was stopped stays so until then), or unset the variable to go without a record",
  );

/** Does `work` as an operation that changes something. Its begin and its end are in the record. @param tell what to say of its error */
export function inOperation<T>(meant: Operation, work: () => Promise<T>, tell: (error: Error) => string): Promise<T> {
  return operations.run(meant, async () => {
    const record = recorder();
    if (!record) return work();
    const ending = { event: "end", of: record.write({ event: "begin" }, ROOM) } as const;
    const begin = Date.now();
    try {
      const done = await work();
      record.writeIfPossible({ ...ending, outcome: "ok", ms: Date.now() - begin });
      return done;
    } catch (error) {
      record.writeIfPossible({ ...ending, outcome: "failed", error: tell(error as Error), ms: Date.now() - begin });
      throw error;
    }
  });
}

/** Makes a change, and records it before and after. @param tell what its result says */
export async function recorded<T>(
  change: () => Change,
  work: () => Promise<T>,
  tell: (done: T) => Pick<Outcome, "rows"> = () => ({}),
): Promise<T> {
  const record = recorder();
  if (!record) return work();
  const ending = { event: "outcome", of: record.write(change()) } as const;
  const begin = Date.now();
  let done: T;
  try {
    done = await work();
  } catch (error) {
    record.writeIfPossible({ ...ending, outcome: "failed", error: reasonOf(error), ms: Date.now() - begin });
    throw error;
  }
  record.write({ ...ending, outcome: "ok", ms: Date.now() - begin, ...tell(done) });
  return done;
}

/** Of an error of a server its kind or number, since its text may quote the statement. */
function reasonOf(error: unknown): string {
  const { problem, message } = error as { problem?: string; message: string };
  return problem ?? firstLine(message);
}

export const firstLine = (text: string): string => printable(text.split("\n", 1)[0] ?? "");

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    // A container may run as a user that it has no name for.
    return `uid ${process.getuid?.()}`;
  }
}

const packageVersion = (): string =>
  (JSON.parse(readFileSync(path.join(__dirname, "../../package.json"), "utf8")) as { version: string }).version;
