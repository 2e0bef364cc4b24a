import * as pulumi from "@pulumi/pulumi";

/**
 * The error by which a program is refused. Without the stack that it has: to show it, Pulumi would read the source maps of the whole program,
 * for many seconds.
 */
export const refused = (text: string): Error => Object.assign(new pulumi.RunError(text), { stack: "" });

/** True for a value that is not there yet. */
export const isLater = (value: unknown): boolean =>
  pulumi.Output.isInstance(value) ||
  (typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function");

/** True where any part of it is not there yet. */
export const containsLater = (value: unknown): boolean =>
  isLater(value) || (typeof value === "object" && value !== null && Object.values(value).some(containsLater));
