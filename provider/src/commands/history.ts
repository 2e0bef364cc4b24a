import { z } from "zod";
import { describeEntry, type Entry } from "../recipe/record";
import { printable } from "../run";
import { RecordFile } from "./recordFiles";
import { entries, namesOf, type Survey, survey } from "./recordReader";

/** What a record of changes tells, for `session-store history`. */

export interface HistoryOptions {
  readonly json?: boolean;
  readonly run?: string;
  readonly node?: string;
  readonly since?: Date;
  readonly failed?: boolean;
}

export interface Told {
  line(text: string): void;
  /** What is worth knowing about the record. */
  note(text: string): void;
  /** What is wrong with it. */
  finding(text: string): void;
}

/** Tells what is in these files, the newest last. @param names their paths, the oldest first, or `-` for the standard input */
export async function history(names: readonly string[], options: HistoryOptions, told: Told): Promise<void> {
  const files: RecordFile[] = [];
  try {
    for (const name of names) {
      const file = await open(name).catch(({ message }: Error) =>
        told.finding(`${name.replace(/:$/, "")}: ${message}`),
      );
      if (file) files.push(file);
    }
    await tell(files, options, told);
  } finally {
    for (const file of files) await file[Symbol.asyncDispose]();
  }
}

async function open(name: string): Promise<RecordFile> {
  if (!name.startsWith("syslog:")) return RecordFile.open(name);
  throw new Error(
    "that is this machine's syslog, and only files are read here. Where journald keeps it: " +
      "journalctl -t session-store -o cat | session-store history -",
  );
}

async function tell(files: readonly RecordFile[], options: HistoryOptions, told: Told): Promise<void> {
  const seen = await survey(files);
  let lines = 0;
  for await (const entry of entries(files, seen, choice(seen, options))) {
    if (options.failed && entry.ended?.outcome === "ok") continue;
    for (const line of options.json ? entry.found : [printable(describeEntry(entry))]) told.line(line);
    lines++;
  }
  for (const finding of seen.findings) told.finding(finding);
  for (const file of files) {
    if (seen.empty.includes(file)) told.note(`${file.name} is empty`);
    if (!seen.strange.includes(file)) continue;
    const advice = await file.advice();
    told.finding(`no line of this library's record is in ${file.name}${advice ? `; ${advice}` : ""}`);
  }
  if (seen.runs.size === 0) return;
  if (seen.foreign > 0) {
    told.note(
      `${namesOf(files)}: ${seen.foreign} ${seen.foreign === 1 ? "line is" : "lines are"} not of this library's record`,
    );
  }
  if (lines === 0) told.note(`${namesOf(files)}: nothing in it fits these options. ${contents(seen)}`);
}

/** How many names are told of each kind. */
const ENOUGH = 10;

function contents({ runs, nodes, machines }: Survey): string {
  const list = (names: readonly string[]): string =>
    `${names.length > ENOUGH ? "..., " : ""}${names.slice(-ENOUGH).join(", ") || "none"}`;
  const shortened = [...runs].map((run) => run.slice(0, 8));
  return `Its runs: ${list(shortened)}. Its nodes: ${list([...nodes.keys()].sort())}. Its machines: ${list([...machines].sort())}`;
}

const TIME = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

/** A time as ISO 8601 has it. As in the record, it is one of UTC unless it says otherwise. */
export function timeOf(given: string): Date {
  const [, day = "", time = "", seconds = ":00", zone = "Z"] =
    /^(.{10})(?:[T ](\d\d:\d\d)(:[\d.]+)?(.+)?)?$/.exec(given) ?? [];
  const whole = time && `T${time}${seconds}${zone.toUpperCase().replace(/^(.\d\d)(\d\d)$/, "$1:$2")}`;
  // Date takes the 30th of February.
  if (TIME.safeParse(day + whole).success) return new Date(day + whole);
  throw new Error(`"${given}" is no time: write it as 2026-01-31 or 2026-01-31T12:30`);
}

function choice({ nodes }: Survey, { run, node, since }: HistoryOptions): (begun: Entry["begun"]) => boolean {
  // Of a file or a service only the machine is known.
  const machines = nodes.get(node ?? "");
  const concernsNode = (begun: Entry["begun"]): boolean =>
    ("node" in begun && begun.node === node) ||
    ("from" in begun && begun.from === node) ||
    (!("node" in begun) && "host" in begun && (begun.host === node || machines?.has(begun.host) === true));
  return (begun) =>
    (run === undefined || begun.run.startsWith(run)) &&
    (node === undefined || concernsNode(begun)) &&
    (since === undefined || Date.parse(begun.time) >= since.getTime());
}
