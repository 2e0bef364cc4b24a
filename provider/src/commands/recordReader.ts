import { type Entry, isEnding, type Line, lineIn } from "../recipe/record";

/** Reads a record twice, since only its end tells what has no outcome. So nothing is kept of it but what is under way at one time. */

/** A file of a record. */
export interface Source {
  readonly name: string;
  lines(): AsyncIterable<string> | Iterable<string>;
}

/** What a first look at a record tells. */
export interface Survey {
  /** What is wrong with it. */
  readonly findings: readonly string[];
  /** How many lines belong to something else. */
  readonly foreign: number;
  /** Files in which all lines belong to something else, and empty files. */
  readonly strange: readonly Source[];
  readonly empty: readonly Source[];
  readonly runs: ReadonlySet<string>;
  /** The names of the servers, and on which machine each is. */
  readonly nodes: ReadonlyMap<string, ReadonlySet<string>>;
  readonly machines: ReadonlySet<string>;
  /** What has no outcome. */
  readonly open: ReadonlySet<string>;
}

export const namesOf = (sources: readonly Source[]): string => sources.map(({ name }) => name).join(", ");
const keyOf = (run: string, n: number): string => `${run} ${n}`;

/** @param sources in the order in which they were written: a run may go on in the next one */
export async function survey(sources: readonly Source[]): Promise<Survey> {
  const notes = new Notes();
  const nodes = new Map<string, Set<string>>();
  const [machines, open] = [new Set<string>(), new Set<string>()];
  for await (const { line } of ownLines(sources, notes)) {
    if (isEnding(line)) {
      open.delete(keyOf(line.run, line.of));
      continue;
    }
    open.add(keyOf(line.run, line.n));
    if ("host" in line) machines.add(line.host);
    if ("node" in line) nodes.set(line.node, (nodes.get(line.node) ?? new Set()).add(line.host));
  }
  const { foreign, strange, empty, runs } = notes;
  return {
    findings: notes.findings(namesOf(sources)),
    foreign,
    strange,
    empty,
    runs: new Set(runs.keys()),
    nodes,
    machines,
    open,
  };
}

/** What was begun, in that order, each with its outcome. @param chosen which of it to tell */
export async function* entries(
  sources: readonly Source[],
  { open }: Pick<Survey, "open">,
  chosen: (begun: Entry["begun"]) => boolean = () => true,
): AsyncGenerator<Entry> {
  const held = new Map<string, { begun: Entry["begun"]; ended: Entry["ended"]; found: string[] }>();
  for await (const { line, found } of ownLines(sources, new Notes())) {
    if (isEnding(line)) {
      const entry = held.get(keyOf(line.run, line.of));
      if (!entry) continue;
      entry.ended = line;
      entry.found.push(found);
    } else if (chosen(line)) held.set(keyOf(line.run, line.n), { begun: line, ended: undefined, found: [found] });
    for (const [key, entry] of held) {
      if (!entry.ended && !open.has(key)) break;
      held.delete(key);
      yield entry;
    }
  }
  yield* held.values();
}

/** What is noted about the lines of a record while they are read. */
class Notes {
  foreign = 0;
  readonly strange: Source[] = [];
  readonly empty: Source[] = [];
  readonly runs = new Map<string, Numbers>();
  private readonly cut: string[] = [];

  cutOff(source: Source, number: number): void {
    this.cut.push(`${source.name}: line ${number} is cut off`);
  }

  /** Whether that line was not there before. */
  isNew({ run, n }: Line): boolean {
    const numbers = this.runs.get(run) ?? new Numbers();
    this.runs.set(run, numbers);
    return numbers.add(n);
  }

  findings(where: string): string[] {
    const ofRuns = [...this.runs].flatMap(([run, numbers]) =>
      numbers.findings().map((text) => `${where}: run ${run}: ${text}`),
    );
    return [...this.cut, ...ofRuns];
  }
}

/** The lines of the record, each once. */
async function* ownLines(sources: readonly Source[], notes: Notes) {
  for (const source of sources) {
    let [number, filled, own] = [0, 0, 0];
    for await (const text of source.lines()) {
      number++;
      if (text.trim() === "") continue;
      filled++;
      const read = lineIn(text);
      if (read) own++;
      if (read === undefined) notes.foreign++;
      else if (read === "cut off") notes.cutOff(source, number);
      else if (notes.isNew(read.line)) yield read;
    }
    if (filled === 0) notes.empty.push(source);
    else if (own === 0) notes.strange.push(source);
  }
}

/** Which lines of a run were seen. */
class Numbers {
  private next = 1;
  private readonly gaps: [from: number, to: number][] = [];
  private disorder: string | undefined;

  /** Whether that number was not there before. */
  add(n: number): boolean {
    if (n >= this.next) {
      if (n > this.next) this.gaps.push([this.next, n - 1]);
      this.next = n + 1;
      return true;
    }
    this.disorder ??= `its line ${n} comes after its line ${this.next - 1}: name the files in their order, the oldest first, each once`;
    const at = this.gaps.findIndex(([from, to]) => from <= n && n <= to);
    const [from, to] = this.gaps[at] ?? [n, n];
    if (at < 0) return false;
    const rest: [number, number][] = [
      [from, n - 1],
      [n + 1, to],
    ];
    this.gaps.splice(at, 1, ...rest.filter(([first, last]) => first <= last));
    return true;
  }

  findings(): string[] {
    const missing = this.gaps.map(([from, to]) => (from < to ? `${from}-${to}` : `${from}`));
    // They may be in the file that was written before.
    const before = this.gaps[0]?.[0] === 1 ? " (if the file was rotated, name the former one first)" : "";
    const lost = missing.length > 0 ? [`without its lines ${missing.join(", ")}${before}`] : [];
    return [...(this.disorder ? [this.disorder] : []), ...lost];
  }
}
