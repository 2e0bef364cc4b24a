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
  /^Sorry, user |(password|authentication|terminal) is required|is not allowed|may not run|not in the sudoers|can't do that/;
const NO_TERMINAL = /must have a tty/;
/** It looks for the command in its own path, `secure_path`. */
const NOT_FOUND = /command not found/;
/** With these it goes on. */
const HARMLESS = /unable to (resolve host|open log file|connect to log server)|unknown defaults entry/;

export function failure(machine: SshMachine, what: string, { code, output, errors }: Outcome): Error {
  const { name } = machine;
  const stopped = stoppedBySudo(errors);
  if (stopped) return new SuperuserRefused(`${name} ${inWords(stopped, machine)}, or log in as root.`);
  const said = [ownWords(errors), output, withoutMarks(errors)].map(shown).find((text) => text !== "");
  return new Error(`${name}: "${what}" ended with ${code ?? "a signal"}${said ? `: ${said}` : " and said nothing"}`);
}

function inWords({ command, said }: StoppedBySudo, { user }: SshMachine): string {
  if (NO_TERMINAL.test(said)) {
    return (
      `may run nothing by sudo without a terminal, and there is none: "${shown(said)}". Add the line "Defaults:${user} !requiretty" to ` +
      "the machine's sudoers file (docs/hosts.md has it)"
    );
  }
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
    const bySudo = said === "" || (OF_SUDO.test(said) && !HARMLESS.test(said) && !NOT_FOUND.test(said));
    if (isMark(line) && bySudo) return { command: line.slice(FAILED_BY_SUDO.length), said };
  }
  return undefined;
}

/** What the commands themselves said, or sudo in place of one that is not there. */
export const ownWords = (errors: string): string =>
  withoutMarks(errors)
    .split("\n")
    .filter((line) => !OF_SUDO.test(line) || NOT_FOUND.test(line))
    .join("\n")
    .trim();

const withoutMarks = (errors: string): string => errors.replace(MARKS, "");

const isMark = (line: string): boolean => line.startsWith(FAILED_BY_SUDO);
