import * as pulumi from "@pulumi/pulumi";
import { argumentProblems } from "../recipe/argumentProblems";
import { isLater, refused } from "../resources/refused";
import { PAIR } from "./pairShape";

/** What a program is told whose pair can't be as it says. */

/** One line for each reason, and each names the pair: a program may have several. */
export function refusePair(component: string, reasons: readonly string[]): void {
  if (reasons.length === 0) return;
  const lines = reasons.map((reason) => `ReplicatedSessionStore "${component}": ${reason}`);
  const text = lines.join("\n");
  throw refused(`${text}${text.endsWith("?") ? "" : "."} Nothing of this pair was changed.`);
}

/** Refuses names that there are not, and arguments that are missing, also where no compiler has seen the program. */
export function refuseArguments(component: string, args: unknown): void {
  if (isLater(args)) {
    refusePair(component, [
      "the arguments must be plain, not an output or a promise; the values in them may be outputs",
    ]);
  }
  if (!component)
    throw refused('ReplicatedSessionStore: its first argument is its name, such as "sessions". Nothing was changed.');
  refusePair(component, misplacedResources(args));
  // Without any, all that have no default are named.
  refusePair(component, argumentProblems(args ?? {}, PAIR, isLater));
}

/** A resource in the place of the arguments of a node would be told of by each of its own properties. */
function misplacedResources(args: unknown): string[] {
  const { nodes } = (args ?? {}) as { nodes?: unknown };
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((node, index) =>
    pulumi.Resource.isInstance(node) ? [`nodes[${index}]: is a resource itself; give { server: ... } with it`] : [],
  );
}
