import { type Readable, Transform, type TransformCallback } from "node:stream";
import type { ClientChannel } from "ssh2";
import { within } from "../../waiting";
import { HostUnreachable } from "../Host";
import { Complaint, shown } from "../outputs";
import type { Mark } from "./loginShell";

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
    private readonly mark: Mark,
    private readonly isTalk = false,
  ) {
    this.output = new Between(mark.bytes, isTalk).of(channel);
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
    return this.mark.read(this.output.behind).errors;
  }

  /** Its exit code, when its channel is closed. Undefined: it was ended by a signal. */
  async exitCode(): Promise<number | undefined> {
    await this.closed;
    if (!this.output.isOver) {
      if (this.status === undefined) throw this.lost();
      // Without its last mark its output is not whole.
      return this.status || undefined;
    }
    const { hasEnded, code, count } = this.mark.read(this.output.behind);
    if (!hasEnded) return undefined;
    if (Number.isNaN(code) || !(this.isTalk || count === this.output.count)) throw this.intruded();
    return code;
  }

  private intruded(): HostUnreachable {
    return new HostUnreachable(
      `what a command on ${this.name} returned can't be read: something else wrote into it. Look at what the scripts of its login shell, such as ` +
        "~/.bashrc, leave at work there.",
    );
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
  Behind,
  Over,
}

/** What a command itself writes to its standard output. Emits `begun` with the first mark, `written` with the second, and `over` with the last. */
class Between extends Transform {
  /** Bytes of it. */
  count = 0;
  private readonly kept = { [Part.Before]: new Complaint(), [Part.Behind]: new Complaint() };
  private held: Buffer = Buffer.alloc(0);
  private part = Part.Before;

  /** @param isTalk holds nothing back of what it writes. Else the last bytes might be the first ones of a mark. */
  constructor(
    private readonly mark: Buffer,
    private readonly isTalk: boolean,
  ) {
    super();
  }

  get hasBegun(): boolean {
    return this.part > Part.Before;
  }

  get isOver(): boolean {
    return this.part === Part.Over;
  }

  /** The end of what was written before the command began. */
  get saidBefore(): string {
    return `${this.kept[Part.Before]}${this.hasBegun ? "" : this.held}`;
  }

  /** The end of what is between the last two marks. */
  get behind(): string {
    return `${this.kept[Part.Behind]}`;
  }

  /** Reads from there. What comes when nobody wants it any more is read too, since a channel does not close before. */
  of(source: Readable): this {
    const read = () => {
      source.unpipe(this).on("data", (chunk: Buffer) => this.part === Part.Behind && this.add(chunk));
      source.resume();
    };
    return source.pipe(this.once("written", read).once("close", () => this.part < Part.Behind && read()));
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
    if (part === Part.Over) return;
    const found = bytes.indexOf(mark);
    const end = found >= 0 ? found : bytes.length - (part === Part.Output && isTalk ? 0 : this.beginningOfMark(bytes));
    this.keep(bytes.subarray(0, end), part);
    this.held = bytes.subarray(end);
    if (found < 0) return;
    this.part++;
    if (part === Part.Output) this.push(null);
    this.emit(["begun", "written", "over"][part] as string);
    this.cut(this.held.subarray(mark.length));
  }

  private keep(bytes: Buffer, part: Part.Before | Part.Output | Part.Behind): void {
    if (part !== Part.Output) this.kept[part].add(bytes);
    else if (bytes.length > 0) {
      this.count += bytes.length;
      this.push(bytes);
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
