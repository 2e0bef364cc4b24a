import type { BadLine, IncludeLine, OptionFileItem, OptionLine } from "./optionFile";

/** Option files that include others: what of them a server reads, and how often. */

/** Files below the first ones in which the server follows no further include. */
export const DEEPEST = 10;
/** Lines and files after which nothing more is read. A server that reads so much takes seconds for its start; with ten times as much, minutes. */
const MOST = 1_000_000;

/** What is on a machine where option files lie, each file and folder once. */
export interface FoundFiles {
  /** By path. Of a file that is not there, or is none to the server, nothing. */
  readonly files: ReadonlyMap<string, readonly OptionFileItem[]>;
  /** By path, the option files in a folder in the server's order. None of that path: there is no such folder. */
  readonly folders: ReadonlyMap<string, readonly string[]>;
  /** By path of a file or folder, why it can't be read. */
  readonly unread: ReadonlyMap<string, string>;
}

export interface ReadOptions {
  /** All options of the server, in the order in which it reads them: those of a file that is included twice are there twice. */
  readonly lines: readonly OptionLine[];
  readonly problems: readonly OptionProblem[];
}

/** Why no server starts with its option files, or why nobody can tell what it would start with. */
export interface OptionProblem {
  readonly file: string;
  /** 0: it is about all of the file. */
  readonly line: number;
  readonly text: string;
}

/** What a server reads that begins with these files. */
export function readAsServer(first: readonly string[], found: FoundFiles): ReadOptions {
  const reading = new Reading(found);
  return reading.all(first);
}

class Reading {
  private readonly lines: OptionLine[] = [];
  private readonly problems = new Map<string, OptionProblem>();
  private left = MOST;

  constructor(private readonly found: FoundFiles) {}

  all(first: readonly string[]): ReadOptions {
    try {
      for (const file of first) {
        const bad = this.read(file, []);
        if (bad) this.note(bad, `${bad.text} (${bad.problem}; no server starts with that)`);
      }
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error;
      const { line } = error;
      const what = `more than ${MOST} lines, because files include each other; a server takes very long to start with that`;
      this.note(line, `${line.text} (${what})`);
    }
    return { lines: this.lines, problems: [...this.problems.values()] };
  }

  /**
   * @param by the lines that lead to the file, from a first file on
   * @returns where the server gives the file up
   */
  private read(file: string, by: readonly IncludeLine[]): BadLine | undefined {
    const { files, unread } = this.found;
    const reason = unread.get(file);
    if (reason !== undefined) this.note({ file, line: 0 }, reason);
    for (const item of files.get(file) ?? []) {
      this.spend(by);
      if ("problem" in item) return item;
      if ("option" in item) this.lines.push(item);
      else if (by.length < DEEPEST) {
        const included = this.includedBy(item);
        if (!included) return { ...item, problem: "there is no such folder" };
        for (const one of included) {
          this.spend([...by, item]);
          this.read(one, [...by, item]);
        }
      }
    }
    return undefined;
  }

  /** Undefined: there is no such folder. */
  private includedBy(line: IncludeLine): readonly string[] | undefined {
    if (!line.isFolder) return [line.include];
    const reason = this.found.unread.get(line.include);
    if (reason === undefined) return this.found.folders.get(line.include);
    this.note(line, `${line.text} (${reason})`);
    return [];
  }

  private spend(by: readonly IncludeLine[]): void {
    const [first] = by;
    if (this.left-- > 0 || !first) return;
    throw new TooMuch(by.find((line, index) => by.indexOf(line) < index) ?? first);
  }

  private note({ file, line }: Pick<OptionProblem, "file" | "line">, text: string): void {
    this.problems.set(`${file}:${line}`, { file, line, text });
  }
}

/** More is read than anybody waits for. */
class TooMuch extends Error {
  /** @param line the one that leads back to itself, if there is one */
  constructor(readonly line: IncludeLine) {
    super(line.text);
  }
}

/** How previews and errors show a problem. */
export const describeProblem = ({ file, line, text }: OptionProblem): string =>
  line === 0 ? `${file}: ${text}` : `${file}:${line} ${text}`;
