import { openHealth } from "../hosts";
import { HostUnreachable } from "../hosts/Host";
import type { ContainerHealthDerived, ContainerHealthInputs, DockerHostInputs } from "../inputs";
import { type ContainerHealthState, WORDS } from "../recipe/words";
import { progress } from "../run";
import { define } from "./define";
import { derived, given } from "./inputs/ContainerHealth";

/** What is wanted of a container's health, as previews show it. */
export interface ContainerHealthChecked extends ContainerHealthInputs, ContainerHealthDerived {}

const HEALTHY = WORDS["ContainerHealth.state"].wanted;

export const ContainerHealth = define<ContainerHealthInputs, ContainerHealthChecked, object>({
  properties: given.shape,
  rules: [
    {
      needs: ["host", "peer"],
      broken: ({ host, peer }) =>
        peer && isSame(host, peer)
          ? [{ property: "peer", reason: `is the same container as "host" (${host.container})` }]
          : [],
    },
  ],
  derived: { needs: [], properties: derived.shape, from: () => ({ state: HEALTHY }) },
  id: ({ host: { engine, container } }) => (engine === undefined ? container : `${engine}/${container}`),

  create: waitUntilHealthy,
  update: (_last, wanted) => waitUntilHealthy(wanted),

  async observe({ host }) {
    const state = await lookAt(host);
    return { inputs: { state }, computed: {} };
  },

  /** There is nothing of it outside of the state. */
  remove: async () => undefined,
});

const isSame = (one: DockerHostInputs, other: DockerHostInputs): boolean =>
  one.container === other.container && one.engine === other.engine;

async function waitUntilHealthy({ host, peer, deadline }: ContainerHealthChecked): Promise<object> {
  const { container } = host;
  try {
    const met = await openHealth().waitUntilHealthy({ host, peer, deadline: deadline * 1000 });
    if (met === "peer away") {
      progress(
        `${container}: its server takes connections, which is enough while ${peer?.container} does not run: there is nothing to catch up with`,
      );
    }
    return {};
  } catch (error) {
    const { message } = error as Error;
    // A server's log stands by itself.
    const seen = message.includes("\n") ? `${message}\n` : `${message.replace(/\.$/, "")}. `;
    throw new Error(
      `${seen}What depends on the health of ${container} was not touched. If ${container} was given another image or other arguments, ` +
        "take those back now and run `pulumi up`; else repair what is said here, and run `pulumi up` again.",
    );
  }
}

async function lookAt(host: DockerHostInputs): Promise<ContainerHealthState> {
  try {
    const seen = await openHealth().lookAtContainer(host);
    const state = wordOf(seen);
    if (state !== HEALTHY) progress(`${host.container}: ${openHealth().describe(seen)}`);
    return state;
  } catch (error) {
    if (!(error instanceof HostUnreachable)) throw error;
    progress(`${host.container}: ${error.message}`);
    return "unreachable";
  }
}

function wordOf(seen: Awaited<ReturnType<ReturnType<typeof openHealth>["lookAtContainer"]>>): ContainerHealthState {
  if (seen === "missing") return "missing";
  if (seen.word === "paused" || seen.word === "restarting") return seen.word;
  if (!seen.isRunning) return "stopped";
  if (!seen.health) return "no healthcheck";
  return seen.health.status === HEALTHY ? HEALTHY : seen.health.status === "starting" ? "starting" : "unhealthy";
}
