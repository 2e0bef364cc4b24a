import type * as pulumi from "@pulumi/pulumi";
import type * as operations from "../operations";

/**
 * The dynamic provider of one resource type. Its text is kept in every user's state, so it holds no logic and never changes:
 * each method loads the code that is installed when it is called.
 */
export function shell(type: keyof typeof operations): pulumi.dynamic.ResourceProvider {
  return {
    check: (olds, news) => require("pulumi-replicated-session-store/provider")[type].check(olds, news),
    diff: (id, olds, news) => require("pulumi-replicated-session-store/provider")[type].diff(id, olds, news),
    create: (inputs) => require("pulumi-replicated-session-store/provider")[type].create(inputs),
    read: (id, props) => require("pulumi-replicated-session-store/provider")[type].read(id, props),
    update: (id, olds, news) => require("pulumi-replicated-session-store/provider")[type].update(id, olds, news),
    delete: (id, props) => require("pulumi-replicated-session-store/provider")[type].delete(id, props),
  };
}

/** The module part of every type's name, as in `pulumi-nodejs:dynamic/sessionstore:MariaDbNode`. Part of users' state. */
export const MODULE = "sessionstore";
