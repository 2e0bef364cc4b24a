import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import { promisify } from "node:util";

export interface RunningProcess {
  readonly pid: number;
  /** Program and arguments, with a blank between them. */
  readonly command: string;
}

/** The processes of this machine whose command has `part` in it, beginning with the one that is likely it. */
export async function processesWith(part: string, likely?: number): Promise<RunningProcess[]> {
  if (!existsSync("/proc/self")) return (await listed()).filter(({ command }) => command.includes(part));
  const first = likely === undefined ? [] : await having(part, [likely]);
  if (first.length > 0) return first;
  const names = await fs.readdir("/proc");
  return having(part, names.filter((name) => /^\d+$/.test(name)).map(Number));
}

async function having(part: string, pids: readonly number[]): Promise<RunningProcess[]> {
  const found = await Promise.all(
    pids.map(async (pid) => {
      // Most that can't be read have just ended.
      const line = await fs.readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return { pid, command: line.replaceAll("\0", " ") };
    }),
  );
  return found.filter(({ command }) => command.includes(part));
}

async function listed(): Promise<RunningProcess[]> {
  const { stdout } = await promisify(execFile)("ps", ["-axww", "-o", "pid=,args="], { maxBuffer: 1 << 24 });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, command] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    return command === undefined ? [] : [{ pid: Number(pid), command: `${command} ` }];
  });
}
