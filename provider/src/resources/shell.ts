import * as pulumi from "@pulumi/pulumi";
import type * as operations from "../operations";

/**
 * A dynamic resource whose provider's text is written down. `pulumi.dynamic.Resource` would make it from functions, anew in each run and as
 * compiler and SDK have it. The plugin process is the same.
 */
export abstract class Shell extends pulumi.CustomResource {
  constructor(
    type: keyof typeof operations,
    name: string,
    props: pulumi.Inputs,
    opts: pulumi.CustomResourceOptions | undefined,
  ) {
    // The type's name is part of users' state.
    super(`pulumi-nodejs:dynamic/sessionstore:${type}`, name, { ...props, __provider: providerText(type) }, opts);
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
