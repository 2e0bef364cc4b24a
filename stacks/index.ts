import * as pulumi from "@pulumi/pulumi";
import { needConfiguration, PASSWORDS, plain, unfit } from "./configuration";

/** The reference program: the stack's configuration says where the pair stands. */
const programs: Record<string, () => unknown> = {
  local: () => require("./local"),
  hosts: () => require("./hosts"),
  docker: () => require("./docker"),
};
const targets = Object.keys(programs);
const target = new pulumi.Config().get("target") ?? "";
// All targets need the passwords, and each says what it needs besides.
if (target === "") needConfiguration(plain("target", "local", "or hosts, or docker"), ...PASSWORDS);
const program = programs[target];
if (!program)
  throw unfit(
    `target: "${target}" is not one of ${targets.join(", ")}. Nothing was changed. Type, with one of them: pulumi config set target ${targets[0]}`,
  );

export = program();
