import { posix as path } from "node:path";
import type { FileAccess, HostFile } from "./Host";
import { failure, type Outcome, quote, refusedBySudo, script } from "./sshCommands";
import { layoutOf } from "./sshLayout";
import type { SshMachine } from "./sshMachine";

/** The files of a machine: one round trip each. As root only where the machine does not let the user do it. */

const ABSENT = /No such file or directory|Not a directory/;

/** Permissions in the first line, then the text. */
export async function readFile(machine: SshMachine, file: string): Promise<HostFile | undefined> {
  const f = quote(file);
  const outcome = await script(
    machine,
    `if [ -r ${f} ]; then stat -Lc %a -- ${f} && cat -- ${f}
     elif m=$(stat -Lc %a -- ${f} 2>&1); then echo "$m" && s cat -- ${f}
     else case $m in *'Permission denied'*) s stat -Lc %a -- ${f} && s cat -- ${f};; *) echo "$m" >&2; exit 1;; esac; fi`,
  );
  if (isAbsent(outcome)) return undefined;
  if (outcome.code !== 0) throw new Error(failure(machine, `cat ${file}`, outcome));
  const end = outcome.output.indexOf("\n");
  return { text: outcome.output.slice(end + 1), mode: Number.parseInt(outcome.output.slice(0, end), 8) & 0o777 };
}

/** Names of the files that lie in a directory, sorted; none when there is no such directory. */
export async function listFiles(machine: SshMachine, folder: string): Promise<readonly string[]> {
  const f = quote(path.join(folder, "/"));
  const outcome = await script(
    machine,
    `if [ -r ${f} ] || ! [ -e ${f} ]; then ls -A -- ${f}; else s ls -A -- ${f}; fi`,
  );
  if (isAbsent(outcome)) return [];
  if (outcome.code !== 0) throw new Error(failure(machine, `ls ${folder}`, outcome));
  return outcome.output
    .split("\n")
    .filter((name) => name !== "")
    .sort();
}

const isAbsent = ({ code, errors }: Outcome): boolean =>
  code !== 0 && ABSENT.test(errors) && refusedBySudo(errors) === undefined;

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
  if (outcome.code !== 0) throw new Error(failure(machine, `tee ${file}`, outcome));
}

/** Gone already is fine. */
export async function removeFile(machine: SshMachine, file: string): Promise<void> {
  const outcome = await script(machine, `s rm -f -- ${quote(file)}`);
  if (outcome.code !== 0) throw new Error(failure(machine, `rm ${file}`, outcome));
}
