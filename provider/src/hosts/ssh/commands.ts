import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ClientChannel } from "ssh2";
import { within } from "../../waiting";
import { HostUnreachable, type RunOptions } from "../Host";
import { Complaint, Result } from "../outputs";
import type { SshMachine } from "./machine";

/** Commands on a machine over SSH. Its sshd hands one text to the login shell: every word of ours in it is quoted. */

const DEADLINE = 60_000;

export interface Outcome {
  /** Undefined: it was ended by a signal. */
  readonly code: number | undefined;
  readonly output: string;
  readonly errors: string;
}

/** One word for a POSIX shell, whatever is in it. */
export function quote(word: string): string {
  if (word.includes("\0")) throw new Error("a name with a zero byte in it can't be passed on");
  return /^[\w/:=.,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

export const quoteAll = (words: readonly string[]): string => words.map(quote).join(" ");

/** Runs a command to its end. Rejects when it ends with another code than 0. */
export async function run(
  machine: SshMachine,
  command: readonly string[],
  { asSuperuser = false, ...streams }: RunOptions = {},
): Promise<string> {
  const line = `${asSuperuser ? `${AS_ROOT} ` : ""}${quoteAll(command)}`;
  const outcome = await start(machine, line, streams);
  if (outcome.code === 0) return outcome.output;
  throw new Error(failure(machine, command.join(" "), outcome));
}

interface ScriptOptions {
  /** What it reads from its standard input. @default nothing */
  readonly input?: string;
  /** Longest time it may take, in milliseconds. @default a minute */
  readonly deadline?: number;
}

/** Runs a script to its end, whatever that is. In it, `s COMMAND` runs a command as root; `may COMMAND` fails where sudo would refuse it. */
export function script(
  machine: SshMachine,
  text: string,
  { deadline = DEADLINE, ...streams }: ScriptOptions = {},
): Promise<Outcome> {
  const late = () => new HostUnreachable(`${machine.name} did not end a command within ${deadline / 1000} s`);
  return within(deadline, late, start(machine, text, streams));
}

/** The shell's function that runs a command as root. What it says of a refusal, `failure` reads. */
const AS_ROOT = "s";
const REFUSED = "refused by sudo: ";
const PRELUDE = {
  root: `${AS_ROOT}() { "$@"; }; may() { :; }`,
  other:
    `${AS_ROOT}() { sudo -n -- "$@" || { r=$?; printf '${REFUSED}%s\n' "$*" >&2; return $r; }; }; ` +
    `may() { sudo -n -l -- "$@" >/dev/null 2>&1 || { printf 'sudo: a password is required\n${REFUSED}%s\n' "$*" >&2; false; }; }`,
};

/** The text that the login shell gets: what programs say of errors, in English, is compared. */
export const shellText = ({ isRoot }: SshMachine, text: string): string =>
  `LC_ALL=C PATH=$PATH:/usr/sbin:/sbin:/usr/libexec; export LC_ALL PATH; ${isRoot ? PRELUDE.root : PRELUDE.other}; ${text}`;

/** What there is to tell of a command that failed. */
export function failure({ name }: SshMachine, what: string, { code, errors }: Outcome): string {
  const refused = refusedBySudo(errors);
  if (refused !== undefined) {
    return (
      `${name} may not run this as root without a password: ${refused}. Allow it in the machine's sudoers file ` +
      "(docs/hosts.md has the lines), or log in as root."
    );
  }
  return `${name}: "${what}" ended with ${code ?? "a signal"}: ${withoutMarks(errors)}`;
}

/** The command that sudo refused, if that is why a script failed. */
export function refusedBySudo(errors: string): string | undefined {
  if (
    !/^sudo: .*(password is required|is not allowed|may not run|not in the sudoers|terminal is required)|^Sorry, user /m.test(
      errors,
    )
  ) {
    return undefined;
  }
  return new RegExp(`^${REFUSED}(.*)`, "m").exec(errors)?.[1];
}

const withoutMarks = (errors: string): string => errors.replace(new RegExp(`^${REFUSED}.*\n`, "gm"), "").trim();

type Streams = Pick<RunOptions, "input" | "output">;

const start = (machine: SshMachine, text: string, streams: Streams): Promise<Outcome> =>
  machine.command(shellText(machine, text), (channel) => outcomeOf(machine, channel, streams));

/** Nothing may be awaited before all listeners are there. */
function outcomeOf(machine: SshMachine, channel: ClientChannel, { input, output }: Streams): Promise<Outcome> {
  let fault: Error = new HostUnreachable(`the connection to ${machine.name} was lost while a command ran there`);
  let tooMuch = false;
  const errors = new Complaint();
  const text = new Result(`a command on ${machine.name}`, (error) => {
    fault = error;
    tooMuch = true;
    channel.close();
  });
  channel.stderr.on("data", (chunk: Buffer) => errors.add(chunk));
  const drained = output ? pipeline(channel, output) : channel.on("data", (chunk: Buffer) => text.add(chunk));
  const source = typeof input === "string" ? Readable.from([input]) : input;
  const ended = new Promise<number | undefined>((resolve, reject) => {
    let told = false;
    let code: number | undefined;
    // A command that ends before it has read all tells by its exit code why; the broken pipe adds nothing to that.
    if (source) {
      pipeline(source, channel.stdin).catch((error) => {
        fault = error;
      });
    } else channel.end();
    channel.once("exit", (status: number | null) => {
      told = true;
      code = status ?? undefined;
    });
    channel.once("close", () => {
      source?.destroy();
      if (told && !tooMuch) resolve(code);
      else reject(fault);
    });
  });
  return Promise.all([ended, drained]).then(([code]) => ({
    code,
    output: `${text}`,
    errors: `${errors}`,
  }));
}
