import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { paths } from "../../../provider/src/hosts/local/files";
import { start, stop } from "../../../provider/src/hosts/local/server";
import type { Connection } from "../../../provider/src/inputs";
import { openAsSuperuser } from "../../../provider/src/mariadb/open";
import type { Server } from "../../../provider/src/mariadb/server";
import { type LogMark, logMark, nodeState, type PairState, settle } from "../local/pairState";
import { freePorts } from "../local/ports";
import { localConnection } from "../local/reach";
import { killBelow } from "../processes";
import { compileInto } from "./compiledCode";
import { PASSWORDS, type PairOptions, pairRun } from "./declaredPair";
import { type Ending, engineRun } from "./engineRun";

export interface EngineCommand {
  readonly does: "up" | "down";
  readonly options?: PairOptions;
}

export interface Scenario {
  readonly name: string;
  /** The snapshot from which it starts. */
  readonly from: string;
  /** What somebody did to the pair by hand. */
  readonly broken?: (servers: readonly [Server, Server], pair: KilledPair) => Promise<void>;
  readonly run: EngineCommand;
}

export interface Point {
  readonly number: number;
  readonly when: "before" | "after";
}

const NUMBERS = [1, 2] as const;

/** A pair whose provider process can be killed at any point, and which can be put back to a former state as a whole. */
export class KilledPair implements AsyncDisposable {
  private marks: readonly LogMark[] = [];

  private constructor(
    private readonly folder: string,
    private readonly ports: readonly [number, number],
  ) {}

  static async prepare(): Promise<KilledPair> {
    // In memory, where there is such a place: the servers are put back hundreds of times.
    const folder = await mkdtemp(path.join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "session-store-killed-"));
    await compileInto(path.join(folder, "code"));
    return new KilledPair(folder, await freePorts());
  }

  /** Servers as they are when nothing is there yet. */
  async empty(): Promise<void> {
    await killBelow(this.folder);
    await Promise.all(NUMBERS.map((number) => rm(this.directory(number), { recursive: true, force: true })));
    await rm(this.state, { force: true });
    await writeFile(this.state, "{}");
  }

  /** One run of the engine that nobody disturbs. */
  async run(run: EngineCommand): Promise<void> {
    const { how, error } = await this.start(run);
    if (how !== "done") throw new Error(`the run ${how}: ${error}`);
  }

  /** Keeps the pair as it is now under a name. */
  async keep(name: string): Promise<void> {
    await Promise.all(NUMBERS.map((number) => stop(this.directory(number))));
    for (const part of ["db1", "db2", "state.json"]) {
      await cp(path.join(this.folder, part), path.join(this.folder, name, part), { recursive: true });
    }
  }

  /** Puts the pair back to a kept state. */
  async restore(name: string): Promise<void> {
    await this.empty();
    if (name !== "empty") {
      await this.command(
        "cp",
        "-a",
        ...["db1", "db2", "state.json"].map((part) => path.join(this.folder, name, part)),
        this.folder,
      );
      await Promise.all(NUMBERS.map((number) => start(this.directory(number))));
      await this.withRoots(async ([one, two]) => {
        await Promise.all([settle(one, two), settle(two, one)]);
        this.marks = await Promise.all([logMark(one), logMark(two)]);
      });
    } else this.marks = [new Map(), new Map()];
  }

  /** The scenario as it goes when nobody disturbs it: its end, and its points. */
  async undisturbed({ from, broken, run }: Scenario, all: boolean): Promise<{ state: PairState; points: string[] }> {
    await this.restore(from);
    if (broken) await this.withRoots((servers) => broken(servers, this));
    const log = path.join(this.folder, "points.txt");
    await rm(log, { force: true });
    const { how, error } = await this.start(run, { DIE_AT: "0", DIE_LOG: log, DIE_ALL: all ? "1" : "0" });
    if (how !== "done") throw new Error(`the undisturbed run ${how}: ${error}`);
    return { state: await this.observe(), points: (await readFile(log, "utf8")).trimEnd().split("\n") };
  }

  /** The scenario killed at a point and run again. Returns the end, or what the second run said when it failed. */
  async killedAt(
    { from, broken, run }: Scenario,
    { number, when }: Point,
    all: boolean,
  ): Promise<{ reached: boolean; end: PairState | string }> {
    await this.restore(from);
    if (broken) await this.withRoots((servers) => broken(servers, this));
    const first = await this.start(run, { DIE_AT: String(number), DIE_WHEN: when, DIE_ALL: all ? "1" : "0" });
    if (first.how === "done") return { reached: false, end: "" };
    if (first.how === "failed") return { reached: true, end: `the run that was to be killed failed: ${first.error}` };
    const second = await this.start(run);
    if (second.how === "done") return { reached: true, end: await this.observe() };
    return { reached: true, end: `the second run failed: ${second.error}\n${second.progress}` };
  }

  async observe(): Promise<PairState> {
    return this.withRoots(async ([one, two]) => {
      await Promise.all([settle(one, two), settle(two, one)]);
      const [first = new Map(), second = new Map()] = this.marks;
      return {
        db1: await nodeState(one, this.directory(1), first),
        db2: await nodeState(two, this.directory(2), second),
      };
    });
  }

  async withRoots<T>(work: (servers: readonly [Server, Server]) => Promise<T>): Promise<T> {
    await using one = await openAsSuperuser(this.connection(1));
    await using two = await openAsSuperuser(this.connection(2));
    return await work([one, two]);
  }

  directory(number: 1 | 2): string {
    return path.join(this.folder, `db${number}`);
  }

  /** Lines for an option file of the test's own. */
  async addOptions(...lines: readonly string[]): Promise<void> {
    for (const number of NUMBERS) {
      const file = path.join(paths(this.directory(number)).includeFolder, "10-test.cnf");
      await writeFile(file, ["[mariadbd]", ...lines, ""].join("\n"));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await killBelow(this.folder);
    await rm(this.folder, { recursive: true, force: true });
  }

  private get state(): string {
    return path.join(this.folder, "state.json");
  }

  private connection(number: 1 | 2): Connection {
    return localConnection(`db${number}`, this.directory(number), this.ports[number - 1] ?? 0, PASSWORDS.admin);
  }

  private async start({ does, options = {} }: EngineCommand, env: Record<string, string> = {}): Promise<Ending> {
    const servers = [this.connection(1), this.connection(2)] as const;
    const program = does === "up" ? await pairRun(servers, options) : "nothing";
    return engineRun(path.join(this.folder, "code"), { state: this.state, program }, env);
  }

  private command(program: string, ...args: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
      child.once("error", reject);
      child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}`))));
    });
  }
}
