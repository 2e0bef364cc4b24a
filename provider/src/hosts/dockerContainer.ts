import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import type { DockerEngine } from "./dockerEngine";
import { HostUnreachable } from "./Host";

/** A container by its name. Another one may have that name after a while. */
export class DockerContainer {
  constructor(
    readonly name: string,
    private readonly engine: DockerEngine,
  ) {}

  /** Asks the engine for something about this container. */
  async ask<T>(work: (container: Docker.Container, client: Docker) => Promise<T>): Promise<T> {
    try {
      return await this.engine.ask((client) => work(client.getContainer(this.name), client));
    } catch (error) {
      if (!isMissing(error, /no such container:/i)) throw error;
      throw new HostUnreachable(
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
      if (isMissing(error, /./)) return undefined;
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
      mounts: Mounts.map(({ Destination }) => Destination),
    };
  }

  /** Begins a command in it, as root. What it answers has both outputs in one, as the engine sends them. */
  async begin(
    command: readonly string[],
    takesInput: boolean,
  ): Promise<{ stream: Duplex; ended: () => Promise<number> }> {
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
    const ended = async () => (await this.ask(() => exec.inspect())).ExitCode ?? -1;
    return { stream, ended };
  }
}

export interface ContainerState {
  readonly id: string;
  readonly isRunning: boolean;
  /** The engine's word, such as `running`, `exited`, `restarting`. */
  readonly word: string;
  readonly startedAt: string;
  readonly exitCode: number;
  /** The directories in it that something from outside keeps. */
  readonly mounts: readonly string[];
}

function isMissing(error: unknown, what: RegExp): boolean {
  const { statusCode, message } = error as { statusCode?: number; message: string };
  return statusCode === 404 && what.test(message.replace(/^\(HTTP code 404\) [^-]*- /, ""));
}
