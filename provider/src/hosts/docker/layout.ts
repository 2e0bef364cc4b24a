import { ofRun } from "../../run";
import type { User } from "../Host";
import { run } from "./commands";
import type { DockerContainer } from "./container";

/** Where the server of a container has what. */
interface Layout {
  readonly socket: string;
  readonly dataDirectory: string;
  /** The option files that it reads first, in their order. */
  readonly optionFiles: readonly string[];
  /** The user as whom the image starts the server. Undefined: it has none, or can't be asked. */
  readonly server?: User | undefined;
}

/** As MariaDB's packages for Debian and Ubuntu have it, and the images made of them. */
const USUAL: Layout = {
  socket: "/run/mysqld/mysqld.sock",
  dataDirectory: "/var/lib/mysql",
  optionFiles: ["/etc/my.cnf", "/etc/mysql/my.cnf"],
};

const layouts = ofRun(() => new Map<string, Promise<Layout>>());

/** Asked once for each start of a container. One that does not run can't be asked. */
export async function layoutOf(container: DockerContainer): Promise<Layout> {
  const { id, startedAt, isRunning } = await container.state();
  const key = `${id} ${startedAt}`;
  const known = layouts().get(key);
  if (known || !isRunning) return known ?? USUAL;
  const asked = ask(container);
  layouts().set(key, asked);
  asked.catch(() => layouts().delete(key));
  return asked;
}

/** In one command: for each, the engine starts a process. Option files may make it read for ever. */
const QUESTIONS =
  "my_print_defaults --help && printf '\\0' && { timeout 5 my_print_defaults --mysqld | grep -E '^--(datadir|socket)='; true; } && " +
  "printf '\\0' && cat /etc/passwd && printf '\\0' && { id -u mysql && id -G mysql; true; }";

async function ask(container: DockerContainer): Promise<Layout> {
  const [help = "", options = "", users = "", ids = ""] = (await run(container, ["sh", "-c", QUESTIONS])).split("\0");
  const home = /^mysql:(?:[^:]*:){4}([^:]*)/m.exec(users)?.[1] ?? "/var/lib/mysql";
  const [uid, ...gids] = ids.split(/\s+/).filter(Boolean).map(Number);
  const order = /^Default options are read from[^\n]*\n([^\n]+)/m.exec(help)?.[1]?.trim().split(/\s+/);
  return {
    dataDirectory: [...options.matchAll(/^--datadir=(.+)$/gm)].at(-1)?.[1] ?? USUAL.dataDirectory,
    socket: [...options.matchAll(/^--socket=(.+)$/gm)].at(-1)?.[1] ?? USUAL.socket,
    optionFiles: order?.map((file) => file.replace(/^~/, home)) ?? USUAL.optionFiles,
    server: uid === undefined ? undefined : { name: "mysql", uid, gids },
  };
}
