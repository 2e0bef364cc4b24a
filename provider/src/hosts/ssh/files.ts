import { randomUUID } from "node:crypto";
import { posix as path } from "node:path";
import type { FileAccess, HostFile, HostFolder, Owner } from "../Host";
import { shown } from "../outputs";
import { readEach } from "../readEach";
import { LONGEST_FILE, whyUnread } from "../unread";
import { refuseUnlessAllowed } from "./allowed";
import { quote, script } from "./commands";
import { failure, type Outcome, ownWords, stoppedBySudo } from "./failure";
import { layoutOf } from "./layout";
import type { SshMachine } from "./machine";

/** The files of a machine. As root only where the machine does not let the user do it. */

const ABSENT = /: (No such file or directory|Not a directory|Too many levels of symbolic links)$/m;

interface Asked {
  readonly file: string;
  readonly found: (file: HostFile | undefined) => void;
  readonly failed: (reason: unknown) => void;
}

const asked = new WeakMap<SshMachine, Asked[]>();

/**
 * Files that are asked for in the same moment come in one round trip, or as few as their names have room in: option files are many, and small.
 */
export function readFile(machine: SshMachine, file: string): Promise<HostFile | undefined> {
  return new Promise((found, failed) => {
    const files = asked.get(machine) ?? [];
    files.push({ file, found, failed });
    if (files.length > 1) return;
    asked.set(machine, files);
    setImmediate(() => {
      asked.delete(machine);
      for (const some of fitting(files)) {
        readAll(machine, some).catch((reason) => {
          for (const each of some) each.failed(reason);
        });
      }
    });
  });
}

/** How much of a command line their names may take, in bytes: a machine takes 128 KiB of it, in which a byte may become six. */
const LONGEST_NAMES = 16 << 10;

function fitting(files: readonly Asked[]): Asked[][] {
  let room = 0;
  const all: Asked[][] = [];
  for (const each of files) {
    const length = Buffer.byteLength(lineOf(each));
    if (length > room) {
      all.push([]);
      room = LONGEST_NAMES;
    }
    room -= length;
    all.at(-1)?.push(each);
  }
  return all;
}

const lineOf = ({ file }: Asked): string => `r ${quote(file)}`;

/** Permissions, owner by numbers, which device, size, what it is, and its owner by names, which may have blanks in them. */
const FACTS = "%a %u %g %t:%T %s %F/%U:%G";
/** Behind an `l` where a link is in its place. */
const FORM_OF_FACTS = /^(l?)(\d+) (\d+) (\d+) (\S+) (\d+) ([^/]*)\/(.*)$/;
const NULL_DEVICE = "1:3";

/** Of each file its facts in a line and its text, then how that ended, then what was said about it. The facts are the last line that `stat` writes: a warning may come first. */
const READ = `q() {
  if i=$(stat -Lc '${FACTS}' -- "$1" 2>&1); then i=\${i##*'
'}
  else case $i in
    *'Permission denied'*) i=$(s stat -Lc '${FACTS}' -- "$1") || return;;
    *) printf '%s\\n' "$i" >&2; return 1;;
  esac; fi
  if [ -h "$1" ]; then echo "l$i"; else echo "$i"; fi
  case $i in *' regular '*) ;; *) return 0;; esac
  n=\${i#* * * * }; [ "\${n%% *}" -le ${LONGEST_FILE} ] || return 0
  if [ -r "$1" ]; then cat -- "$1"; else s cat -- "$1"; fi
}
r() { e=$( (q "$1") 2>&1 >&3); c=$?; printf %s "$m$c$m$e$m"; }
exec 3>&1`;

async function readAll(machine: SshMachine, files: readonly Asked[]): Promise<void> {
  const mark = randomUUID();
  const outcome = await script(machine, [`m=${mark}`, READ, ...files.map(lineOf)].join("\n"));
  const parts = outcome.output.split(mark);
  if (parts.length !== 3 * files.length + 1) throw failure(machine, "cat", { ...outcome, output: "" });
  for (const [index, { file, found, failed }] of files.entries()) {
    const [output = "", code, errors = ""] = parts.slice(3 * index);
    const one = { code: code ? Number(code) : undefined, output, errors };
    const end = output.indexOf("\n");
    const facts = output.slice(0, end);
    if (isAbsent(one)) found(undefined);
    else if (one.code !== 0) failed(failure(machine, `cat ${file}`, { ...one, output: "" }));
    else if (FORM_OF_FACTS.test(facts)) found(fileOf(facts, output.slice(end + 1)));
    else failed(new Error(`${machine.name}: what \`stat\` says of ${file} can't be read: "${shown(facts)}"`));
  }
}

/** Undefined: what is there is nothing to read for anybody. */
function fileOf(facts: string, text: string): HostFile | undefined {
  const [, link, mode = "", uid, gid, device, size, kind = "", owner = ""] = FORM_OF_FACTS.exec(facts) ?? [];
  if (kind === "socket") return undefined;
  const isFolder = kind === "directory";
  const isNothing = isFolder || device === NULL_DEVICE;
  const unread = isNothing ? undefined : whyUnread(kind.startsWith("regular ") ? "file" : kind, Number(size));
  return {
    text,
    mode: Number.parseInt(mode, 8) & 0o777,
    uid: Number(uid),
    gid: Number(gid),
    owner,
    isFolder,
    isLink: link === "l",
    ...(unread && { unread }),
  };
}

export async function ownerOf(machine: SshMachine, { ofServer = false }: FileAccess): Promise<Owner> {
  const { uid, gid } = await layoutOf(machine);
  return ofServer ? { uid, gid } : { uid: 0, gid: 0 };
}

export async function readFolder(machine: SshMachine, folder: string, names: RegExp): Promise<HostFolder | undefined> {
  const [itself, all] = await Promise.all([readFile(machine, folder), namesIn(machine, folder)]);
  if (!itself || !all) return undefined;
  const wanted = all.filter((name) => names.test(name));
  return { itself, files: await readEach(wanted, (name) => readFile(machine, path.join(folder, name))) };
}

/** Undefined: there is no such directory. */
async function namesIn(machine: SshMachine, folder: string): Promise<readonly string[] | undefined> {
  const f = quote(path.join(folder, "/"));
  const outcome = await script(
    machine,
    `if [ -r ${f} ] || ! [ -e ${f} ]; then ls -A -- ${f}; else s ls -A -- ${f}; fi`,
  );
  if (isAbsent(outcome)) return undefined;
  if (outcome.code !== 0) throw failure(machine, `ls ${folder}`, outcome);
  return outcome.output.split("\n").filter((name) => name !== "");
}

/** Whether there is such a file or directory. */
export async function exists(machine: SshMachine, file: string): Promise<boolean> {
  // Not `test`, which says nothing where it finds nothing: so does a sudo that can't run it.
  const look = `stat -L -- ${quote(file)}`;
  const outcome = await script(machine, `[ -e ${quote(file)} ] || s ${look} >/dev/null`);
  if (outcome.code === 0) return true;
  if (isAbsent(outcome)) return false;
  throw failure(machine, look, outcome);
}

const isAbsent = ({ code, errors }: Outcome): boolean =>
  code !== 0 && ABSENT.test(ownWords(errors)) && stoppedBySudo(errors) === undefined;

/** As far as it can be told without doing it: only root sees that a file is write-protected, which a move over it would be told. */
const MAY_BE_REPLACED = `mayBeReplaced() {
  if [ -d "$1" ]; then echo "a folder is in its place" >&2; return 1; fi
  [ ! -e "$1" ] || [ "$(id -u)" != 0 ] || [ -w "$1" ] || { echo "it is write-protected" >&2; return 1; }
}`;

/**
 * Writes a file beside its place and moves it there when all of it has arrived. Its permissions are tight before it has a byte; folders are open. Where
 * SELinux rules, a file keeps its context; a new one has that of its folder. A connection that is cut meanwhile does not keep the script
 * from tidying up: nobody is left then to hear what it says. A trial ends before the file is moved.
 */
export async function writeFile(
  machine: SshMachine,
  file: string,
  text: string,
  { mode, ofServer = false }: FileAccess,
  { isTrial = false } = {},
): Promise<void> {
  const { user, group } = ofServer ? await layoutOf(machine) : { user: "root", group: "root" };
  const [f, u, d] = [quote(file), quote(`${file}.unfinished`), quote(path.dirname(file))];
  const move = `mv -fT -- ${u} ${f}`;
  const lastStep = isTrial ? `mayBeReplaced ${f}` : `s ${move}`;
  const outcome = await script(
    machine,
    `trap '' HUP PIPE; umask 022
     ${MAY_BE_REPLACED}
     [ -d ${d} ] || s mkdir -p -- ${d} || exit
     s install -m ${mode.toString(8)} -o ${quote(user)} -g ${quote(group)} -- /dev/null ${u} || exit
     g tee -- ${u} >/dev/null && s sync -- ${u} &&
     { n=$(stat -c %s -- ${u} 2>/dev/null || s stat -c %s -- ${u}); [ "$n" = ${Buffer.byteLength(text)} ] || { echo "only $n bytes of it arrived" >&2; false; }; } &&
     { ! { selinuxenabled && [ -e ${f} ]; } 2>/dev/null || s chcon --reference=${f} -- ${u}; } &&
     ${lastStep}
     r=$?; ${isTrial ? "" : "[ $r = 0 ] ||"} s rm -f -- ${u}; exit $r`,
    { input: text },
  );
  if (outcome.code !== 0) throw failure(machine, `tee ${file}`, outcome);
  if (isTrial) await refuseUnlessAllowed(machine, move);
}

export async function openFolder(machine: SshMachine, folder: string): Promise<void> {
  const outcome = await script(machine, `s install -d -m 755 -o root -g root -- ${quote(folder)}`);
  if (outcome.code !== 0) throw failure(machine, `install -d ${folder}`, outcome);
}

/** Gone already is fine. */
export async function removeFile(machine: SshMachine, file: string): Promise<void> {
  const outcome = await script(machine, `s rm -f -- ${quote(file)}`);
  if (outcome.code !== 0) throw failure(machine, `rm ${file}`, outcome);
}
