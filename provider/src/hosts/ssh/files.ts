import { randomUUID } from "node:crypto";
import { posix as path } from "node:path";
import type { FileAccess, HostFile } from "../Host";
import { readEach } from "../readEach";
import { quote, script } from "./commands";
import { failure, type Outcome, ownWords, stoppedBySudo } from "./failure";
import { layoutOf } from "./layout";
import type { SshMachine } from "./machine";

/** The files of a machine. As root only where the machine does not let the user do it. */

const ABSENT = /No such file or directory|Not a directory/;

interface Asked {
  readonly file: string;
  readonly found: (file: HostFile | undefined) => void;
  readonly failed: (reason: unknown) => void;
}

const asked = new WeakMap<SshMachine, Asked[]>();

/** Files that are asked for in the same moment come in one round trip: option files are many, and small. */
export function readFile(machine: SshMachine, file: string): Promise<HostFile | undefined> {
  return new Promise((found, failed) => {
    const files = asked.get(machine) ?? [];
    files.push({ file, found, failed });
    if (files.length > 1) return;
    asked.set(machine, files);
    setImmediate(() => {
      asked.delete(machine);
      readAll(machine, files).catch((reason) => {
        for (const each of files) each.failed(reason);
      });
    });
  });
}

/** Of each file its permissions in a line and its text, then how that ended, then what was said about it. */
const READ = `q() {
  if [ -r "$1" ]; then stat -Lc %a -- "$1" && cat -- "$1"
  elif m=$(stat -Lc %a -- "$1" 2>&1); then echo "$m" && s cat -- "$1"
  else case $m in *'Permission denied'*) s stat -Lc %a -- "$1" && s cat -- "$1";; *) echo "$m" >&2; false;; esac; fi
}
r() { e=$(q "$2" 2>&1 >&3); c=$?; printf %s "$1$c$1$e$1"; }
exec 3>&1`;

async function readAll(machine: SshMachine, files: readonly Asked[]): Promise<void> {
  const mark = randomUUID();
  const outcome = await script(machine, [READ, ...files.map(({ file }) => `r ${mark} ${quote(file)}`)].join("\n"));
  const parts = outcome.output.split(mark);
  if (parts.length !== 3 * files.length + 1) throw failure(machine, "cat", { ...outcome, output: "" });
  for (const [index, { file, found, failed }] of files.entries()) {
    const [output = "", code, errors = ""] = parts.slice(3 * index);
    const one = { code: Number(code), output, errors };
    const end = output.indexOf("\n");
    if (isAbsent(one)) found(undefined);
    else if (one.code !== 0) failed(failure(machine, `cat ${file}`, { ...one, output: "" }));
    else found({ text: output.slice(end + 1), mode: Number.parseInt(output.slice(0, end), 8) & 0o777 });
  }
}

export async function readFolder(
  machine: SshMachine,
  folder: string,
  names: RegExp,
): Promise<ReadonlyMap<string, HostFile>> {
  const wanted = (await namesIn(machine, folder)).filter((name) => names.test(name));
  return readEach(wanted, (name) => readFile(machine, path.join(folder, name)));
}

/** None when there is no such directory. */
async function namesIn(machine: SshMachine, folder: string): Promise<readonly string[]> {
  const f = quote(path.join(folder, "/"));
  const outcome = await script(
    machine,
    `if [ -r ${f} ] || ! [ -e ${f} ]; then ls -A -- ${f}; else s ls -A -- ${f}; fi`,
  );
  if (isAbsent(outcome)) return [];
  if (outcome.code !== 0) throw failure(machine, `ls ${folder}`, outcome);
  return outcome.output.split("\n").filter((name) => name !== "");
}

/** Whether there is such a file or directory. */
export async function exists(machine: SshMachine, file: string): Promise<boolean> {
  const test = `test -e ${quote(file)}`;
  const outcome = await script(machine, `${test} || s ${test}`);
  if (outcome.code === 0) return true;
  // It says nothing where it finds nothing.
  if (outcome.code === 1 && !stoppedBySudo(outcome.errors)?.said) return false;
  throw failure(machine, test, outcome);
}

const isAbsent = ({ code, errors }: Outcome): boolean =>
  code !== 0 && ABSENT.test(ownWords(errors)) && stoppedBySudo(errors) === undefined;

/**
 * Writes a file beside its place and moves it there when all of it has arrived. Its permissions are tight before it has a byte. Where
 * SELinux rules, a file keeps its context; a new one has that of its folder. A connection that is cut meanwhile does not keep the script
 * from tidying up: nobody is left then to hear what it says.
 */
export async function writeFile(
  machine: SshMachine,
  file: string,
  text: string,
  { mode, ofServer = false }: FileAccess,
): Promise<void> {
  const { user, group } = ofServer ? await layoutOf(machine) : { user: "root", group: "root" };
  const [f, u, d] = [quote(file), quote(`${file}.unfinished`), quote(path.dirname(file))];
  const outcome = await script(
    machine,
    `trap '' HUP PIPE
     [ -d ${d} ] || s mkdir -p -- ${d} || exit
     s install -m ${mode.toString(8)} -o ${quote(user)} -g ${quote(group)} -- /dev/null ${u} || exit
     s tee -- ${u} >/dev/null && s sync -- ${u} &&
     { n=$(stat -c %s -- ${u} 2>/dev/null || s stat -c %s -- ${u}); [ "$n" = ${Buffer.byteLength(text)} ] || { echo "only $n bytes of it arrived" >&2; false; }; } &&
     { ! { selinuxenabled && [ -e ${f} ]; } 2>/dev/null || s chcon --reference=${f} -- ${u}; } &&
     s mv -fT -- ${u} ${f}
     r=$?; [ $r = 0 ] || s rm -f -- ${u}; exit $r`,
    { input: text },
  );
  if (outcome.code !== 0) throw failure(machine, `tee ${file}`, outcome);
}

/** Gone already is fine. */
export async function removeFile(machine: SshMachine, file: string): Promise<void> {
  const outcome = await script(machine, `s rm -f -- ${quote(file)}`);
  if (outcome.code !== 0) throw failure(machine, `rm ${file}`, outcome);
}
