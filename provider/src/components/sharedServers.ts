import * as pulumi from "@pulumi/pulumi";
import type { PairNodeArgs } from "./pairArgs";
import { refusePair } from "./refusal";

/** Which component of a program has which servers. */

interface Owner {
  readonly component: string;
  readonly argument: string;
}

/** By the program's stack: one process may run several programs, one after the other. */
const programs = new WeakMap<pulumi.Resource, Map<unknown, Owner>>();

/** Refuses servers that another component of the program has: their resources would undo what the others do, from the first run on. */
export function refuseSharedServers(component: string, nodes: readonly PairNodeArgs[]): void {
  const stack = pulumi.runtime.getStackResource();
  // Programs under mocks have none.
  if (!stack) return;
  const owners = programs.get(stack) ?? new Map<unknown, Owner>();
  programs.set(stack, owners);
  for (const [index, node] of nodes.entries()) {
    const argument = `nodes[${index}]`;
    const server = node.server ?? placeOf(node);
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

/** Where a server is that is given in plain values. Of others the resources' check finds it. */
function placeOf({ host, port }: PairNodeArgs): string | undefined {
  if (typeof host !== "object" || !("kind" in host)) return undefined;
  const place = Object.entries({ ...host, server: port ?? 0 }).filter(([key]) => PLACE.has(key));
  return place.every(([, value]) => typeof value !== "object") ? JSON.stringify(place.sort()) : undefined;
}

const PLACE = new Set(["kind", "directory", "address", "port", "container", "engine", "server"]);
