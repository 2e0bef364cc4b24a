import * as pulumi from "@pulumi/pulumi";

/** What a stack has to be configured with, before anything is made. */

interface Needed {
  readonly key: string;
  /** What to type after the key. Absent: it is a secret, for which the command asks. */
  readonly value?: string;
  /** What it is, or for what else it is needed. */
  readonly why?: string;
  /** What is wrong with the value that the configuration has. */
  readonly wrong?: string;
}

export const secret = (key: string, why?: string): Needed => ({ key, ...(why && { why }) });

export const plain = (key: string, value: string, why?: string): Needed => ({ key, value, ...(why && { why }) });

/** A list, whose first item is asked for. */
export const list = (key: string, value: string, why?: string): Needed => plain(`'${key}[0]'`, value, why);

export const PASSWORDS = ["adminPassword", "proxyPassword", "replicationPassword", "binaryLogPassword"].map((key) =>
  secret(key),
);

/** Says all that is missing or wrong, with the commands that set it. */
export function needConfiguration(...needed: readonly Needed[]): void {
  const config = new pulumi.Config();
  // Asked as a secret, which no plain value objects to.
  const missing = [...new Map(needed.map((each) => [each.key, each])).values()].filter(
    ({ key, wrong }) => wrong || config.getSecret(key.replace(/^'(.*)\[0\]'$/, "$1")) === undefined,
  );
  if (missing.length === 0) return;
  const wrong = missing.flatMap(({ key, wrong }) => (wrong ? `${key}: ${wrong}. ` : []));
  const lacking = missing.length - wrong.length;
  const lacks = `The configuration of the stack ${pulumi.getStack()} lacks ${lacking === 1 ? "a value" : `${lacking} values`}. `;
  const commands = missing.map((each) => `\n  ${commandFor(each)}${each.why ? `   # ${each.why}` : ""}`);
  throw unfit(`${wrong.join("")}${lacking > 0 ? lacks : ""}Nothing was changed. Type:${commands.join("")}`);
}

/** Pulumi shows a RunError as one line. With a stack it would read the source maps of the whole program first, for many seconds. */
const unfit = (text: string): Error => Object.assign(new pulumi.RunError(text), { stack: "" });

const commandFor = ({ key, value }: Needed): string =>
  value === undefined
    ? `pulumi config set --secret ${key}`
    : `pulumi config set ${key.startsWith("'") ? "--path " : ""}${key} ${value}`;
