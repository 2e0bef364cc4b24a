import * as pulumi from "@pulumi/pulumi";

/** The reference program: the stack's configuration says where the pair stands. */
const target = new pulumi.Config().require("target");
const programs: Record<string, () => unknown> = {
  local: () => require("./local"),
  hosts: () => require("./hosts"),
  docker: () => require("./docker"),
};
const program = programs[target];
if (!program) throw new Error(`target: "${target}" is not one of ${Object.keys(programs).join(", ")}`);

export = program();
