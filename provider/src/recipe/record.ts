import { z } from "zod";

/** A record of what was done: what its lines say, and how one is read. docs/record.md explains each field; a test compares its table with this. */

const host = z.string();
/** A server, and the account in whose session it is. */
const session = { host, node: z.string(), as: z.string() };

/** What changes a server or a machine. */
const change = z.discriminatedUnion("event", [
  z.object({
    event: z.literal("statement"),
    ...session,
    statement: z.string(),
    /** What stands in the place of its marks. Secrets are hidden by then. */
    values: z.array(z.unknown()).readonly().optional(),
  }),
  z.object({
    event: z.literal("write file"),
    host,
    path: z.string(),
    mode: z.string(),
    bytes: z.number(),
    /** Of its contents; absent where they have a private key or a password. */
    sha256: z.string().optional(),
  }),
  z.object({ event: z.literal("remove file"), host, path: z.string() }),
  z.object({ event: z.literal("start service"), host }),
  z.object({ event: z.literal("stop service"), host }),
  z.object({ event: z.literal("command"), host, command: z.array(z.string()).readonly() }),
  z.object({
    event: z.literal("copy"),
    ...session,
    from: z.string(),
    databases: z.array(z.string()).readonly(),
  }),
]);

/** How a change or an operation ended. */
const ended = {
  /** The number of the line that says what was begun. */
  of: z.number(),
  outcome: z.enum(["ok", "failed"]),
  ms: z.number(),
  error: z.string().optional(),
};
const outcome = z.object({
  event: z.literal("outcome"),
  ...ended,
  /** Rows that a statement wrote, or a copy, by table. */
  rows: z.union([z.number(), z.record(z.string(), z.number()).readonly()]).optional(),
});
const end = z.object({ event: z.literal("end"), ...ended });

const begin = z.object({ event: z.literal("begin") });

export const event = z.discriminatedUnion("event", [begin, ...change.options, outcome, end]);

/** An operation that changes something, and of which resource. */
export const operation = z.object({
  operation: z.enum(["create", "update", "delete"]),
  id: z.string(),
  stack: z.string().optional(),
  resource: z.string().optional(),
});

/** What every line says of who, where and in which run; and of which operation, if it belongs to one. */
export const head = z.object({
  run: z.string(),
  /** Counts the lines of a run from 1: one that is missing shows. */
  n: z.int().positive(),
  time: z.iso.datetime(),
  user: z.string(),
  machine: z.string(),
  pid: z.number(),
  version: z.string(),
  ...operation.partial().shape,
});

type Begin = Readonly<z.infer<typeof begin>>;
export type Change = Readonly<z.infer<typeof change>>;
export type Outcome = Readonly<z.infer<typeof outcome>>;
export type Ending = Outcome | Readonly<z.infer<typeof end>>;
export type Event = Begin | Change | Ending;
export type Operation = Readonly<z.infer<typeof operation>>;
export type Head = Readonly<z.infer<typeof head>>;
export type Line = Head & Event;

/** What was begun, and how it ended; undefined while that is not known. */
export interface Entry {
  readonly begun: Head & (Begin | Change);
  readonly ended: (Head & Ending) | undefined;
  /** Both lines as they were found. */
  readonly found: readonly string[];
}

/** Each line begins like that. Inside of one, its quotes are escaped. */
const BEGINNING = '{"run":"';

/** A line of the record, without what syslog put before it. Undefined: the line belongs to something else. */
export function lineIn(text: string): { readonly line: Line; readonly found: string } | "cut off" | undefined {
  const at = text.lastIndexOf(BEGINNING);
  if (at < 0) return undefined;
  const found = text.slice(at);
  const line = parse(found);
  if (line === undefined) return "cut off";
  return isLine(line) ? { line, found } : undefined;
}

const isLine = (line: unknown): line is Line => head.safeParse(line).success && event.safeParse(line).success;

export const isEnding = (line: Line): line is Head & Ending => line.event === "outcome" || line.event === "end";

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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
  const { outcome, ms, error } = ended;
  const rows = "rows" in ended ? ended.rows : undefined;
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
