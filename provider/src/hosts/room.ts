import type { Host } from "./Host";

/** What is left of a file system. */
export interface Room {
  /** A folder on it, as it was asked for. */
  readonly folder: string;
  /** Tells file systems apart. */
  readonly mountedOn: string;
  /** Bytes that a user other than root can still write. */
  readonly free: number;
}

/** Needs no right but to see the folder. Each is asked for alone: those that can't be seen would take the place of others. */
const ASK = 'for f in "$@"; do echo "$f"; df -Pk -- "$f" 2>/dev/null | tail -n 1; echo; done';

/** The room left where these folders are. A folder that can't be seen is left out. */
export async function roomIn(host: Host, folders: readonly string[]): Promise<Room[]> {
  return parseRoom(await host.run(["sh", "-c", ASK, "sh", ...folders], { looks: true }));
}

/** Reads what `df -Pk` says of each folder, below its name. */
export function parseRoom(text: string): Room[] {
  return text.split("\n\n").flatMap((answer) => {
    const [folder = "", line = ""] = answer.replace(/^\n+/, "").split("\n");
    const found = /\s(-?\d+)\s+(?:\d+%|-)\s+(\/.*)$/.exec(line);
    if (!found) return [];
    return [{ folder, mountedOn: found[2] ?? "", free: Math.max(0, Number(found[1])) * 1024 }];
  });
}
