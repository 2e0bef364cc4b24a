import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { Engine, type Kept, type Program } from "./engine";

/** A process that is one run of the engine, and keeps after each step what the engine would keep. */

export interface Task {
  /** File with what the engine has kept, by name of the resource. */
  readonly state: string;
  /** What to bring up. "nothing": all except the servers is removed. */
  readonly program: Program | "nothing";
}

/** What is kept, in memory and in a file. */
class Saved extends Map<string, Kept> {
  constructor(private readonly file: string) {
    super();
    const kept = JSON.parse(readFileSync(file, "utf8")) as Record<string, Kept>;
    for (const [name, value] of Object.entries(kept)) super.set(name, value);
  }

  override set(name: string, kept: Kept): this {
    super.set(name, kept);
    this.save();
    return this;
  }

  override delete(name: string): boolean {
    const was = super.delete(name);
    this.save();
    return was;
  }

  private save(): void {
    writeFileSync(`${this.file}.new`, JSON.stringify(Object.fromEntries(this)));
    renameSync(`${this.file}.new`, this.file);
  }
}

async function work(): Promise<void> {
  if (process.env["DIE_AT"]) await require("./dieAt.cjs").ready;
  const { state, program } = JSON.parse(String(process.argv[2])) as Task;
  const engine = new Engine(new Saved(state));
  if (program === "nothing") await engine.down();
  else await engine.up(program);
}

work().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write((error as Error).message, () => process.exit(1));
  },
);
