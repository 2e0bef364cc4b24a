import { AsyncLocalStorage } from "node:async_hooks";
import { stripVTControlCharacters } from "node:util";

/** One run, from its first question to its last: everything that is kept between two operations is kept here. */

/** Where the lines go that are for the person who watches a run. */
export type Sink = (line: string) => void;

/** One run of `pulumi`, or of a command, or of a test. */
export class Run {
  private static readonly storage = new AsyncLocalStorage<Run>();
  private readonly kept = new Map<object, unknown>();

  /** @param sink by default nobody watches */
  constructor(readonly sink: Sink = () => undefined) {}

  /** Does `work` in this run. */
  within<T>(work: () => T): T {
    return Run.storage.run(this, work);
  }

  /** Makes what follows, in this asynchronous context, part of this run: for scripts and tests, whose whole life is one. */
  enter(): void {
    Run.storage.enterWith(this);
  }

  /** The run to which the caller belongs. */
  static get current(): Run {
    const run = Run.storage.getStore();
    if (!run) throw new Error("no run is open here: open one with `new Run()`, and do the work within it");
    return run;
  }

  /** What this run keeps under a key; made when it is asked for first. */
  keep<T>(key: object, make: () => T): T {
    if (!this.kept.has(key)) this.kept.set(key, make());
    return this.kept.get(key) as T;
  }
}

/** Declares a value that each run has its own copy of. The result returns the current run's. */
export function ofRun<T>(make: () => T): () => T {
  const key = {};
  return () => Run.current.keep(key, make);
}

const resources = new AsyncLocalStorage<string>();

/** Does `work` for a resource: its lines begin with the name. A program may have several pairs, each with a `db1`. */
export const forResource = <T>(name: string, work: () => T): T => resources.run(name, work);

/** A line for the person who watches. Never pass it a secret. */
export function progress(text: string): void {
  const name = resources.getStore();
  Run.current.sink(printable(name === undefined ? text : `${name}: ${text}`));
}

/** Longest text of somebody else that a line or an error may have, in characters. */
const LONGEST = 8_000;

/** Without what would steer the terminal, or fill it: some of what is told was said by machines and servers. */
export function printable(text: string): string {
  // Control characters but tab and line feed, and what is not seen or turns the direction of writing.
  const plain = stripVTControlCharacters(text).replace(/[^\P{Cc}\t\n]|[\p{Cf}\p{Zl}\p{Zp}]/gu, "");
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)} ...` : plain;
}
