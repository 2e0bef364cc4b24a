import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { killBelow } from "../processes";

/** The real `pulumi` CLI, in a project with a folder, a state and a passphrase of its own. */

const repository = path.resolve(__dirname, "..", "..", "..");

export interface CommandResult {
  readonly code: number;
  /** All it wrote, standard output and errors as they came. */
  readonly output: string;
}

export interface ProjectOptions {
  /** @default sessions */
  readonly name?: string;
  /** The text of `index.ts`, as a user writes it. */
  readonly program: string;
  /** Texts of further files of the program, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** The text of the stack's configuration file, as it is before the stack is made. @default none */
  readonly stackFile?: string;
  readonly config?: Readonly<Record<string, string>>;
  /** Configuration that is kept encrypted. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** What else commands find in their environment. */
  readonly environment?: NodeJS.ProcessEnv;
  /** A folder of programs that go before all others, such as plugins. */
  readonly programs?: string;
  /** Where the program finds its packages. @default those of this repository, the library among them */
  readonly packages?: (program: string) => Promise<void>;
}

const STACK = "test";

export class PulumiProject implements AsyncDisposable {
  private readonly children = new Set<ChildProcess>();
  private stack = STACK;

  private constructor(
    /** All that belongs to the project, its servers too, is below. */
    readonly folder: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  static async create(options: ProjectOptions): Promise<PulumiProject> {
    const folder = await mkdtemp(path.join(tmpdir(), "session-store-"));
    try {
      const environment = environmentOf(path.join(folder, "state"));
      const PATH = [options.programs, environment["PATH"]].filter(Boolean).join(path.delimiter);
      const project = new PulumiProject(folder, { ...environment, ...options.environment, PATH });
      await project.setUp(options);
      return project;
    } catch (error) {
      await removeAll(folder);
      throw error;
    }
  }

  /** The folder of `Pulumi.yaml` and `index.ts`. */
  get program(): string {
    return path.join(this.folder, "program");
  }

  preview(...args: string[]): Promise<CommandResult> {
    return this.run(["preview", ...args]);
  }

  /** Without the preview that it makes first: that is another four seconds. */
  up(...args: string[]): Promise<CommandResult> {
    return this.run(["up", "--yes", "--skip-preview", ...args]);
  }

  refresh(...args: string[]): Promise<CommandResult> {
    return this.run(["refresh", "--yes", "--skip-preview", ...args]);
  }

  destroy(...args: string[]): Promise<CommandResult> {
    return this.run(["destroy", "--yes", "--skip-preview", ...args]);
  }

  /** The stack's state as `pulumi stack export` tells it, secrets encrypted. */
  async exportState(): Promise<string> {
    return (await this.succeed(["stack", "export"])).output;
  }

  /** The value of a stack output. Secret ones in clear text. */
  async output<T>(name: string): Promise<T> {
    return JSON.parse((await this.succeed(["stack", "output", name, "--json", "--show-secrets"])).output) as T;
  }

  writeProgram(text: string): Promise<void> {
    return writeFile(path.join(this.program, "index.ts"), text);
  }

  async configure(values: Readonly<Record<string, string>>, kind: "secret" | "plaintext"): Promise<void> {
    const pairs = Object.entries(values).flatMap(([key, value]) => [`--${kind}`, `${key}=${value}`]);
    if (pairs.length > 0) await this.succeed(["config", "set-all", ...pairs]);
  }

  async renameStack(name: string): Promise<void> {
    await this.succeed(["stack", "rename", name]);
    this.stack = name;
  }

  /** Runs a command to its end, whatever that is. */
  run(
    args: readonly string[],
    options: { environment?: NodeJS.ProcessEnv; cwd?: string } = {},
  ): Promise<CommandResult> {
    const isStackCommand = !["stack init"].includes(args.slice(0, 2).join(" "));
    const all = [...args, ...(isStackCommand ? ["--stack", this.stack] : []), "--non-interactive", "--color=never"];
    return new Promise((resolve, reject) => {
      const child = spawn("pulumi", all, {
        cwd: options.cwd ?? this.program,
        env: { ...this.environment, ...options.environment },
        stdio: ["ignore", "pipe", "pipe"],
      });
      this.children.add(child);
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => {
          output += text;
        });
      }
      child.on("error", reject);
      child.on("close", (code) => {
        this.children.delete(child);
        resolve({ code: code ?? -1, output });
      });
    });
  }

  async succeed(args: readonly string[]): Promise<CommandResult> {
    const result = await this.run(args);
    if (result.code !== 0) throw new Error(`pulumi ${args[0]} ${args[1]} failed:\n${result.output}`);
    return result;
  }

  /** As `kill -9` of the commands that run, and of nothing that they started. */
  kill(): void {
    for (const child of this.children) child.kill("SIGKILL");
  }

  /** Ends every process that works below the folder, the servers too, and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await removeAll(this.folder);
  }

  private async setUp(options: ProjectOptions): Promise<void> {
    const { name = "sessions", program, config = {}, secrets = {}, packages = linkPackages } = options;
    const files = {
      ...options.files,
      "Pulumi.yaml": `name: ${name}\nruntime: nodejs\noptions:\n  refresh: always\n`,
      "package.json": `{ "name": "${name}", "private": true }\n`,
      ...(options.stackFile === undefined ? {} : { [`Pulumi.${STACK}.yaml`]: options.stackFile }),
    };
    fs.mkdirSync(this.program);
    for (const [file, text] of Object.entries(files)) await writeFile(path.join(this.program, file), text);
    await packages(this.program);
    await this.writeProgram(program);
    await this.succeed(["stack", "init", STACK]);
    await this.configure(config, "plaintext");
    await this.configure(secrets, "secret");
  }
}

/** The repository's own packages: the library is among them, as a workspace. */
async function linkPackages(program: string): Promise<void> {
  await symlink(path.join(repository, "node_modules"), path.join(program, "node_modules"));
}

async function removeAll(folder: string): Promise<void> {
  await killBelow(folder);
  await rm(folder, { recursive: true, force: true });
}

/** What `tools/` tells the CLI in this repository, for another state. */
function environmentOf(stateFolder: string): NodeJS.ProcessEnv {
  const printer = path.join(repository, "tools", "printEnvironment.mjs");
  return JSON.parse(execFileSync(process.execPath, [printer, stateFolder], { encoding: "utf8" })) as NodeJS.ProcessEnv;
}
