import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { compileInto } from "./compiledCode";
import type { DeclaredPair, Kept, PairOptions } from "./declaredPair";
import { engineRun } from "./engineRun";

/** Runs of the engine in processes of their own, whose connections and failures end with them. */
export class SeparateRuns implements AsyncDisposable {
  private constructor(private readonly folder: string) {}

  static async prepare(): Promise<SeparateRuns> {
    const folder = await mkdtemp(path.join(tmpdir(), "session-store-code-"));
    await compileInto(folder);
    return new SeparateRuns(folder);
  }

  /**
   * Rejects with what the run failed with. What the engine would keep of it is kept by the pair.
   * @param signal kills the run when it is aborted
   */
  async up(pair: DeclaredPair, options: PairOptions = {}, signal?: AbortSignal): Promise<void> {
    const state = path.join(this.folder, "state.json");
    await writeFile(state, JSON.stringify(Object.fromEntries(pair.kept)));
    const connections = [pair.connection(1), pair.connection(2)] as const;
    const run = { does: "up", options } as const;
    const { how, error } = await engineRun(this.folder, { folder: this.folder, connections, state, run }, {}, signal);
    const kept = JSON.parse(await readFile(state, "utf8")) as Record<string, Kept>;
    for (const [name, value] of Object.entries(kept)) pair.kept.set(name, value);
    if (how !== "done") throw new Error(error || how);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
