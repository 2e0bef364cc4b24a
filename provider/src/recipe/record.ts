/** A record of what was done: what its lines say, and how they are read. docs/record.md explains each field. */

/** What changes a server or a machine. */
export type Change =
  | {
      readonly event: "statement";
      readonly host: string;
      readonly node: string;
      /** The account in whose session it runs. */
      readonly as: string;
      readonly statement: string;
      /** What stands in the place of its marks. Secrets are hidden by then. */
      readonly values?: readonly unknown[];
    }
  | {
      readonly event: "write file";
      readonly host: string;
      readonly path: string;
      readonly mode: string;
      readonly bytes: number;
      /** Of its contents; absent where they have a private key or a password. */
      readonly sha256?: string;
    }
  | { readonly event: "remove file"; readonly host: string; readonly path: string }
  | { readonly event: "start service" | "stop service"; readonly host: string }
  | { readonly event: "command"; readonly host: string; readonly command: readonly string[] }
  | {
      readonly event: "copy";
      readonly host: string;
      readonly node: string;
      readonly as: string;
      readonly from: string;
      readonly databases: readonly string[];
    };

/** How a change or an operation ended. */
export interface Ending {
  readonly event: "outcome" | "end";
  /** The number of the line that says what was begun. */
  readonly of: number;
  readonly outcome: "ok" | "failed";
  readonly ms: number;
  readonly error?: string;
  /** Rows that a statement wrote, or a copy, by table. */
  readonly rows?: number | Readonly<Record<string, number>>;
}

/** An operation that changes something, and of which resource. */
export interface Operation {
  readonly operation: "create" | "update" | "delete";
  readonly id: string;
  readonly stack?: string;
  readonly resource?: string;
}

export interface Begin {
  readonly event: "begin";
}

export type Event = Begin | Change | Ending;

/** What every line says of who, where and in which run. */
export interface Head extends Partial<Operation> {
  readonly run: string;
  /** Counts the lines of a run from 1: one that is missing shows. */
  readonly n: number;
  readonly time: string;
  readonly user: string;
  readonly machine: string;
  readonly pid: number;
  readonly version: string;
}

export type Line = Head & Event;

/** What was begun, and how it ended; undefined while that is not known. */
export interface Entry {
  readonly begun: Head & (Begin | Change);
  readonly ended: (Head & Ending) | undefined;
  /** Both lines as they were found. */
  readonly found: readonly string[];
}

export interface Reading {
  readonly entries: readonly Entry[];
  /** What is wrong with the record. */
  readonly findings: readonly string[];
}

/** Each line begins like that. Inside of one, its quotes are escaped. */
const BEGINNING = '{"run":"';

/** Puts together what lines tell, in their order. Lines of others are left out, and so is what others have put before ours. */
export function readRecord(texts: readonly string[]): Reading {
  const findings: string[] = [];
  const entries = new Map<string, { begun: Entry["begun"]; ended: Entry["ended"]; found: string[] }>();
  const runs = new Map<string, Set<number>>();
  for (const [index, text] of texts.entries()) {
    const at = text.lastIndexOf(BEGINNING);
    if (at < 0) continue;
    const line = parse(text.slice(at));
    if (!line) {
      findings.push(`line ${index + 1} is cut off`);
      continue;
    }
    runs.set(line.run, (runs.get(line.run) ?? new Set()).add(line.n));
    if (isEnding(line)) {
      const entry = entries.get(`${line.run} ${line.of}`);
      if (!entry) continue;
      entry.ended = line;
      entry.found.push(text.slice(at));
    } else entries.set(`${line.run} ${line.n}`, { begun: line, ended: undefined, found: [text.slice(at)] });
  }
  for (const [run, numbers] of runs) {
    const missing = missingIn(numbers);
    if (missing.length > 0) findings.push(`run ${run}: without its lines ${missing.join(", ")}`);
  }
  return { entries: [...entries.values()], findings };
}

const isEnding = (line: Line): line is Head & Ending => line.event === "outcome" || line.event === "end";

function parse(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}

/** The numbers up to the last one that are not there, as ranges. */
function missingIn(numbers: ReadonlySet<number>): string[] {
  const gaps: string[] = [];
  let expected = 1;
  for (const n of [...numbers].sort((one, other) => one - other)) {
    if (n > expected) gaps.push(n - 1 > expected ? `${expected}-${n - 1}` : `${expected}`);
    expected = n + 1;
  }
  return gaps;
}

/** An entry in a line for people: when, which run, who, for which resource, where, what, and how it ended. */
export function describeEntry({ begun, ended }: Entry): string {
  const { run, time, user, machine, resource, stack, operation, id } = begun;
  const meant = [operation, resource ?? id, stack && `of ${stack}`].filter(Boolean).join(" ");
  const parts = [time, run.slice(0, 8), `${user}@${machine}`, ...(meant ? [meant] : []), describeEvent(begun)];
  return [...parts, describeEnding(ended)].join(" | ").replace(/\s+/g, " ");
}

function describeEvent(event: Begin | Change): string {
  switch (event.event) {
    case "begin":
      return "begins";
    case "statement":
      return `${event.node}, as ${event.as}: ${filledIn(event.statement, event.values ?? [])}`;
    case "write file":
      return `${event.host}: writes ${event.path}, mode ${event.mode}, ${event.bytes} bytes${event.sha256 ? `, sha256 ${event.sha256}` : ""}`;
    case "remove file":
      return `${event.host}: removes ${event.path}`;
    case "start service":
      return `${event.host}: starts the server`;
    case "stop service":
      return `${event.host}: stops the server`;
    case "command":
      return `${event.host}: runs ${event.command.join(" ")}`;
    case "copy":
      return `${event.node}, as ${event.as}: copies ${event.databases.join(", ")} from ${event.from}`;
  }
}

function describeEnding(ended: Entry["ended"]): string {
  if (!ended) return "outcome not known";
  const { outcome, ms, error, rows } = ended;
  const written = typeof rows === "object" ? Object.entries(rows).map(([table, count]) => `${table} ${count}`) : [rows];
  const amount = rows === undefined ? "" : `, rows: ${written.join(", ")}`;
  return `${outcome}${error ? `: ${error}` : ""}, ${ms} ms${amount}`;
}

/** A statement with its values in the place of its marks, for reading. */
function filledIn(statement: string, values: readonly unknown[]): string {
  let next = 0;
  return statement.replace(/\?\??/g, (mark) => {
    if (next >= values.length) return mark;
    const value = values[next++];
    return mark === "??" ? `\`${value}\`` : JSON.stringify(value);
  });
}
