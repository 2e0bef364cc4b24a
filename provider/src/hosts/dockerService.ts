import { text } from "node:stream/consumers";
import { progress, until } from "../waiting";
import { Demultiplexer, run } from "./dockerCommands";
import type { ContainerState, DockerContainer } from "./dockerContainer";
import { errorLines } from "./localServer";

/** The server of a container. It is the main process: who starts or stops the one starts or stops the other. */

const START_DEADLINE = 120_000;
const STOP_DEADLINE = 60;
const SET_UP_DEADLINE = 300_000;

/** Whether the server greets on its socket. A connection is taken before, by the operating system. */
export type Greets = () => Promise<boolean>;

/** Starts the server unless it runs, and waits until it takes connections. One that is just stopping is started again. */
export async function start(container: DockerContainer, greets: Greets): Promise<void> {
  const before = await container.state();
  if (before.word === "paused")
    throw new Error(`the container "${container.name}" is paused: docker unpause ${container.name}`);
  if (before.isRunning && (await comesUp(container, before, greets))) return;
  // One that ended again and again waits longer and longer for its next start.
  if (before.word === "restarting") await stopNow(container);
  await container.ask((asked) => asked.start().catch(unlessDone));
  const begun = await container.state();
  if (await comesUp(container, begun, greets)) return;
  const { exitCode } = await container.state();
  await stopNow(container);
  throw new Error(
    `the server in the container "${container.name}" ended while it started (exit code ${exitCode}); the container is stopped. ` +
      `Its log says:\n${errorLines(await log(container, 40))}`,
  );
}

/** Waits for what a container does before its server takes connections: its start, and what its image sets up on empty data. */
export async function waitUntilSetUp(container: DockerContainer, greets: Greets): Promise<void> {
  const begun = await container.state();
  if (begun.isRunning) await comesUp(container, begun, greets, SET_UP_DEADLINE);
}

/** False when the server ends before it is up. */
async function comesUp(
  container: DockerContainer,
  begun: ContainerState,
  greets: Greets,
  deadline = START_DEADLINE,
): Promise<boolean> {
  const what = `the server in the container "${container.name}" to take connections`;
  return until<boolean>({ what, deadline, pause: 50 }, async () => {
    const now = await container.state();
    if (!now.isRunning || now.id !== begun.id || now.startedAt !== begun.startedAt) return { done: false };
    const processes = await commandLines(container);
    // Images that make the data let a server of their own work on it first, which is closed to the network.
    if (processes.includes("--skip-networking")) return { seen: "the image is still setting it up" };
    const isThere = processes.some((part) => /(^|\/)(mariadbd|mysqld)$/.test(part));
    return isThere && (await greets()) ? { done: true } : { seen: "no answer on its socket" };
  });
}

/** The words of all command lines in the container. None when it has just ended. */
async function commandLines(container: DockerContainer): Promise<string[]> {
  try {
    return (await run(container, ["sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null; true"])).split("\0");
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === undefined) throw error;
    return [];
  }
}

/** Stops the server cleanly, and the container with it. */
export async function stop(container: DockerContainer, greets: Greets): Promise<void> {
  const before = await container.state();
  // A SIGTERM before it greets would hang it for ever. One that hangs already gets its signal after a while.
  const wait = { what: `the server in the container "${container.name}" to greet`, deadline: 5_000 };
  const isUp = async () => ((await greets()) ? { done: true } : { seen: "no answer on its socket" });
  if (before.isRunning) await until<boolean>(wait, isUp).catch(() => false);
  await stopNow(container);
  const { exitCode } = await container.state();
  if (before.isRunning && exitCode === 137) {
    progress(
      `the server in the container "${container.name}" did not end within ${STOP_DEADLINE} s and was killed; it recovers at its start`,
    );
  }
}

/** The engine keeps a container that was stopped so from being restarted by its policy. */
const stopNow = (container: DockerContainer): Promise<unknown> =>
  container.ask((asked) => asked.stop({ t: STOP_DEADLINE }).catch(unlessDone));

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
