import { randomBytes } from "node:crypto";

/**
 * What sshd hands to the login shell. That shell may be any, and it reads scripts first, which write what they like and change what they like.
 */

/**
 * One simple command that bash, dash, ksh, zsh, fish, csh and tcsh all take for the same. It hands the script to `sh`, which takes over nothing but
 * the environment of what was set before; `exec` leaves nothing of the login shell that could write at its end. The script comes in several
 * words because csh takes none of much more than 4096 bytes, and a character may become 20.
 */
export function forLoginShell(script: string): string {
  const words = script.match(/.{1,200}/gsu) ?? [];
  return `exec /bin/sh -c 'eval "$(printf %b "$@")"' sh ${words.map(quoteForAll).join(" ")}`;
}

/** Between quotes, fish reads backslashes, and csh neither line breaks nor "!". Outside of them, two backslashes are one in every shell. */
function quoteForAll(word: string): string {
  const octal = (byte: number) => `\\\\0${byte.toString(8).padStart(3, "0")}`;
  const bare = (run: string) => `'${[...Buffer.from(run)].map(octal).join("")}'`;
  return `'${word.replace(/(?:[^ -~]|['\\!])+/gu, bare)}'`;
}

/**
 * What stands before, between and behind the parts of a command's answer. Nobody else knows it. Where the command itself is shown, as by `set -x`, its
 * halves stand apart.
 */
export class Mark {
  private readonly halves = [0, 1].map(() => randomBytes(8).toString("hex"));
  readonly bytes = Buffer.from(this.halves.join(""));
  /** Stands before how a command ended. */
  readonly end = `${this.halves[0]}`;

  /**
   * Everything goes to standard output, since login scripts send the other one elsewhere, or both to one place (`exec 2>&1`): what the script
   * writes, at once; behind it what it wrote to standard error, its exit code, and how many bytes of its output `dd` has counted. ":" keeps
   * the pipe to it open until the code is written. Subshells are redirected since dash needs descriptors to spare for anything else.
   */
  around(script: string): string {
    const mark = this.halves.join(" ");
    return `e=; printf %s%s ${mark} || exit; trap 'printf %s%s%s%s%s ${mark} "$e" ${mark}' EXIT; exec 3>&1
e=$(exec 4>&1; { (\n${script}\n) 2>&4 3>&- 4>&-; (printf '%s%d\\n' ${this.end} $?) >&4; :; } | (dd bs=64k) 2>&4 >&3)`;
  }

  /** Reads what is behind the script's output. */
  read(text: string): Ending {
    const [errors = "", end] = text.split(this.end);
    const [, code, count] = /^(\d+)\n(?:.*\n)*?(\d+) bytes? /.exec(end ?? "") ?? [];
    return { errors, hasEnded: end !== undefined, code: Number(code), count: Number(count) };
  }
}

/** How a script ended. What could not be read is not a number. */
export interface Ending {
  readonly errors: string;
  /** False: something ended it before it could tell how. */
  readonly hasEnded: boolean;
  readonly code: number;
  /** Bytes of its output. */
  readonly count: number;
}
