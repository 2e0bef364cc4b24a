import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Connection } from "../../../provider/src/mariadb/connection";
import { Run as OwnRun } from "../../../provider/src/run";
import { type Declared, DeclaredPair, type Kept, PASSWORDS, type PairOptions } from "./declaredPair";

/** A process that does what the engine does with the operations, and keeps after each step what the engine would keep. */

export interface Task {
  /** For temporary files. */
  readonly folder: string;
  readonly connections: readonly [Connection, Connection];
  /** File with what the engine has kept, by name of the resource. */
  readonly state: string;
  readonly run: Run;
}

/** One run of the engine. */
export interface Run {
  readonly does: "up" | "down";
  /** The resources concerned. @default all */
  readonly only?: string;
  readonly options?: PairOptions;
  /** Text for a SessionStoreSchema. */
  readonly script?: string;
}

class KeptPair extends DeclaredPair {
  constructor(private readonly task: Task) {
    super();
    for (const [name, kept] of Object.entries(JSON.parse(readFileSync(task.state, "utf8")) as Record<string, Kept>)) {
      this.kept.set(name, kept);
    }
    for (const method of ["set", "delete"] as const) {
      const original = this.kept[method].bind(this.kept) as (...args: unknown[]) => unknown;
      Object.assign(this.kept, { [method]: (...args: unknown[]) => [original(...args), this.save()][0] });
    }
  }

  override connection(number: 1 | 2, password = PASSWORDS.admin): Connection {
    const connection = this.task.connections[number - 1] as Connection;
    return { ...connection, admin: { ...connection.admin, password } };
  }

  override declared(options: PairOptions = {}): Declared[] {
    const { script, only } = this.task.run;
    const all = super.declared(options);
    const links = ["db1-from-db2", "db2-from-db1"];
    const inputs = { first: this.connection(1), second: this.connection(2), script };
    if (script) all.push({ name: "schema", type: "SessionStoreSchema", after: links, inputs });
    return only ? all.filter(({ type }) => type === only) : all;
  }

  private save(): void {
    writeFileSync(`${this.task.state}.new`, JSON.stringify(Object.fromEntries(this.kept)));
    renameSync(`${this.task.state}.new`, this.task.state);
  }
}

async function work(): Promise<void> {
  if (process.env["DIE_AT"]) await require("./dieAt.cjs").ready;
  const task = JSON.parse(String(process.argv[2])) as Task;
  const pair = new KeptPair(task);
  if (task.run.does === "down") await pair.down(task.run.only);
  else await pair.up(task.run.options);
}

new OwnRun((line) => console.log(line)).within(work).then(
  () => process.exit(0),
  (error) => {
    process.stderr.write((error as Error).message, () => process.exit(1));
  },
);
