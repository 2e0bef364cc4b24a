import { type Readable, Transform, type TransformCallback } from "node:stream";
import type { ClientChannel } from "ssh2";
import { within } from "../../waiting";
import { HostUnreachable } from "../Host";
import { Complaint, shown } from "../outputs";
import { CODE, type Mark } from "./loginShell";

/** A command that a login shell was handed, as far as it is ours: without what is written before it begins and after it has ended. */

/** How long the login shell's scripts may take, in milliseconds: less than a command may. */
const PATIENCE = 45_000;
/** How long after the end of a login shell its last words may come, in milliseconds. */
const LAST_WORDS = 1_000;

export class ShellCommand {
  readonly output: Between;
  /** What the login shell and its scripts wrote to standard error. Nothing of a command's own goes there. */
  private readonly noise = new Complaint();
  /** Rejects where it never begins. The reason is what was said instead. */
  readonly begun: Promise<void>;
  private readonly closed: Promise<void>;
  /** What sshd says of its end. Null: a signal ended it. */
  private status: number | null | undefined;

  /**
   * Nothing may be awaited before: all listeners have to be there.
   * @param isTalk the other side waits for all that it writes, at once
   */
  constructor(
    readonly name: string,
    channel: ClientChannel,
    { bytes }: Mark,
    isTalk = false,
  ) {
    this.output = new Between(name, bytes, isTalk).of(channel);
    channel.stderr.on("data", (chunk: Buffer) => this.noise.add(chunk));
    channel.once("exit", (code: number | null) => {
      this.status = code;
      const isOver = () => code === null || !this.output.hasBegun;
      // What its scripts have left at work keeps the channel open. The command's mark may still be on its way.
      if (isOver()) setTimeout(() => isOver() && channel.close(), LAST_WORDS).unref();
    });
    this.closed = new Promise((resolve) => channel.once("close", resolve));
    const begun = new Promise<void>((resolve) => this.output.once("begun", resolve));
    const never = this.closed.then(() => {
      if (this.output.hasBegun) return;
      throw this.status === undefined ? this.lost() : this.noCommand(`ended with ${this.status ?? "a signal"}`);
    });
    const late = () => {
      channel.close();
      return this.noCommand(`has not come to it within ${PATIENCE / 1000} s`);
    };
    this.begun = within(PATIENCE, late, Promise.race([begun, never]));
    this.output.once("over", () => channel.close());
  }

  /** What the command wrote to its standard error: its end, and all of that when the channel is closed. */
  get errors(): string {
    return `${this.output.errors}`;
  }

  /** Its exit code, when its channel is closed. Undefined: it was ended by a signal. */
  async exitCode(): Promise<number | undefined> {
    await this.closed;
    if (this.output.code !== undefined) return this.output.code;
    if (this.status === undefined) throw this.lost();
    // Without its mark its output is not whole.
    return this.status || undefined;
  }

  private lost(): HostUnreachable {
    return new HostUnreachable(`the connection to ${this.name} was lost while a command ran there`);
  }

  private noCommand(how: string): HostUnreachable {
    const said = shown(`${this.output.saidBefore}\n${this.noise}`);
    return new HostUnreachable(
      `${this.name} runs no command: its login shell ${how}, saying ${said === "" ? "nothing" : `"${said}"`}. Give that user a login shell ` +
        "that runs commands, and look at what comes before them: its scripts, such as ~/.bashrc, and a ForceCommand of sshd.",
    );
  }
}

/** What of all that arrives is read just now. */
enum Part {
  Before,
  Output,
  Errors,
  Behind,
}

/** What a command itself writes to its standard output. Emits `begun` with the first mark, and `over` with the last. */
class Between extends Transform {
  /** The command's exit code. Undefined: it has not ended, or not by itself. */
  code: number | undefined;
  readonly errors = new Complaint();
  private readonly before = new Complaint();
  private held: Buffer = Buffer.alloc(0);
  private part = Part.Before;

  /** @param isTalk holds nothing back of what it writes. Else the last bytes might be the first ones of a mark. */
  constructor(
    private readonly name: string,
    private readonly mark: Buffer,
    private readonly isTalk: boolean,
  ) {
    super();
  }

  get hasBegun(): boolean {
    return this.part > Part.Before;
  }

  /** The end of what was written before the command began. */
  get saidBefore(): string {
    return `${this.before}${this.hasBegun ? "" : this.held}`;
  }

  /** Reads from there. What comes when nobody wants it any more is read too, since a channel does not close before. */
  of(source: Readable): this {
    const read = () => {
      source.unpipe(this).on("data", (chunk: Buffer) => this.part === Part.Errors && this.add(chunk));
      source.resume();
    };
    return source.pipe(this.once("written", read).once("close", () => this.code === undefined && read()));
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.add(chunk);
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.part === Part.Output) this.push(this.held);
    done();
  }

  private add(chunk: Buffer): void {
    this.cut(Buffer.concat([this.held, chunk]));
  }

  private cut(bytes: Buffer): void {
    const { mark, part, isTalk } = this;
    const found = bytes.indexOf(mark);
    const end = found >= 0 ? found : bytes.length - (part === Part.Output && isTalk ? 0 : this.beginningOfMark(bytes));
    this.keep(bytes.subarray(0, end));
    this.held = bytes.subarray(end);
    if (found >= 0) this.turn(this.held.subarray(mark.length));
  }

  private keep(bytes: Buffer): void {
    if (this.part === Part.Before) this.before.add(bytes);
    else if (this.part === Part.Errors) this.errors.add(bytes);
    else if (bytes.length > 0) this.push(bytes);
  }

  /** To the next part, behind a mark. */
  private turn(behind: Buffer): void {
    if (this.part === Part.Before) {
      this.part = Part.Output;
      this.emit("begun");
      this.cut(behind);
    } else if (this.part === Part.Errors) {
      this.part = Part.Behind;
      this.emit("over");
    } else if (behind.length >= CODE) {
      const code = behind.subarray(0, CODE).toString();
      if (!/^ *\d+$/.test(code)) {
        this.destroy(intruded(this.name));
        return;
      }
      this.code = Number(code);
      this.part = Part.Errors;
      this.push(null);
      this.emit("written");
      this.cut(behind.subarray(CODE));
    }
  }

  /** How many of the last bytes may be the first ones of the mark. */
  private beginningOfMark(bytes: Buffer): number {
    for (let length = Math.min(bytes.length, this.mark.length - 1); length > 0; length--) {
      if (bytes.subarray(-length).equals(this.mark.subarray(0, length))) return length;
    }
    return 0;
  }
}

const intruded = (name: string): HostUnreachable =>
  new HostUnreachable(
    `what commands on ${name} return can't be read: something else writes into it. Look at what the scripts of its login shell, such as ~/.bashrc, ` +
      "leave at work there.",
  );
