import { spawn } from "node:child_process";
import * as path from "node:path";
import type { Task } from "./scenarioProcess";

/** How a run ended. */
export interface Ending {
  readonly how: "done" | "killed" | "failed";
  /** The error's text. */
  readonly error: string;
  /** What it told of its progress. */
  readonly progress: string;
}

const RUN_DEADLINE = 150_000;

/**
 * Does a task in a process of its own, whose temporary files lie beside the file of its state.
 * @param code folder of the compiled code
 * @param signal kills the process when it is aborted
 */
export function engineRun(
  code: string,
  task: Task,
  env: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Ending> {
  const support = path.join(code, "test", "support", "engine");
  const preload = env["DIE_AT"] === undefined ? [] : ["--require", path.join(support, "dieAt.cjs")];
  const child = spawn(process.execPath, [...preload, path.join(support, "scenarioProcess.js"), JSON.stringify(task)], {
    env: { PATH: process.env["PATH"], TMPDIR: path.dirname(task.state), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [error, progress] = ["", ""];
  child.stdout.on("data", (part: Buffer) => {
    progress += part;
  });
  child.stderr.on("data", (part: Buffer) => {
    error += part;
  });
  signal?.addEventListener("abort", () => child.kill("SIGKILL"));
  const late = setTimeout(() => child.kill("SIGTERM"), RUN_DEADLINE);
  return new Promise((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null) => {
      clearTimeout(late);
      const how = signal === "SIGKILL" ? "killed" : code === 0 ? "done" : "failed";
      const said = signal === "SIGTERM" ? `did not end in ${RUN_DEADLINE / 1000} s` : error.trim();
      resolve({ how, error: said, progress });
    };
    // After a kill not "close": what the process has started goes on with its outputs.
    child.once("exit", (code, signal) => signal && end(code, signal));
    child.once("close", end);
  });
}
