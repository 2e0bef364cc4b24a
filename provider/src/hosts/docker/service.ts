import { text } from "node:stream/consumers";
import { ofRun, progress } from "../../run";
import { inTime, until } from "../../waiting";
import { LOG_LINES, saidSince } from "../errorLog";
import { HostUnreachable } from "../Host";
import { run } from "./commands";
import type { ContainerState, DockerContainer } from "./container";
import { Demultiplexer } from "./outputs";

/** The server of a container. It is the main process: who starts or stops the one starts or stops the other. */

/** A server that crashed reads its whole redo log before it takes connections; images set empty data up before. In milliseconds. */
const START_DEADLINE = 300_000;
/** One that stops may have much to write. In seconds; then the engine kills it. */
const STOP_DEADLINE = 300;

/** Whether the server greets on its socket. */
export type Greets = () => Promise<boolean>;

/** Starts the server unless it runs, and waits until it takes connections. One that is just stopping is started again. */
export async function start(
  container: DockerContainer,
  greets: Greets,
  deadline: number = START_DEADLINE,
): Promise<void> {
  const before = await container.state();
  if (before.word === "paused") throw container.isPaused();
  const logBefore = await log(container, LOG_LINES);
  if (before.isRunning && (await comesUp(container, before, greets, deadline))) return;
  // One that ended again and again waits longer and longer for its next start.
  if (before.word === "restarting") await stopNow(container);
  await container.ask((asked) => asked.start().catch(unlessDone));
  const begun = await container.state();
  if (await comesUp(container, begun, greets, deadline)) return;
  const { exitCode } = await container.state();
  await stopNow(container);
  throw new Error(
    `the server in the container "${container.name}" ended while it started (exit code ${exitCode}); the container is stopped. ` +
      `Its log says:\n${saidSince(logBefore, await log(container, LOG_LINES))}`,
  );
}

/** The starts of containers after which their servers were seen to take connections. */
const seenUp = ofRun(() => new Set<string>());

/** Waits for a server whose container was started a short while ago. Does not fail: the resource that needs the server says what is wrong. */
export async function waitWhileStarting(container: DockerContainer, greets: Greets): Promise<void> {
  const begun = await container.state();
  const key = `${begun.id} ${begun.startedAt}`;
  const left = Date.parse(begun.startedAt) + START_DEADLINE - Date.now();
  if (!begun.isRunning || left <= 0 || seenUp().has(key)) return;
  // A clock that is wrong must not make it longer.
  const up = comesUp(container, begun, greets, Math.min(left, START_DEADLINE));
  await inTime(up.then((isUp) => isUp && seenUp().add(key)));
}

/** Waits for what a container does before its server takes connections: its start, and what its image sets up on empty data. */
export async function waitUntilSetUp(container: DockerContainer, greets: Greets): Promise<void> {
  const begun = await container.state();
  if (begun.word === "paused") throw container.isPaused();
  if (begun.isRunning) await comesUp(container, begun, greets);
}

/** False when the server ends before it is up. */
async function comesUp(
  container: DockerContainer,
  begun: ContainerState,
  greets: Greets,
  deadline: number = START_DEADLINE,
): Promise<boolean> {
  const what = `the server in the container "${container.name}" to take connections`;
  // Each look is two processes in the container, beside a server that starts.
  return until<boolean>({ what, deadline, pause: 200 }, async () => {
    const now = await container.state();
    if (!now.isRunning || now.id !== begun.id || now.startedAt !== begun.startedAt) return { done: false };
    return takesConnections(container, greets);
  });
}

/** One look at a container that runs. */
export async function takesConnections(
  container: DockerContainer,
  greets: Greets,
): Promise<{ done: true } | { seen: string }> {
  let commandLines: string[];
  try {
    commandLines = (await run(container, ["sh", "-c", COMMAND_LINES])).split("\0\n");
  } catch (error) {
    if (error instanceof HostUnreachable) throw error;
    // It may have ended just now.
    return { seen: (error as Error).message };
  }
  // Seen before it greets, so that what greets is not the image's own server, which was there only in between.
  if (!commandLines.some(isServer)) return { seen: "no server at work, or only one with which the image sets it up" };
  return (await greets()) ? { done: true } : { seen: "no answer on its socket" };
}

/** The command lines in a container, each with a line feed behind it. */
const COMMAND_LINES = `for file in /proc/[0-9]*/cmdline; do cat $file 2>/dev/null && echo; done; true`;

/**
 * Whether a command line is that of the server. Images that make the data start it for themselves before: to ask it for its options,
 * to fill the data, and to let scripts work on them while it is closed to the network. And their own script has its name as an argument.
 */
function isServer(commandLine: string): boolean {
  const [program = "", ...options] = commandLine.split("\0");
  const isTheImages = options.some((option) => ["--help", "--bootstrap", "--skip-networking"].includes(option));
  return /(^|\/)(mariadbd|mysqld)$/.test(program) && !isTheImages;
}

/** Stops the server cleanly, and the container with it. */
export async function stop(container: DockerContainer, greets: Greets): Promise<void> {
  const before = await container.state();
  if (before.word === "paused") throw container.isPaused();
  // A SIGTERM before it greets would hang it for ever. One that hangs already gets its signal after a while.
  const wait = { what: `the server in the container "${container.name}" to greet`, deadline: 5_000 };
  const isUp = async () => ((await greets()) ? { done: true } : { seen: "no answer on its socket" });
  if (before.isRunning) await until<boolean>(wait, isUp).catch(() => false);
  await stopNow(container);
  const { exitCode } = await container.state();
  if (before.isRunning && exitCode === 137) {
    progress(
      `the server in the container "${container.name}" did not end within ${STOP_DEADLINE} s and was killed; it recovers when it starts`,
    );
  }
}

/** The engine keeps a container that was stopped so from being restarted by its policy. */
const stopNow = (container: DockerContainer): Promise<unknown> =>
  container.ask((asked) => asked.stop({ t: STOP_DEADLINE }).catch(unlessDone), (STOP_DEADLINE + 30) * 1000);

function unlessDone(error: unknown): void {
  const NOTHING_TO_DO = 304;
  if ((error as { statusCode?: number }).statusCode !== NOTHING_TO_DO) throw error;
}

/** The newest lines that the container wrote to its outputs, where its server's error log goes. */
export async function log(container: DockerContainer, lines: number): Promise<string> {
  const sent = await container.ask((asked) => asked.logs({ stdout: true, stderr: true, tail: lines }));
  const outputs = new Demultiplexer(true);
  outputs.end(sent);
  return (await text(outputs)).trimEnd();
}
