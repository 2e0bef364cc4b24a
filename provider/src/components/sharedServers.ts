import * as pulumi from "@pulumi/pulumi";
import { addressIn } from "../hosts/defaults";
import type { HostInputs } from "../inputs";
import { DEFAULT_PORT } from "../recipe/names";
import { isLater } from "../resources/refused";
import type { PairNodeArgs } from "./pairArgs";
import { refusePair } from "./refusal";

/** Which component of a program has which servers. */

interface Owner {
  readonly component: string;
  readonly argument: string;
}

/** By the program's stack: one process may run several programs, one after the other. */
const programs = new WeakMap<pulumi.Resource, Map<unknown, Owner>>();

/** Refuses a server that is both nodes. */
function refuseTwice(component: string, [first, second]: readonly [PairNodeArgs, PairNodeArgs]): void {
  const isOne = serverOf(first) !== undefined && serverOf(first) === serverOf(second);
  const [one, other] = [reachedAt(first), reachedAt(second)];
  if (!isOne && !(one && one === other)) return;
  const which = one && one === other ? ` (${one})` : "";
  refusePair(component, [`nodes[1]: is the same server as nodes[0]${which}. A pair takes two servers`]);
}

/** Refuses servers that another component of the program has: their resources would undo what the others do, from the first run on. */
export function refuseSharedServers(component: string, nodes: readonly [PairNodeArgs, PairNodeArgs]): void {
  refuseTwice(component, nodes);
  const stack = pulumi.runtime.getStackResource();
  // Programs under mocks have none.
  if (!stack) return;
  const owners = programs.get(stack) ?? new Map<unknown, Owner>();
  programs.set(stack, owners);
  for (const [index, node] of nodes.entries()) {
    const argument = `nodes[${index}]`;
    const server = serverOf(node);
    const owner = server === undefined ? undefined : owners.get(server);
    if (owner && owner.component !== component) {
      refusePair(component, [
        `${argument} is a server that "${owner.component}" has already (${owner.argument}). Each would undo what the other does: ` +
          "declare each server once. One component takes several `databases`",
      ]);
    }
    if (server !== undefined) owners.set(server, { component, argument });
  }
}

const serverOf = (node: PairNodeArgs): unknown => node.server ?? placeOf(node);

/** Where the other node reaches it, as far as that is given in plain values. */
function reachedAt({ host, address, port, server }: PairNodeArgs): string | undefined {
  const at = address ?? (host && !isLater(host) ? addressIn<unknown>(host as HostInputs) : undefined);
  const where = port ?? (server ? undefined : DEFAULT_PORT);
  return typeof at === "string" && typeof where === "number" ? `${at}:${where}` : undefined;
}

/** Where a server is that is given in plain values. Of others the resources' check finds it. */
function placeOf({ host, port }: PairNodeArgs): string | undefined {
  if (typeof host !== "object" || !("kind" in host)) return undefined;
  const place = Object.entries({ ...host, server: port ?? 0 }).filter(([key]) => PLACE.has(key));
  return place.every(([, value]) => typeof value !== "object") ? JSON.stringify(place.sort()) : undefined;
}

const PLACE = new Set(["kind", "directory", "address", "port", "container", "engine", "server"]);
