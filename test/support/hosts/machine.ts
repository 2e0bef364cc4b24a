import type Docker from "dockerode";
import { pack } from "tar-stream";
import type { HostInputs } from "../../../provider/src/inputs";
import { runInContainer } from "./containerCommand";
import { testEngine } from "./dockerEngine";

/** A container with a server in it, as the hand that looks and breaks sees it: by the engine, past all that is tested. */
export abstract class Machine implements AsyncDisposable {
  /** How messages name it. */
  abstract readonly name: string;
  /** Where its peer reaches it. */
  abstract readonly address: string;
  abstract readonly container: Docker.Container;
  /** As resources take it. */
  abstract readonly inputs: HostInputs;

  /** A command by hand, as root unless told otherwise. */
  exec(command: readonly string[], options: { user?: string; input?: string } = {}): Promise<string> {
    return runInContainer(testEngine(), this.container, { command, ...options });
  }

  /** A shell's line by hand, as root. */
  sh(line: string): Promise<string> {
    return this.exec(["sh", "-ec", line]);
  }

  /** A statement by hand, as MariaDB's root. Returns the rows without a heading, with tabs between the columns. */
  async sql(statement: string): Promise<string> {
    return (await this.exec(["mariadb", "--batch", "--skip-column-names"], { input: `${statement};` })).trimEnd();
  }

  /** Number of the server's process, in the container. Undefined: it does not run. */
  async serverPid(): Promise<number | undefined> {
    return Number(await this.sh("pgrep --oldest --exact mariadbd || true")) || undefined;
  }

  /** As a power cut does it. */
  async kill(): Promise<void> {
    await this.container.kill();
    await this.container.wait();
  }

  async stop(): Promise<void> {
    await this.container.stop({ t: 5 });
  }

  /** Puts a file into the container, also while it does not run. */
  protected async place(path: string, text: string, mode = 0o644): Promise<void> {
    const archive = pack();
    archive.entry({ name: path.slice(1), mode }, text);
    archive.finalize();
    await this.container.putArchive(archive, { path: "/" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.container.remove({ force: true, v: true });
  }
}
