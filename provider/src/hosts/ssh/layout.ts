import { posix as path } from "node:path";
import { ROOT, type User } from "../Host";
import { script } from "./commands";
import type { SshConnection } from "./connection";
import { failure } from "./failure";
import type { SshMachine } from "./machine";

/** Where a distribution's MariaDB has what. */
export interface Layout {
  /** False: there is no server on the machine. */
  readonly isInstalled: boolean;
  /** The option files that the server reads first, in their order. */
  readonly optionFiles: readonly string[];
  /** The folder that they include last. Undefined: they include none. */
  readonly folder: string | undefined;
  readonly socket: string;
  readonly dataDirectory: string;
  /** As whom the server runs: the operating system's user and his group. */
  readonly user: string;
  readonly group: string;
  /** Their numbers. -1: there are none. */
  readonly uid: number;
  readonly gid: number;
  /** Of all groups of the user. */
  readonly gids: readonly number[];
  /** Undefined: it goes where the service's output goes. */
  readonly log: string | undefined;
  /** Who starts and stops the server, and by which name. Undefined: neither systemd nor an init script knows it. */
  readonly service: Service | undefined;
}

export interface Service {
  readonly by: "systemd" | "init";
  readonly name: string;
}

const layouts = new WeakMap<SshConnection, Promise<Layout>>();

/** Asked once for each connection, in one round trip. */
export async function layoutOf(machine: SshMachine): Promise<Layout> {
  const connection = await machine.connect();
  const known = layouts.get(connection);
  if (known) return known;
  const asked = ask(machine);
  layouts.set(connection, asked);
  asked.catch(() => layouts.delete(connection));
  return asked;
}

/** Whoever wants to know it next asks again: packages or option files have changed. */
export async function forgetLayout(machine: SshMachine): Promise<void> {
  layouts.delete(await machine.connect());
}

/** Names that the server has and had as a service, the newest first. */
const SERVICES = ["mariadb", "mysql", "mariadbd", "mysqld"];

/** How long the machine's own reader of option files may take, in seconds: some make it read for ever. */
const PATIENCE = 5;

/** Every answer ends with a zero byte. */
const QUESTIONS = `
e() { printf '\\0'; }
{ command -v mariadbd || command -v mysqld; }; e
files=$(my_print_defaults --help 2>/dev/null | sed -n '/^Default options are read from/{n;p;}'); printf %s "$files"; e
o=$(timeout ${PATIENCE} my_print_defaults --mysqld 2>/dev/null); c=$?
[ $c = 0 ] || [ $c = 124 ] || o=$(s my_print_defaults --mysqld)
printf '%s\\n' "$o" | grep -E '^--(loose[-_])?(socket|datadir|user|log[-_]error)='
case $o in *--socket=*) ;; *)
  mariadbd --no-defaults --help --verbose 2>/dev/null | sed -n 's/^socket  *\\(.*\\)/--compiled-socket=\\1/p';;
esac; e
[ $c = 124 ] || my_print_defaults mysqld_safe 2>/dev/null | grep -E '^--log[-_]error='; e
for f in $files; do case $f in /*) [ -f "$f" ] && grep -hs '^[[:space:]]*!includedir' "$f";; esac; done; e
u=$(printf '%s\\n' "$o" | sed -n 's/^--user=//p' | tail -n 1); u=\${u:-mysql}
getent passwd "$u"; e
id -gn "$u" 2>/dev/null && id -g "$u" && id -G "$u"; e
if [ -d /run/systemd/system ]; then
  for n in ${SERVICES.join(" ")}; do for d in /etc /run /usr/lib /lib; do
    if [ -e "$d/systemd/system/$n.service" ]; then echo "systemd $n"; fi
  done; done
else
  for n in ${SERVICES.join(" ")}; do if [ -x "/etc/init.d/$n" ]; then echo "init $n"; fi; done
fi; e
`;

async function ask(machine: SshMachine): Promise<Layout> {
  const outcome = await script(machine, QUESTIONS);
  const layout = parseLayout(outcome.output);
  if (layout) return layout;
  throw failure(machine, "the questions where MariaDB has what", outcome);
}

/** Reads the answers. Undefined: they are not whole. */
export function parseLayout(text: string): Layout | undefined {
  const answers = text.split("\0").map((answer) => answer.trim());
  const [program, files, options, safeOptions, includes, account, group, services, end] = answers;
  if (end === undefined) return undefined;
  const [user = "mysql", , uid, , , home = "/nonexistent"] = (account ?? "").split(":");
  const [groupName, gid, gids] = (group ?? "").split("\n");
  const option = (name: string, lines = options) => lastOption(name, lines ?? "");
  const dataDirectory = option("datadir") ?? "/var/lib/mysql";
  const log = option("log-error") ?? option("log-error", safeOptions);
  const [by, name] = services?.split("\n")[0]?.split(" ") ?? [];
  return {
    isInstalled: program !== "",
    optionFiles: (files || "/etc/my.cnf /etc/mysql/my.cnf").split(/\s+/).map((file) => file.replace(/^~/, home)),
    folder: [...(includes ?? "").matchAll(/^\s*!includedir\s+(\/.*?)\/*\s*$/gm)].at(-1)?.[1],
    socket: path.resolve(dataDirectory, option("socket") ?? option("compiled-socket") ?? "/run/mysqld/mysqld.sock"),
    dataDirectory,
    user: user || "mysql",
    group: groupName || user || "mysql",
    uid: Number(uid ?? -1),
    gid: Number(gid ?? -1),
    gids: (gids ?? "").split(" ").filter(Boolean).map(Number),
    log: log ? path.resolve(dataDirectory, log) : undefined,
    service: (by === "systemd" || by === "init") && name ? { by, name } : undefined,
  };
}

export function serviceOf({ name }: SshMachine, { service }: Layout): Service {
  if (service) return service;
  throw new Error(
    `${name}: neither systemd nor an init script knows MariaDB (looked for ${SERVICES.join(", ")}), so it can't be started.`,
  );
}

/** systemd starts the server as its user; an init script, as root. */
export const optionReader = ({ isInstalled, service, user, uid, gids }: Layout): User =>
  isInstalled && service?.by === "systemd" ? { name: user, uid, gids } : ROOT;

/** The value of the last line that sets an option. The server takes - and _ for the same. */
function lastOption(name: string, lines: string): string | undefined {
  const pattern = new RegExp(`^--(?:loose[-_])?${name.replaceAll("-", "[-_]")}=(.*)$`, "gm");
  return [...lines.matchAll(pattern)].at(-1)?.[1];
}
