import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";

/** The files of a private server on this machine: where they lie, whether they are ours, and how they are written. */

const FIRST_LINE = "# Kept by LocalMariaDb of pulumi-replicated-session-store. Settings belong into conf.d.";

export interface LocalServerPlace {
  readonly directory: string;
  readonly port: number;
}

export const paths = (directory: string) => ({
  baseFile: path.join(directory, "my.cnf"),
  claims: path.join(directory, "declared-by.json"),
  includeFolder: path.join(directory, "conf.d"),
  data: path.join(directory, "data"),
  temporary: path.join(directory, "tmp"),
  /** Without it there is nothing that a server could start with. */
  accounts: path.join(directory, "data", "mysql"),
  socket: path.join(directory, "mariadb.sock"),
  pidFile: path.join(directory, "mariadb.pid"),
  log: path.join(directory, "error.log"),
});

/** The operating system's user who starts the server, and whom it lets in through its socket. */
export const localUser = (): string => os.userInfo().username;

/** True when the directory holds a server that we made. */
export async function exists(directory: string): Promise<boolean> {
  return existsSync(paths(directory).accounts) && (await isOurs(directory));
}

export async function isOurs(directory: string): Promise<boolean> {
  return (await readIfThere(paths(directory).baseFile))?.startsWith(FIRST_LINE) ?? false;
}

/** True when the base option file reads as we wrote it. */
export async function baseFileIsOurs(place: LocalServerPlace): Promise<boolean> {
  return (await readIfThere(paths(place.directory).baseFile)) === baseText(place);
}

export function baseText(place: LocalServerPlace): string {
  const { includeFolder, data, socket, temporary } = paths(place.directory);
  // A server that starts removes the temporary tables of all that share its tmpdir: /tmp is not for two.
  return `${FIRST_LINE}
[mariadbd]
datadir=${data}
tmpdir=${temporary}
socket=${socket}
port=${place.port}
bind-address=127.0.0.1
character-set-server=utf8mb4
collation-server=utf8mb4_general_ci
innodb_buffer_pool_size=64M

[client]
socket=${socket}

!includedir ${includeFolder}
`;
}

/** Finds a program of MariaDB on PATH and in the usual places. */
export function findTool(name: string): string {
  const places = [
    ...(process.env["PATH"] ?? "").split(path.delimiter),
    "/usr/sbin",
    "/usr/local/sbin",
    "/usr/libexec",
    "/usr/local/mysql/bin",
    "/opt/homebrew/opt/mariadb/bin",
    "/usr/local/opt/mariadb/bin",
  ];
  const found = places.map((place) => path.join(place, name)).find((file) => existsSync(file));
  if (!found) {
    throw new Error(
      `${name} is not on PATH nor in the usual places: install MariaDB's server (Debian, Ubuntu: apt-get install mariadb-server)`,
    );
  }
  return found;
}

export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await fs.readFile(file, "utf8");
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Links that lead nowhere, or in a circle, lead to no file. */
export const isAbsent = (error: unknown): boolean =>
  ["ENOENT", "ENOTDIR", "ESRCH", "ELOOP"].includes((error as NodeJS.ErrnoException).code ?? "");

export const unfinishedName = (file: string): string => `${file}.unfinished`;

/** Writes a file beside its place and renames it, so that no reader sees half of it. */
export async function writeWhole(file: string, text: string, mode: number): Promise<void> {
  await fs.rename(await writeBeside(file, text, mode), file);
}

/** Fails where that would. */
export async function tryToWrite(file: string, text: string, mode: number): Promise<void> {
  await fs.rm(await writeBeside(file, text, mode));
  const found = await fs.lstat(file).catch(() => undefined);
  if (found?.isDirectory()) throw new Error(`a folder is in the place of ${file}`);
  if (found && !found.isSymbolicLink()) await fs.access(file, fs.constants.W_OK);
}

/** Returns where it is. */
async function writeBeside(file: string, text: string, mode: number): Promise<string> {
  const unfinished = unfinishedName(file);
  const handle = await fs.open(unfinished, "w", mode);
  try {
    await handle.writeFile(text);
    await handle.chmod(mode);
    await handle.sync();
  } catch (error) {
    await fs.rm(unfinished, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  return unfinished;
}
