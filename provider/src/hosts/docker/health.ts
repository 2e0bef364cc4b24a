import type { DockerHostInputs } from "../../inputs";
import { inTime, until } from "../../waiting";
import { HostUnreachable } from "../Host";
import { type ContainerState, DockerContainer, NoContainer } from "./container";
import { DockerEngine } from "./engine";
import { start, takesConnections, waitWhileStarting } from "./service";
import { serverGreets } from "./stream";

/** What the engine says of a container's health, and the wait until it is good. */

/** Longest wait for a check that begins after the first look, in milliseconds: the engine makes one every so often. */
const NEXT_CHECK = 10_000;

/** A container as the engine sees it: there is none of that name, or how it is. */
export type SeenContainer = ContainerState | "missing";

const containerOf = ({ container, engine }: DockerHostInputs): DockerContainer =>
  new DockerContainer(container, DockerEngine.at(engine));

/**
 * How a container is. What the engine says may be from before its server started, or its link was repaired: of one that does not look
 * healthy and runs, the next check is waited for. Fails where the engine can't be reached.
 */
export async function lookAtContainer(inputs: DockerHostInputs): Promise<SeenContainer> {
  const container = containerOf(inputs);
  const first = await stateOf(container);
  let seen = first;
  const wait = { what: `the next healthcheck of the container "${container.name}"`, deadline: NEXT_CHECK, pause: 100 };
  const isSettled = () =>
    seen === "missing" ||
    !seen.isRunning ||
    !seen.health ||
    seen.health.status === "healthy" ||
    (first !== "missing" && seen.health.checkedAt !== first.health?.checkedAt);
  await inTime(
    until(wait, async () => {
      if (isSettled()) return { done: undefined };
      seen = await stateOf(container);
      return { seen: describe(seen) };
    }),
  );
  return seen;
}

/** Waits for the server of a container that has just been started. If the container can't be asked, the resource that needs it says why. */
export async function waitForStart(inputs: DockerHostInputs): Promise<void> {
  const container = containerOf(inputs);
  try {
    await waitWhileStarting(container, () => serverGreets(container));
  } catch (error) {
    if (!(error instanceof HostUnreachable)) throw error;
  }
}

/** The container whose health is waited for. */
export interface HealthWait {
  readonly host: DockerHostInputs;
  /** The container of the other server. While that does not run, there is nothing to catch up with, and nothing that could be taken away. */
  readonly peer: DockerHostInputs | undefined;
  /** Longest wait, in milliseconds. */
  readonly deadline: number;
}

/**
 * Waits until the engine calls a container healthy. One that does not run is started; one whose server ends again and again is stopped, and
 * the error has its log. While the container of the peer does not run, it is enough that the server takes connections.
 */
export async function waitUntilHealthy({ host, peer, deadline }: HealthWait): Promise<"healthy" | "peer away"> {
  const container = containerOf(host);
  const end = Date.now() + deadline;
  const greets = () => serverGreets(container);
  const startNow = () => start(container, greets, Math.max(1000, end - Date.now()));
  const first = await container.state();
  if (first.word === "paused") throw container.isPaused();
  if (!first.health) throw new NoHealthcheck(container.name);
  if (!first.isRunning) await startNow();
  return until<"healthy" | "peer away">(
    { what: `the container "${container.name}" to be healthy`, deadline: end - Date.now(), pause: 200 },
    async () => {
      const now = await container.state();
      if (now.isRunning && now.health?.status === "healthy") return { done: "healthy" };
      // Its server ended by itself. What the engine restarts again and again would take ever longer to show why.
      if (now.word === "restarting" || (now.word === "exited" && now.exitCode !== 0)) {
        await startNow();
        return { seen: "its server has ended, and was started again" };
      }
      if (now.isRunning && peer && (await isAway(peer))) {
        const answer = await takesConnections(container, greets);
        return "done" in answer ? { done: "peer away" } : answer;
      }
      return { seen: describe(now) };
    },
  );
}

/** The engine has no way to tell the health of a container. */
export class NoHealthcheck extends Error {
  constructor(container: string) {
    super(`the container "${container}" has no healthcheck, so nothing tells when it is healthy. Make it with one`);
  }
}

/** Of a container whose engine does not answer, nothing is known: it counts as there. */
async function isAway(inputs: DockerHostInputs): Promise<boolean> {
  const seen = await stateOf(containerOf(inputs)).catch((error: unknown) => {
    if (error instanceof HostUnreachable) return undefined;
    throw error;
  });
  return seen === "missing" || seen?.isRunning === false;
}

async function stateOf(container: DockerContainer): Promise<SeenContainer> {
  try {
    return await container.state();
  } catch (error) {
    if (error instanceof NoContainer) return "missing";
    throw error;
  }
}

/** In the engine's words, with those of the healthcheck. */
export function describe(seen: SeenContainer): string {
  if (seen === "missing") return "there is no container of that name";
  const { isRunning, word, exitCode, health } = seen;
  if (!isRunning) return word === "exited" ? `exited with code ${exitCode}` : word;
  if (!health) return "it has no healthcheck";
  return health.said ? `${health.status}; its healthcheck says: ${health.said}` : health.status;
}
