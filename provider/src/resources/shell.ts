import * as pulumi from "@pulumi/pulumi";
import type * as operations from "../operations";
import { withSecrets } from "./args";
import { refuseUnloadable } from "./loadable";
import { isLater, refused } from "./refused";

/** Properties as programs see them on a resource. */
export type Shown<Outputs> = { readonly [K in keyof Outputs]-?: pulumi.Output<Outputs[K]> };

/** A dynamic resource: what it takes, and the outputs it has. */
type ShellOf<Args, Outputs> = new (
  name: string,
  args: Args,
  opts?: pulumi.CustomResourceOptions,
) => pulumi.CustomResource & Shown<Outputs>;

/**
 * The class that a resource type extends. Its provider's text is written down: `pulumi.dynamic.Resource` would make it from functions, again
 * in each run and as compiler and SDK have it. The plugin process is the same.
 *
 * @param outputs each output, by name: the SDK gives a resource no property that it has not heard of
 */
export function shell<Args extends object, Outputs>(
  type: keyof typeof operations,
  outputs: Readonly<Record<keyof Outputs, undefined>>,
): ShellOf<Args, Outputs> {
  class Shell extends pulumi.CustomResource {
    constructor(name: string, args: Args, opts?: pulumi.CustomResourceOptions) {
      refuseUnloadable();
      // The compiler has not seen every program. What is missing is told by the check.
      if (isLater(args) || typeof (args ?? {}) !== "object")
        throw refused(
          `${type} "${name}": the arguments must be a plain object; the values in it may be outputs. Nothing of it was changed.`,
        );
      const owner = { stack: stackName(), resource: `${type} ${name}` };
      const props = { ...outputs, ...withSecrets(args), __provider: providerText(type), __owner: owner };
      // The type's name is part of users' state.
      super(`pulumi-nodejs:dynamic/sessionstore:${type}`, name, props, opts);
    }
  }
  // The SDK adds the outputs to each object, where the compiler can't see it.
  return Shell as unknown as ShellOf<Args, Outputs>;
}

/** The stack by its whole name. */
function stackName(): string {
  return [organization(), pulumi.getProject(), pulumi.getStack()].join("/");
}

/** There is none under mocks, which programs are tested with. */
function organization(): string {
  try {
    return pulumi.getOrganization();
  } catch {
    return "organization";
  }
}

/**
 * What the plugin process runs as the provider of a type. It is kept in every user's state, so it holds no logic and never changes: each
 * method loads the code that is installed when it is called.
 */
const providerText = (type: keyof typeof operations): string => {
  const method = (name: string, values: string) =>
    `  ${name}: (${values}) => require("pulumi-replicated-session-store/provider").${type}.${name}(${values}),\n`;
  return `exports.handler = () => ({\n${[
    method("check", "olds, news"),
    method("diff", "id, olds, news"),
    method("create", "inputs"),
    method("read", "id, props"),
    method("update", "id, olds, news"),
    method("delete", "id, props"),
  ].join("")}});\n`;
};
