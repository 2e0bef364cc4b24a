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

/** Digits of an exit code behind a mark. */
export const CODE = 3;

/**
 * What stands before, between and behind the parts of a command's answer. Nobody else knows it. Where the command itself is shown, as by `set -x`, its
 * halves stand apart.
 */
export class Mark {
  private readonly halves = [0, 1].map(() => randomBytes(8).toString("hex"));
  readonly bytes = Buffer.from(this.halves.join(""));

  /**
   * Everything goes to standard output: what the script writes there, at once; behind that its exit code, and what it wrote to its standard
   * error. Login scripts send that one elsewhere, or both to one place (`exec 2>&1`).
   */
  around(script: string): string {
    const halves = this.halves.join(" ");
    const end = `r=$?; printf %s%s%${CODE}d%s%s%s ${halves} $r "$e" ${halves}`;
    return `e=; printf %s%s ${halves} || exit; trap '${end}' EXIT; exec 3>&1; e=$( (\n${script}\n) 2>&1 >&3 3>&-)`;
  }
}
