import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { describeEntry, type Entry, readRecord } from "../recipe/record";
import { printable } from "../run";

/** What a record of changes tells, for `session-store history`. */

export interface HistoryOptions {
  readonly json?: boolean;
  readonly run?: string;
  readonly node?: string;
  readonly since?: Date;
  readonly failed?: boolean;
}

export interface History {
  /** The newest last. */
  readonly lines: readonly string[];
  /** What is wrong with the record. */
  readonly findings: readonly string[];
}

/** @param file its path, or `-` for the standard input */
export async function history(file: string, options: HistoryOptions): Promise<History> {
  if (file.startsWith("syslog:")) {
    throw new Error(
      "that is this machine's syslog, and only files are read here. Where journald keeps it: " +
        "journalctl -t session-store -o cat | session-store history -",
    );
  }
  const record = file === "-" ? await text(process.stdin) : await readFile(file, "utf8");
  const { entries, findings } = readRecord(record.split("\n"));
  const chosen = entries.filter(choice(entries, options));
  return {
    lines: chosen.flatMap((entry) => (options.json ? entry.found : [printable(describeEntry(entry))])),
    findings,
  };
}

/** A time as ISO 8601 has it. As in the record, it is one of UTC unless it says otherwise. */
export function timeOf(given: string): Date {
  const isZoned = /(Z|[+-]\d\d:?\d\d)$/i.test(given) || !given.includes(":");
  const time = new Date(`${given.replace(" ", "T")}${isZoned ? "" : "Z"}`);
  if (Number.isNaN(time.getTime()))
    throw new Error(`"${given}" is no time: write it as 2026-01-31 or 2026-01-31T12:30`);
  return time;
}

function choice(entries: readonly Entry[], { run, node, since, failed }: HistoryOptions): (entry: Entry) => boolean {
  // Of a file or a service only the machine is known.
  const machines = new Set(
    entries.flatMap(({ begun }) => ("node" in begun && begun.node === node ? [begun.host] : [])),
  );
  const concernsNode = ({ begun }: Entry): boolean =>
    ("node" in begun && begun.node === node) ||
    ("from" in begun && begun.from === node) ||
    (!("node" in begun) && "host" in begun && (begun.host === node || machines.has(begun.host)));
  return (entry) =>
    (run === undefined || entry.begun.run.startsWith(run)) &&
    (node === undefined || concernsNode(entry)) &&
    (since === undefined || Date.parse(entry.begun.time) >= since.getTime()) &&
    (!failed || entry.ended?.outcome !== "ok");
}
