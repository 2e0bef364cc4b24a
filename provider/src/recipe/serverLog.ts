import { stripVTControlCharacters } from "node:util";

/** What a server's error log says about its disk, in a form that may be shown. */

/** Longest line that a message has of a log. */
const LENGTH = 300;

/** How a server says that a disk, or a user's share of it, is full: 28 is ENOSPC, 122 is EDQUOT. */
const ABOUT_ROOM =
  /\bDisk (is|got) full\b|\b(Errcode|errno|error):? (28|122)\b|\bNo space left\b|\bout of disk space\b|\bThe table '[^']*' is full\b/i;

/** It stands still, and looks for room once a minute. */
const WAITS = /Waiting for someone to free space/;

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
  const lines = log.split("\n").filter(isAboutRoom);
  const line = lines.findLast((each) => WAITS.test(each)) ?? lines.at(-1);
  if (line === undefined) return undefined;
  return { text: shownLine(line), waits: WAITS.test(line), folder: /writing '(\/.*)\/[^/']*'/.exec(line)?.[1] };
}

/** A line of a log without time, terminal escapes and statements, which hold users' data, and of bounded length. */
export function shownLine(line: string): string {
  const plain = stripVTControlCharacters(line)
    .replace(/\p{Cc}+/gu, " ")
    .replace(/^[\d\s:T.-]*(?=\[)/, "")
    .replace(/\s*\b(on query\b|Query:).*$/is, " ...")
    .trim();
  return plain.length > LENGTH ? `${plain.slice(0, LENGTH)} ...` : plain;
}
