import * as pulumi from "@pulumi/pulumi";
import { needConfiguration, PASSWORDS, plain, secret } from "./configuration";

/** The reference program: the stack's configuration says where the pair stands. */
const programs: Record<string, () => unknown> = {
  local: () => require("./local"),
  hosts: () => require("./hosts"),
  docker: () => require("./docker"),
};
const targets = Object.keys(programs);
const target = new pulumi.Config().get("target") ?? "";
// All targets need the passwords, and each says what it needs besides.
const program = programs[target];
if (!program) {
  const isMisspelt = target !== "";
  needConfiguration(
    {
      ...plain("target", "local", "or hosts, or docker"),
      ...(isMisspelt && { wrong: `"${target}" is not one of ${targets.join(", ")}` }),
    },
    ...PASSWORDS,
    secret("monitorPassword", "for local and docker"),
  );
}

export = program?.();
