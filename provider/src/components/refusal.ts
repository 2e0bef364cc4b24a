import * as pulumi from "@pulumi/pulumi";
import { argumentProblems, type Kinds } from "../recipe/argumentProblems";
import { isLater, refused } from "../resources/refused";
import type { PairNodeArgs } from "./pairArgs";
import { PAIR } from "./pairShape";
import { valueProblems } from "./pairValues";

/** What a program is told whose pair can't be as it says. */

/** One line for each reason, and each names the pair: a program may have several. */
export function refusePair(component: string, reasons: readonly string[]): void {
  if (reasons.length > 0) throw refused(linesOf(component, reasons));
}

/** Empty: there is no reason. */
export function linesOf(component: string, reasons: readonly string[]): string {
  if (reasons.length === 0) return "";
  const text = reasons.map((reason) => `ReplicatedSessionStore "${component}": ${reason}`).join("\n");
  return `${text}${text.endsWith("?") ? "" : "."} Nothing of this pair was changed.`;
}

/** What this SDK knows of a value. */
export const KINDS: Kinds = { isLater, isResource: (value) => pulumi.Resource.isInstance(value) };

/** Refuses names that there are not, arguments that are missing and values that can't be, also where no compiler has seen the program. */
export function refuseArguments(component: string, args: unknown): void {
  if (isLater(args)) {
    refusePair(component, [
      "the arguments must be plain, not an output or a promise; the values in them may be outputs",
    ]);
  }
  if (typeof component !== "string" || component === "")
    throw refused('ReplicatedSessionStore: its first argument is its name, such as "sessions". Nothing was changed.');
  const misplaced = misplacedResources(args);
  refusePair(component, misplaced);
  // Without any, all that have no default are named.
  const given = args ?? {};
  refusePair(
    component,
    withoutRepeats(argumentProblems(given, PAIR, KINDS), typeof given === "object" ? valueProblems(given) : []),
  );
}

/** Of a place, what is wrong with its names is enough. */
export function withoutRepeats(ofNames: readonly string[], ofValues: readonly string[]): string[] {
  const told = new Set(ofNames.map(placeOf));
  return [...ofNames, ...ofValues.filter((problem) => !told.has(placeOf(problem)))];
}

const placeOf = (problem: string): string => problem.replace(/: .*$/s, "");

/** A resource in the place of the arguments of a node would be told of by each of its own properties. */
function misplacedResources(args: unknown): string[] {
  const { nodes } = (args ?? {}) as { nodes?: unknown };
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((node, index) => {
    if (pulumi.Resource.isInstance(node))
      return [`nodes[${index}]: is a resource itself; give { server: ... } with it`];
    const server = (node as Partial<PairNodeArgs> | null | undefined)?.server;
    return pulumi.Resource.isInstance(server) && !("socket" in server)
      ? [`nodes[${index}].server: must be a LocalMariaDb; of another machine, give its "host"`]
      : [];
  });
}
