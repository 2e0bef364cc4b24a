import { spawn } from "node:child_process";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import { sleep, until } from "../../waiting";
import { LOG_LINES, saidSince } from "../errorLog";
import { greets } from "../greets";
import { exists, findTool, type LocalServerPlace, localUser, paths, readIfThere } from "./files";
import { portOwner } from "./portOwner";
import { processesWith } from "./processes";

/** The private mariadbd of one directory on this machine: its process. */

const START_DEADLINE = 60_000;
const STOP_DEADLINE = 60_000;

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
  const before = await logTail(directory, LOG_LINES);
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
    await waitUntilItAccepts(directory, () => ended, before);
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

export async function logTail(directory: string, lines: number): Promise<string> {
  const text = (await readIfThere(paths(directory).log)) ?? "";
  return text.trimEnd().split("\n").slice(-lines).join("\n");
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
      `Stop that one, or give this server another "port", which it can have because it does not run.`,
  );
}

const portOf = async (directory: string): Promise<number> =>
  Number(/^port=(\d+)$/m.exec((await readIfThere(paths(directory).baseFile)) ?? "")?.[1]);

/** @param before the newest lines of its log when it was started */
async function waitUntilItAccepts(directory: string, ended: () => boolean, before: string): Promise<void> {
  const { socket } = paths(directory);
  await until(
    { what: `the server in ${directory} to take connections`, deadline: START_DEADLINE, pause: 10 },
    async () => {
      if (ended())
        throw new Error(
          `the server in ${directory} ended while it started. Its log says:\n${saidSince(before, await logTail(directory, LOG_LINES))}`,
        );
      return (await accepts(socket)) ? { done: undefined } : { seen: "no answer on its socket" };
    },
  );
}

const accepts = (socket: string): Promise<boolean> => greets(net.connect(socket));
