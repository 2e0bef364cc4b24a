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
  readonly errors: Between;
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
    this.output = new Between(bytes, isTalk).of(channel);
    this.errors = new Between(bytes).of(channel.stderr);
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
    const over = [this.output, this.errors].map((each) => new Promise((resolve) => each.once("over", resolve)));
    Promise.all(over).then(() => channel.close());
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
    const said = shown(`${this.output.saidBefore}\n${this.errors.saidBefore}`);
    return new HostUnreachable(
      `${this.name} runs no command: its login shell ${how}, saying ${said === "" ? "nothing" : `"${said}"`}. Give that user a login shell ` +
        "that runs commands, and look at what comes before them: its scripts, such as ~/.bashrc, and a ForceCommand of sshd.",
    );
  }
}

/** What a command itself writes to one of its outputs. Emits `begun` with its first mark and `over` with its last. */
class Between extends Transform {
  /** The command's exit code. Undefined: it has not ended, or not by itself. */
  code: number | undefined;
  hasBegun = false;
  private readonly before = new Complaint();
  private held: Buffer = Buffer.alloc(0);

  /** @param isTalk holds nothing back of what it writes. Else the last bytes might be the first ones of its last mark. */
  constructor(
    private readonly mark: Buffer,
    private readonly isTalk = false,
  ) {
    super();
  }

  /** The end of what was written before the command began. */
  get saidBefore(): string {
    return `${this.before}${this.hasBegun ? "" : this.held}`;
  }

  /** Reads from there. What comes when nobody wants it any more is read too, since a channel does not close before. */
  of(source: Readable): this {
    const read = () => void source.unpipe(this).resume();
    return source.pipe(this.once("over", read).once("close", read));
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.code === undefined) this.cut(Buffer.concat([this.held, chunk]));
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.hasBegun && this.code === undefined) this.push(this.held);
    done();
  }

  private cut(bytes: Buffer): void {
    const { mark, hasBegun, isTalk } = this;
    const found = bytes.indexOf(mark);
    const end = found >= 0 ? found : bytes.length - (hasBegun && isTalk ? 0 : this.beginningOfMark(bytes));
    if (!hasBegun) this.before.add(bytes.subarray(0, end));
    else if (end > 0) this.push(bytes.subarray(0, end));
    this.held = bytes.subarray(end);
    if (found < 0) return;
    const behind = this.held.subarray(mark.length);
    if (!hasBegun) {
      this.hasBegun = true;
      this.emit("begun");
      this.cut(behind);
    } else if (behind.length >= CODE) {
      this.code = Number(behind.subarray(0, CODE));
      this.push(null);
      this.emit("over");
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
