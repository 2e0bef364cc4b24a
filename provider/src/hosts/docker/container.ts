import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import { until } from "../../waiting";
import { HostUnreachable } from "../Host";
import type { DockerEngine } from "./engine";

const NOT_FOUND = 404;
const CONFLICT = 409;
const END_DEADLINE = 30_000;

/** A container by its name. Another one may have that name after a while. */
export class DockerContainer {
  constructor(
    readonly name: string,
    private readonly engine: DockerEngine,
  ) {}

  /** Asks the engine for something about this container. @param deadline in milliseconds */
  async ask<T>(work: (container: Docker.Container) => Promise<T>, deadline?: number): Promise<T> {
    try {
      return await this.engine.ask((client) => work(client.getContainer(this.name)), deadline);
    } catch (error) {
      if (!isMissing(error, /no such container:/i)) throw error;
      throw new NoContainer(
        `there is no container "${this.name}" on that engine: it was removed or renamed, or it is on another engine. Make it, or correct ` +
          '"container" or "engine".',
      );
    }
  }

  /** The answer, or undefined where the engine finds what was asked for missing in the container. */
  async askForMaybe<T>(work: (container: Docker.Container) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.ask(work);
    } catch (error) {
      if (isMissing(error, /./) || isBelowFile(error)) return undefined;
      throw error;
    }
  }

  async state(): Promise<ContainerState> {
    const { Id, State, Mounts } = await this.ask((container) => container.inspect());
    return {
      id: Id,
      // Between two starts of one that ends at once, the engine calls it running.
      isRunning: State.Running && !State.Restarting && !State.Paused,
      word: State.Status,
      startedAt: State.StartedAt,
      exitCode: State.ExitCode,
      health: healthIn(State),
      mounts: Mounts.map(({ Destination, RW }) => ({ directory: Destination, isWritable: RW })),
    };
  }

  /** Begins a command in it, as root. What it answers has both outputs in one, as the engine sends them. */
  async begin(command: readonly string[], takesInput: boolean): Promise<Execution> {
    try {
      const exec = await this.ask((container) =>
        container.exec({
          Cmd: [...command],
          User: "0",
          AttachStdin: takesInput,
          AttachStdout: true,
          AttachStderr: true,
        }),
      );
      const stream = await this.ask(() => exec.start({ hijack: true, stdin: takesInput }));
      return { stream, ended: () => this.exitCodeOf(exec, command) };
    } catch (error) {
      const { statusCode, message } = error as { statusCode?: number; message: string };
      if (statusCode !== CONFLICT) throw error;
      throw / is paused/.test(message) ? this.isPaused() : new NotRunning(`the container "${this.name}" does not run`);
    }
  }

  /** Of a command that has said all that it says: the engine knows a moment later that it has ended. */
  private exitCodeOf(exec: Docker.Exec, [program]: readonly string[]): Promise<number> {
    const wait = { what: `${program} in the container "${this.name}" to end`, deadline: END_DEADLINE };
    return until<number>(wait, async () => {
      const { ExitCode } = await this.ask(() => exec.inspect());
      return ExitCode === null ? { seen: "it runs" } : { done: ExitCode };
    });
  }

  isPaused(): HostUnreachable {
    return new HostUnreachable(`the container "${this.name}" is paused; end that with: docker unpause ${this.name}`);
  }
}

/** A command at work in a container. */
export interface Execution {
  readonly stream: Duplex;
  /** The exit code, once the stream has ended. */
  ended(): Promise<number>;
}

/** The engine answers, and knows no container of that name. */
export class NoContainer extends HostUnreachable {}

/** Nothing can be asked of a container that does not run. To whoever wants to connect, it is as a server that is down. */
export class NotRunning extends Error {
  readonly code = "ECONNREFUSED";
}

export interface ContainerState {
  readonly id: string;
  readonly isRunning: boolean;
  /** The engine's word, such as `running`, `exited`, `restarting`. */
  readonly word: string;
  readonly startedAt: string;
  readonly exitCode: number;
  /** Undefined: it has no healthcheck. */
  readonly health: Healthcheck | undefined;
  /** The directories in it that something from outside keeps. */
  readonly mounts: readonly { readonly directory: string; readonly isWritable: boolean }[];
}

/** What the engine knows from the healthcheck of a container. It is as old as the last check. */
export interface Healthcheck {
  /** The engine's word: `starting`, `healthy`, `unhealthy`. */
  readonly status: string;
  /** What the last check said; empty before the first. */
  readonly said: string;
  /** When the last check began, by the engine's clock. */
  readonly checkedAt: string | undefined;
}

function healthIn({ Health }: Docker.ContainerInspectInfo["State"]): Healthcheck | undefined {
  // The engine says "none" where a healthcheck of the image was switched off.
  if (!Health || Health.Status === "none") return undefined;
  const last = Health.Log?.at(-1);
  return { status: Health.Status, said: last?.Output.trim() ?? "", checkedAt: last?.Start };
}

/** A part of the path is a file, so there is nothing below it. */
const isBelowFile = (error: unknown): boolean => /: not a directory\b/.test((error as Error).message);

function isMissing(error: unknown, what: RegExp): boolean {
  const { statusCode, message } = error as { statusCode?: number; message: string };
  return statusCode === NOT_FOUND && what.test(message.replace(/^\(HTTP code 404\) [^-]*- /, ""));
}
