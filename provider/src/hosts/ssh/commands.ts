import { Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import type { ClientChannel } from "ssh2";
import { within } from "../../waiting";
import { HostUnreachable, type RunOptions } from "../Host";
import { Result } from "../outputs";
import { FAILED_BY_SUDO, failure, type Outcome } from "./failure";
import { forLoginShell, Mark } from "./loginShell";
import type { SshMachine } from "./machine";
import { ShellCommand } from "./shellCommand";

/** Commands on a machine over SSH. A shell reads them: every word of ours in them is quoted. */

const DEADLINE = 60_000;
/** After this time, in milliseconds, we look whether a script of the login shell waits for what a command is given. */
const READING = 3_000;
/** How much later than another command one may begin that was sent before it. */
const PASSED = 1_000;

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
  const line = `${asSuperuser ? `${AS_ROOT_READING} ` : ""}${quoteAll(command)}`;
  const outcome = await start(machine, line, streams);
  if (outcome.code === 0) return outcome.output;
  throw failure(machine, command.join(" "), outcome);
}

interface ScriptOptions {
  /** What it reads from its standard input. @default nothing */
  readonly input?: string;
  /** Longest time it may take, in milliseconds. @default a minute */
  readonly deadline?: number;
}

/**
 * Runs a script to its end, whatever that is. In it, `s COMMAND` runs a command as root, and `g COMMAND` one that reads what the script is given.
 * `quiet COMMAND` does so with one that leaves processes at work, which would keep the outputs open: the end of what it wrote goes to the errors.
 */
export function script(
  machine: SshMachine,
  text: string,
  { deadline = DEADLINE, ...streams }: ScriptOptions = {},
): Promise<Outcome> {
  const late = () => new HostUnreachable(`${machine.name} did not end a command within ${deadline / 1000} s`);
  return within(deadline, late, start(machine, text, streams));
}

/**
 * The shell's functions that run a command as root: one that reads what ours is given, and one that has nothing to read, since a sudo that logs inputs
 * takes all there is. What they say of a failure, `failure` reads. Where sudo itself fails it ends with 1.
 */
export const AS_ROOT_READING = "g";
const AS_ROOT = "s";
const SUDO = `if command -v sudo >/dev/null; then sudo -n -- "$@"; else echo 'sudo: there is none in PATH' >&2; false; fi`;
const BY_SUDO = `{ ${SUDO}; } || { r=$?; [ $r != 1 ] || printf '${FAILED_BY_SUDO}%s\\n' "$*" >&2; return $r; }`;
const QUIET = `quiet() {
  t=$(mktemp) || return
  ${AS_ROOT} "$@" >"$t" 2>&1
  r=$?; tail -n 15 -- "$t" >&2; rm -f -- "$t"; return $r
}`;

/** What bash takes over from the environment where it is `sh`: options, and functions with the names of commands. */
const AS_IF_NEW =
  '[ -z "$BASH_VERSION" ] || { set +eufxvC +o pipefail; unset -f $(compgen -A function); }; umask 022; cd /';

/** What programs say of errors is compared, in English. */
const ENVIRONMENT = "LC_ALL=C PATH=$PATH:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/usr/libexec; export LC_ALL PATH";

/** Has the login shell run a script in which `s`, `g` and `quiet` are known. */
export function commandLine({ isRoot }: SshMachine, mark: Mark, text: string): string {
  const functions = `${AS_ROOT_READING}() { ${isRoot ? '"$@"' : BY_SUDO}; }\n${AS_ROOT}() { ${AS_ROOT_READING} "$@" </dev/null; }\n${QUIET}`;
  return forLoginShell(`${AS_IF_NEW}; ${ENVIRONMENT}\n${functions}\n${mark.around(text)}`);
}

type Streams = Pick<RunOptions, "input" | "output">;

function start(machine: SshMachine, text: string, streams: Streams): Promise<Outcome> {
  const mark = new Mark();
  return machine.command(commandLine(machine, mark, text), (channel) =>
    outcomeOf(machine, new ShellCommand(machine.name, channel, mark), channel, streams),
  );
}

/**
 * Waits until a command has begun that is given something. Rejects where a script of the login shell waits for that too: one that is given nothing
 * comes through then.
 */
export async function toBegin(machine: SshMachine, command: ShellCommand, channel: ClientChannel): Promise<void> {
  const begun = command.begun.then(() => true);
  if (await Promise.race([begun, setTimeout(READING, false, { ref: false })])) return;
  const mark = new Mark();
  const other = machine.execute(commandLine(machine, mark, ":"), (its) =>
    outcomeOf(machine, new ShellCommand(machine.name, its, mark), its, {}),
  );
  const passed = other.then(() => setTimeout(PASSED, false));
  if (await Promise.race([begun, passed])) return;
  channel.close();
  throw new HostUnreachable(
    `${machine.name} runs no command that is given something: a script of its login shell, such as ~/.bashrc, reads that, or waits for it, as \`read\` ` +
      "does. Have it do so only where there is a terminal: if [ -t 0 ]; then ...; fi.",
  );
}

/** Nothing may be awaited before all listeners are there. */
async function outcomeOf(
  machine: SshMachine,
  command: ShellCommand,
  channel: ClientChannel,
  { input, output }: Streams,
): Promise<Outcome> {
  const text = new Result(`a command on ${command.name}`, (error) => command.output.destroy(error));
  if (!output) command.output.on("data", (chunk: Buffer) => text.add(chunk));
  const read = output ? pipeline(command.output, output) : finished(command.output, { writable: false });
  read.catch(() => channel.close());
  let fault: Error | undefined;
  const source = typeof input === "string" ? Readable.from([input]) : input;
  channel.once("close", () => source?.destroy());
  // The login shell's scripts must not get it. A command that ends before it has read all tells by its exit code why.
  const begun = source ? toBegin(machine, command, channel) : command.begun;
  if (source) {
    const send = () => pipeline(source, channel.stdin);
    begun.then(send).catch((error) => {
      fault = error;
    });
  } else channel.end();
  const ended = command.exitCode().catch((error) => {
    throw fault ?? error;
  });
  const [code] = await Promise.all([ended, begun, read]);
  return { code, output: `${text}`, errors: command.errors };
}
