import { stripVTControlCharacters } from "node:util";
import { withoutStatements, withoutUsersData } from "./serverText";

/** What a server's error log says, in a form that may be shown. */

/** Lines of a server's log that are read when it does not start. What a crash leaves at its end takes a few dozen. */
export const LOG_LINES = 200;
/** How many of them an error has. */
const SHOWN_ERRORS = 12;
const SHOWN_LINES = 40;

/** Longest line that a message has of a log. */
const LENGTH = 300;

/** How a server says that a disk, or a user's share of it, is full: 28 is ENOSPC, 122 is EDQUOT. */
const ABOUT_ROOM =
  /\bDisk (is|got) full\b|\b(Errcode|errno|error):? (28|122)\b|\bNo space left\b|\bout of disk space\b|\bThe table '[^']*' is full\b/i;

/** Other logs, with clients' statements in them, may go to the same place. */
const OWN_WORD = /\[(ERROR|Warning|Note)\]/i;

/** Lines about what clients wrote. Values in others are those of settings. */
const OF_USERS = /\[\w+\] (Slave|Event Scheduler)\b/;

/** It stands still, and looks for room once a minute. */
const WAITS = /Waiting for someone to free space/;

/** Files of a data directory are no room: relay logs may hold sessions that are nowhere else. */
export const MAKE_ROOM =
  "Make room on that disk, or make it larger, but not by removing files of the data directory, which may hold the only copy of sessions; " +
  "then run `pulumi up` again: the server goes on within a minute, or is started.";

/** A line of the log about want of room. */
export interface RoomLine {
  readonly text: string;
  /** True: the server waits until there is room. False: it refused something. */
  readonly waits: boolean;
  /** The folder of the file that it could not write, where it says so with a whole path. */
  readonly folder: string | undefined;
}

/** True when an error text says that there is no room. */
export const isAboutRoom = (text: string): boolean => ABOUT_ROOM.test(text);

/** The newest line about want of room. A server that waits says so once in ten minutes: that line is older than what it refused since. */
export function roomLine(log: string): RoomLine | undefined {
  const lines = log.split("\n").filter((each) => OWN_WORD.test(each) && isAboutRoom(each));
  const line = lines.findLast((each) => WAITS.test(each)) ?? lines.at(-1);
  if (line === undefined) return undefined;
  return { text: shownLine(line), waits: WAITS.test(line), folder: /writing '(\/.*)\/[^/']*'/.exec(line)?.[1] };
}

/** A line of a log without time, terminal escapes, statements and rows, which are users' data, and of bounded length. */
export function shownLine(line: string): string {
  const text = stripVTControlCharacters(line)
    .replace(/[\p{Cc}\s]+/gu, " ")
    .replace(/^[\d\s:T.-]*(?=\[)/, "")
    .trim();
  const plain = OF_USERS.test(text) ? withoutUsersData(text) : withoutStatements(text);
  return plain.length > LENGTH ? `${plain.slice(0, LENGTH)} ...` : plain;
}

/**
 * What a log got since it was last read, of which these are its newest lines then and now. Lines have their time, so none comes again as it was.
 * Empty: nothing.
 */
export function linesSince(before: string, now: string): string {
  const [old, lines] = [before, now].map((text) => text.trimEnd().split("\n")) as [string[], string[]];
  const last = old.at(-1) ?? "";
  for (let end = lines.length; last !== "" && end > 0; end--) {
    const isSame = (line: string, index: number) =>
      old.length - end + index < 0 || line === old[old.length - end + index];
    if (lines[end - 1] === last && lines.slice(0, end).every(isSame)) return lines.slice(end).join("\n");
  }
  return now;
}

/** What the log of a server says that has ended while it started. */
export const saidSince = (before: string, now: string): string =>
  errorLines(linesSince(before, now)) || "(nothing since it was started)";

/** The newest error lines of a log, each once; its last lines when there are none. With what to do, where the disk is full. */
export function errorLines(text: string): string {
  const lines = text.split("\n");
  const errors = new Map<string, string>();
  for (const line of lines.filter((each) => each.includes("[ERROR]"))) {
    const said = line.slice(line.indexOf("[ERROR]"));
    errors.delete(said);
    errors.set(said, line);
  }
  const shown = errors.size > 0 ? [...errors.values()].slice(-SHOWN_ERRORS) : lines.slice(-SHOWN_LINES);
  const remedy = shown.some(isAboutRoom) ? [MAKE_ROOM] : [];
  return [...shown.map(shownLine), ...remedy].join("\n");
}
