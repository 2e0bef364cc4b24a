import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { sleep, until } from "../waiting";
import { portOwner } from "./portOwner";
import { processesWith } from "./processes";

/** The private mariadbd of one directory on this machine: its files and its process. */

const FIRST_LINE = "# Kept by LocalMariaDb of pulumi-replicated-session-store. Settings belong into conf.d.";
const START_DEADLINE = 60_000;
const STOP_DEADLINE = 60_000;

export interface LocalServerPlace {
  readonly directory: string;
  readonly port: number;
}

export const paths = (directory: string) => ({
  baseFile: path.join(directory, "my.cnf"),
  includeFolder: path.join(directory, "conf.d"),
  data: path.join(directory, "data"),
  temporary: path.join(directory, "tmp"),
  socket: path.join(directory, "mariadb.sock"),
  pidFile: path.join(directory, "mariadb.pid"),
  log: path.join(directory, "error.log"),
});

/** The operating system's user who starts the server, and whom it lets in through its socket. */
export const localUser = (): string => os.userInfo().username;

/** True when the directory holds a server that we made. */
export async function exists(directory: string): Promise<boolean> {
  return existsSync(paths(directory).data) && (await isOurs(directory));
}

/** Makes data directory and option file. Data that is there is kept, also that of an attempt that was cut off after it was made. */
export async function initialise(place: LocalServerPlace): Promise<void> {
  const { baseFile, includeFolder, data, temporary } = paths(place.directory);
  await fs.mkdir(place.directory, { recursive: true, mode: 0o700 });
  // What stands there when we were cut off while we wrote our first file.
  const begun = path.basename(unfinishedName(baseFile));
  if (!(await isOurs(place.directory)) && (await fs.readdir(place.directory)).some((name) => name !== begun)) {
    throw new Error(
      `${place.directory} is not empty and was not made by LocalMariaDb. Nothing was touched. Name another "directory", or empty it.`,
    );
  }
  await writeWhole(baseFile, baseText(place), 0o600);
  await fs.mkdir(includeFolder, { recursive: true, mode: 0o700 });
  await fs.mkdir(temporary, { recursive: true, mode: 0o700 });
  if (existsSync(data)) return;
  const pid = await findProcess(place.directory);
  if (pid !== undefined) {
    throw new Error(
      `the data directory ${data} was removed while its server runs (process ${pid}). That goes on with files that nobody sees any more; ` +
        `nothing was touched. Save what it alone has, if anything; end it (kill -9 ${pid}), then run \`pulumi up\`, which makes it anew.`,
    );
  }

  const unfinished = unfinishedName(data);
  // An installation whose run was cut off may still be writing there.
  await fs.rm(unfinished, { recursive: true, force: true, maxRetries: 10 });
  // The script can't take a path with blanks in it: it gets one without.
  const detour = await fs.mkdtemp(path.join(os.tmpdir(), "session-store-"));
  const link = path.join(detour, "server");
  await fs.symlink(place.directory, link);
  const installed = runTool("mariadb-install-db", [
    "--no-defaults",
    `--datadir=${path.join(link, path.basename(unfinished))}`,
    `--tmpdir=${path.join(link, path.basename(temporary))}`,
    `--user=${localUser()}`,
    "--auth-root-authentication-method=socket",
    `--auth-root-socket-user=${localUser()}`,
    "--skip-test-db",
    // A machine whose own name does not resolve is no reason to have no database.
    "--force",
  ]);
  try {
    await installed;
  } catch (error) {
    throw new Error(`the data of a server in ${place.directory} can't be made: ${errorLines(errorText(error))}`);
  } finally {
    await fs.rm(detour, { recursive: true });
  }
  await fs.rename(unfinished, data);
}

/** True when the base option file reads as we wrote it. */
export async function baseFileIsOurs(place: LocalServerPlace): Promise<boolean> {
  return (await readIfThere(paths(place.directory).baseFile)) === baseText(place);
}

/** The server's process, if it runs or is just starting. */
export async function findProcess(directory: string): Promise<number | undefined> {
  const { baseFile, pidFile } = paths(directory);
  // One that starts has no pid file yet; the number in an old one may be somebody else's by now. The option comes first, always.
  const pid = Number((await readIfThere(pidFile))?.trim());
  const [found] = await processesWith(`mariadbd --defaults-file=${baseFile} `, pid > 0 ? pid : undefined);
  return found?.pid;
}

/** Starts the server, unless it runs, and waits until it takes connections. */
export async function start(directory: string): Promise<void> {
  const running = await findProcess(directory);
  // One that a run before this has told to stop ends instead, and is started again.
  if (running !== undefined && (await greetsBeforeItEnds(directory, running))) return;
  const { baseFile, socket, pidFile, log } = paths(directory);
  if (!(await exists(directory))) {
    throw new Error(`there is no server in ${directory}: no data, or no my.cnf of ours. LocalMariaDb makes them.`);
  }
  if (Buffer.byteLength(socket) > 107) {
    throw new Error(
      `the path of the socket ${socket} is longer than the 107 bytes a unix socket may have; name a shorter "directory"`,
    );
  }
  await refusePortInUse({ directory, port: await portOf(directory) });
  const output = await fs.open(log, "a", 0o600);
  try {
    const child = spawn(
      findTool("mariadbd"),
      // The recipe's log-basename would move both files; the command line comes after all option files.
      [`--defaults-file=${baseFile}`, `--pid-file=${pidFile}`, `--log-error=${log}`, `--user=${localUser()}`],
      {
        cwd: directory,
        detached: true,
        stdio: ["ignore", output.fd, output.fd],
        // Nothing of ours, such as the passphrase of the state, into the environment of a process that stays.
        env: { PATH: process.env["PATH"], HOME: directory },
      },
    );
    let ended = false;
    child.on("exit", () => {
      ended = true;
    });
    child.on("error", () => {
      ended = true;
    });
    child.unref();
    await waitUntilItAccepts(directory, () => ended);
  } finally {
    await output.close();
  }
}

async function greetsBeforeItEnds(directory: string, pid: number, deadline = START_DEADLINE): Promise<boolean> {
  const what = `the server in ${directory} (process ${pid}) to take connections`;
  return until<boolean>({ what, deadline, pause: 10 }, async () => {
    if (!isAlive(pid)) return { done: false };
    return (await accepts(paths(directory).socket)) ? { done: true } : { seen: "no answer on its socket" };
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Stops the server cleanly. @param force kills it when it does not answer: only where its data are to be removed. */
export async function stop(directory: string, force = false): Promise<void> {
  const pid = await findProcess(directory);
  if (pid === undefined) return;
  // A SIGTERM before it greets would hang it for ever. One that hangs already gets its signal after a while.
  if (!(await greetsBeforeItEnds(directory, pid, 5_000).catch(() => true))) return;
  process.kill(pid, "SIGTERM");
  const gone = async () => (await findProcess(directory)) === undefined;
  try {
    await until(
      { what: `the server in ${directory} (process ${pid}) to stop`, deadline: force ? 10_000 : STOP_DEADLINE },
      async () => ((await gone()) ? { done: undefined } : { seen: "it runs" }),
    );
  } catch (error) {
    if (!force) throw error;
    process.kill(pid, "SIGKILL");
    while (!(await gone())) await sleep(20);
  }
}

/** Removes the directory with the data in it. Refuses one that we didn't make. */
export async function remove(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  if (!(await isOurs(directory))) {
    throw new Error(
      `${directory} was not made by LocalMariaDb (its my.cnf is not ours), so it is not removed. Remove it by hand.`,
    );
  }
  await stop(directory, true);
  // Data first and the mark of ownership with the rest: a removal that was cut off can be taken up again.
  await fs.rm(paths(directory).data, { recursive: true, force: true });
  await fs.rm(directory, { recursive: true, force: true });
}

export async function logTail(directory: string, lines: number): Promise<string> {
  const text = (await readIfThere(paths(directory).log)) ?? "";
  return text.trimEnd().split("\n").slice(-lines).join("\n");
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

function baseText(place: LocalServerPlace): string {
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

async function isOurs(directory: string): Promise<boolean> {
  return (await readIfThere(paths(directory).baseFile))?.startsWith(FIRST_LINE) ?? false;
}

/** Refuses to go on when another program has the port, and names it. */
export async function refusePortInUse({ directory, port }: LocalServerPlace): Promise<void> {
  if (await findProcess(directory)) return;
  const free = await new Promise<boolean>((resolve) => {
    const probe = net.createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
  if (free) return;
  throw new Error(
    `port ${port} of 127.0.0.1 is taken by ${await portOwner(port)}, so the server in ${directory} was not started. ` +
      `Stop that one, or give this server another "port".`,
  );
}

const portOf = async (directory: string): Promise<number> =>
  Number(/^port=(\d+)$/m.exec((await readIfThere(paths(directory).baseFile)) ?? "")?.[1]);

async function waitUntilItAccepts(directory: string, ended: () => boolean): Promise<void> {
  const { socket } = paths(directory);
  await until(
    { what: `the server in ${directory} to take connections`, deadline: START_DEADLINE, pause: 10 },
    async () => {
      if (ended())
        throw new Error(
          `the server in ${directory} ended while it started. Its log says:\n${await logErrors(directory)}`,
        );
      return (await accepts(socket)) ? { done: undefined } : { seen: "no answer on its socket" };
    },
  );
}

/** The error lines of the last start; all lines when there are none. */
async function logErrors(directory: string): Promise<string> {
  return errorLines(await logTail(directory, 40));
}

function errorLines(text: string): string {
  const errors = text.split("\n").filter((line) => line.includes("[ERROR]"));
  return errors.length > 0 ? errors.join("\n") : text;
}

/** What a program said before it failed; MariaDB's scripts say it on either stream. */
function errorText(error: unknown): string {
  const { stderr = "", stdout = "", message } = error as { stderr?: string; stdout?: string; message: string };
  return `${stdout}\n${stderr}`.trim() || message;
}

/** True when the server greets: a connection is taken before, by the operating system, and a SIGTERM in between hangs mariadbd for ever. */
function accepts(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const attempt = net.connect(socket);
    const answer = (greeted: boolean) => {
      attempt.destroy();
      resolve(greeted);
    };
    attempt.once("data", () => answer(true));
    attempt.once("close", () => answer(false));
    attempt.on("error", () => answer(false));
    attempt.setTimeout(1000, () => answer(false));
  });
}

async function runTool(name: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(findTool(name), [...args], { maxBuffer: 1 << 24 });
  return stdout;
}

export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await fs.readFile(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

const unfinishedName = (file: string): string => `${file}.unfinished`;

/** Writes a file beside its place and renames it, so that no reader sees half of it. */
export async function writeWhole(file: string, text: string, mode: number): Promise<void> {
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
  await fs.rename(unfinished, file);
}
