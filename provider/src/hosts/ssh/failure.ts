import { SuperuserRefused } from "../Host";
import { shown } from "../outputs";
import type { SshMachine } from "./machine";

/** What there is to tell of a command that failed. The reason is what the machine said, wherever it said it. */

export interface Outcome {
  /** Undefined: it was ended by a signal. */
  readonly code: number | undefined;
  readonly output: string;
  readonly errors: string;
}

/** Begins the line behind what was said of a command that failed as root by way of sudo. The command follows. */
export const FAILED_BY_SUDO = "failed by sudo: ";

const MARKS = new RegExp(`^${FAILED_BY_SUDO}.*`, "gm");

/** A line of sudo about itself. */
const OF_SUDO = /^(sudo: |Sorry, user )/;
const NOT_ALLOWED =
  /^Sorry, user |(password|authentication|terminal) is required|must have a tty|is not allowed|may not run|not in the sudoers|can't do that/;
/** With these it goes on, or the command is none. */
const HARMLESS =
  /unable to (resolve host|open log file|connect to log server)|unknown defaults entry|command not found/;

export function failure({ name }: SshMachine, what: string, { code, output, errors }: Outcome): Error {
  const stopped = stoppedBySudo(errors);
  if (stopped) return new SuperuserRefused(`${name} ${inWords(stopped)}, or log in as root.`);
  const said = [ownWords(errors), output, withoutMarks(errors)].map(shown).find((text) => text !== "");
  return new Error(`${name}: "${what}" ended with ${code ?? "a signal"}${said ? `: ${said}` : " and said nothing"}`);
}

function inWords({ command, said }: StoppedBySudo): string {
  if (NOT_ALLOWED.test(said)) {
    return (
      `may not run this as root without a password: ${command}. Allow it in the machine's sudoers file (docs/hosts.md ` +
      "has the lines)"
    );
  }
  const seen =
    said === ""
      ? "and said nothing, as sudo does where it can't write its log of inputs and outputs"
      : `saying "${shown(said)}"`;
  return `did not run this by sudo, or not to its end, ${seen}: ${command}. Repair how sudo is set up there`;
}

interface StoppedBySudo {
  readonly command: string;
  /** Empty: nobody said anything, which most commands would when they fail. */
  readonly said: string;
}

/** The command that sudo did not run, if that is why a script failed: then sudo had the last word on it, if there was any. */
export function stoppedBySudo(errors: string): StoppedBySudo | undefined {
  const lines = errors.split("\n");
  for (const [index, line] of lines.entries()) {
    const before = lines[index - 1] ?? "";
    const said = isMark(before) ? "" : before;
    const bySudo = said === "" || (OF_SUDO.test(said) && !HARMLESS.test(said));
    if (isMark(line) && bySudo) return { command: line.slice(FAILED_BY_SUDO.length), said };
  }
  return undefined;
}

/** What the commands themselves said. */
export const ownWords = (errors: string): string =>
  withoutMarks(errors)
    .split("\n")
    .filter((line) => !OF_SUDO.test(line))
    .join("\n")
    .trim();

const withoutMarks = (errors: string): string => errors.replace(MARKS, "");

const isMark = (line: string): boolean => line.startsWith(FAILED_BY_SUDO);
