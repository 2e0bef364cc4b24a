import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { compileInto } from "./compiledCode";
import type { PairOptions } from "./declaredPair";
import type { Kept } from "./engine";
import type { EnginePair } from "./enginePair";
import { engineRun } from "./engineRun";

/** Runs of the engine that can be killed, each in a process of its own. */
export class KillableRuns implements AsyncDisposable {
  private constructor(private readonly folder: string) {}

  static async prepare(): Promise<KillableRuns> {
    const folder = await mkdtemp(path.join(tmpdir(), "session-store-code-"));
    await compileInto(folder);
    return new KillableRuns(folder);
  }

  /**
   * Rejects with what the run failed with. What the engine would keep of it is kept by the pair.
   * @param signal kills the run when it is aborted
   */
  async up(pair: EnginePair, options: PairOptions, signal: AbortSignal): Promise<void> {
    const state = path.join(this.folder, "state.json");
    await writeFile(state, JSON.stringify(Object.fromEntries(pair.kept)));
    const { how, error } = await engineRun(this.folder, { state, program: await pair.program(options) }, {}, signal);
    const kept = JSON.parse(await readFile(state, "utf8")) as Record<string, Kept>;
    pair.kept.clear();
    for (const [name, value] of Object.entries(kept)) pair.kept.set(name, value);
    if (how !== "done") throw new Error(error || how);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
