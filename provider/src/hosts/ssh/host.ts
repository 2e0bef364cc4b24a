import { posix as path } from "node:path";
import type { SshHostInputs } from "../../inputs";
import { during, until } from "../../waiting";
import { SSH_DEFAULTS } from "../defaults";
import { type Host, HostUnreachable, OPTION_FILE } from "../Host";
import { run } from "./commands";
import { exists, openFolder, ownerOf, readFile, readFolder, removeFile, writeFile } from "./files";
import { ensureInstalled } from "./install";
import { type Layout, layoutOf, optionReader } from "./layout";
import { SshMachine } from "./machine";
import { mayRestart } from "./mayRestart";
import { serverLog, start, stop } from "./service";
import { openStream, openStreamAsRoot } from "./stream";

/** A Linux machine with a distribution's MariaDB, reached over SSH. */
export function sshHost(inputs: SshHostInputs): Host {
  const machine = SshMachine.at(inputs);
  const { bootDeadline = SSH_DEFAULTS.bootDeadline, install = SSH_DEFAULTS.install } = inputs;
  const layout = () => layoutOf(machine);
  return {
    name: machine.name,
    superuser: "root",
    settingsMode: 0o644,
    ownsOptionFile: () => false,
    tlsFolder: "/etc/session-store-tls",
    reach: () => waitUntilReachable(machine, bootDeadline),
    async prepare() {
      await waitUntilReachable(machine, bootDeadline);
      await ensureInstalled(machine, install);
    },
    socket: async () => (await layout()).socket,
    settingsFile: async () => inputs.settingsFile ?? path.join(folderOf(machine, await layout()), OPTION_FILE),
    startsIn: "/",
    keepsFolders: true,
    serverArguments: [],
    optionReader: async () => optionReader(await layout()),
    optionFiles: async () => (await layout()).optionFiles,
    run: (command, options) => run(machine, command, options),
    readFile: (file) => readFile(machine, file),
    writeFile: (file, text, access) => writeFile(machine, file, text, access),
    tryToWrite: (file, text, access) => writeFile(machine, file, text, access, { isTrial: true }),
    openFolder: (folder) => openFolder(machine, folder),
    ownerOf: (access) => ownerOf(machine, access),
    removeFile: (file) => removeFile(machine, file),
    readFolder: (folder, names) => readFolder(machine, folder, names),
    dataDirectory: async () => (await layout()).dataDirectory,
    hasData: async () => exists(machine, path.join((await layout()).dataDirectory, "mysql")),
    startService: () => start(machine),
    stopService: () => stop(machine),
    mayRestart: () => mayRestart(machine),
    serverLog: (lines) => serverLog(machine, lines),
    openStream: async ({ asSuperuser = false } = {}) => {
      const { socket } = await layout();
      return asSuperuser && !machine.isRoot ? openStreamAsRoot(machine, socket) : openStream(machine, socket);
    },
  };
}

/** Refusals are final; all else may be a machine that is on its way up. */
async function waitUntilReachable(machine: SshMachine, seconds: number): Promise<void> {
  const wait = { what: machine.name, deadline: seconds * 1000, pause: 100 };
  const look = async () => {
    try {
      await machine.connect(true);
      return { done: undefined };
    } catch (error) {
      if (!(error instanceof HostUnreachable && error.mayBeStarting)) throw error;
      return { seen: error.message };
    }
  };
  await during(`connecting to ${machine.name}`, until<undefined>(wait, look)).catch((error: Error) => {
    throw error instanceof HostUnreachable ? error : new HostUnreachable(error.message);
  });
}

function folderOf({ name }: SshMachine, { folder, isInstalled }: Layout): string {
  if (folder !== undefined) return folder;
  // Asked of a machine whose packages are gone: where they had it.
  if (!isInstalled) return "/etc/mysql/mariadb.conf.d";
  throw new Error(
    `${name}: MariaDB's option files include no folder, so there is no place for a file of ours. Add a line "!includedir /etc/my.cnf.d" ` +
      'to the last of them, or give "settingsFile" a path that they include.',
  );
}
