import * as pulumi from "@pulumi/pulumi";
import { ROLES } from "../recipe/accounts/table";
import { argumentProblems } from "../recipe/argumentProblems";
import { INPUT_SHAPES } from "../recipe/inputShapes";
import { object, type Shape } from "../recipe/shapes";
import type { ReplicatedSessionStoreArgs } from "./pairArgs";
import { PAIR } from "./pairShape";
import { passwordRefusal } from "./passwords";
import { refusePair } from "./refusal";

/** All that both nodes wait for anyway, or that has a password in it. */
const AWAITED = ["admin", "viewer", "direct", ...ROLES, "extraAccounts"] as const;

/**
 * For `dependsOn` of the nodes: nothing is changed on a server before the accounts are known, and fit to be accounts. One that comes from another
 * resource is unknown in a preview, and would be refused after the nodes were changed.
 */
export function argumentsFirst(component: string, args: ReplicatedSessionStoreArgs): pulumi.Output<pulumi.Resource[]> {
  const shapes: Record<string, Shape> = Object.fromEntries(AWAITED.map((name) => [name, PAIR.properties[name]]));
  const given: Record<string, unknown> = Object.fromEntries(AWAITED.map((name) => [name, args[name]]));
  for (const [index, { host }] of args.nodes.entries()) {
    const place = `nodes[${index}].host`;
    [shapes[place], given[place]] = [INPUT_SHAPES.HostInputs, host];
  }
  // One by one: what is not known yet hides nothing of the others.
  const looked = Object.entries(given).map(([place, value]) =>
    (pulumi.output(value as object) as pulumi.Output<unknown>).apply((known: unknown) => {
      const problems = argumentProblems({ [place]: known }, object(shapes, []), () => false);
      const refusal = problems.length === 0 ? passwordRefusal({ [place]: known }) : undefined;
      refusePair(component, refusal ? [refusal] : problems);
    }),
  );
  return pulumi.all(looked).apply(() => []);
}
