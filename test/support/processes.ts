import * as fs from "node:fs";
import { until } from "../../provider/src/waiting";

/** Process ids of all that works below a folder: by working directory, or by a path in the command line. */
export function processesBelow(folder: string): number[] {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        const cwd = fs.readlinkSync(`/proc/${pid}/cwd`);
        return (
          `${cwd}/`.startsWith(`${folder}/`) || fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`${folder}/`)
        );
      } catch {
        return false; // it has just ended, or is another user's
      }
    })
    .map(Number);
}

/** Kills all that works below a folder, and waits until it has ended. */
export async function killBelow(folder: string): Promise<void> {
  await until({ what: `the processes below ${folder} to end`, deadline: 20_000 }, async () => {
    const pids = processesBelow(folder);
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself meanwhile.
      }
    }
    return pids.length === 0 ? { done: undefined } : { seen: pids.join(", ") };
  });
}
