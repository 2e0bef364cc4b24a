import { z } from "zod";
import { engineProblem } from "../hosts/docker/address";
import { DEFAULT_CONFIG_DIRECTORY, type HostInputs, SSH_DEFAULTS, SSH_KEY_FILE, type SshLogin } from "../hosts/inputs";
import { parseHostKey, privateKeyProblem } from "../hosts/ssh/keys";

/** How a machine may be reached, by kind. */

export const port = z.number().int().min(1).max(65535);

export const address = z
  .string()
  .min(1, "must not be empty")
  .max(255)
  .regex(/^[A-Za-z0-9_.:%-]+$/, "must be a host name or an IP address");

export const absolutePath = z.string().regex(/^\/[^\0]*$/, "must be an absolute path");

export const local = z.strictObject({ kind: z.literal("local"), directory: absolutePath });

const hostKey = z.string().superRefine((line, context) => {
  try {
    parseHostKey(line);
  } catch (error) {
    context.addIssue((error as Error).message);
  }
});

const sshLogin = {
  address,
  port: port.default(SSH_DEFAULTS.port),
  user: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.@\\-]*$/, "must be the name of a user")
    .default(SSH_DEFAULTS.user),
  hostKeys: z
    .array(hostKey)
    .min(
      1,
      "must not be empty: without the machine's host key, anybody in between could pass for it (`ssh-keyscan` shows it)",
    ),
  privateKey: z.string().optional(),
  passphrase: z.string().min(1, "must not be empty").optional(),
  agent: z.union([absolutePath, z.boolean()]).optional(),
  password: z.string().min(1, "must not be empty").optional(),
};

/** What of a login is decided by several of its properties. */
function refuseLogin({ privateKey, passphrase, agent, password }: SshLogin, context: z.RefinementCtx): void {
  const refuse = (property: keyof SshLogin, message: string) =>
    context.addIssue({ code: "custom", path: [property], message });
  const problem = privateKey === undefined ? undefined : privateKeyProblem(privateKey, passphrase);
  if (problem) refuse(problem.property, problem.reason);
  const keyFile = process.env[SSH_KEY_FILE];
  if (privateKey === undefined && !agent && password === undefined && !keyFile) {
    refuse("privateKey", 'is missing: give a key, an "agent" or a "password" to log in with');
  }
  if (passphrase !== undefined && privateKey === undefined && !keyFile) {
    refuse("passphrase", 'belongs to a "privateKey", and there is none');
  }
}

const ssh = z
  .strictObject({
    kind: z.literal("ssh"),
    ...sshLogin,
    jump: z.strictObject(sshLogin).superRefine(refuseLogin).optional(),
    bootDeadline: z.number().min(0).max(86_400).default(SSH_DEFAULTS.bootDeadline),
    install: z.boolean().default(SSH_DEFAULTS.install),
    settingsFile: absolutePath.regex(/\.cnf$/, "must end with .cnf: servers read no other file of a folder").optional(),
  })
  .superRefine(refuseLogin);

const engine = z.string().superRefine((url, context) => {
  const problem = engineProblem(url);
  if (problem) context.addIssue(problem);
});

const docker = z.strictObject({
  kind: z.literal("docker"),
  container: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9_.-]*$/,
      "must be the name of a container: letters, digits, and _ . - after the first",
    ),
  engine: engine.optional(),
  configDirectory: absolutePath
    .refine((place) => place !== "/" && !place.split("/").includes(".."), "must be a directory of its own, without ..")
    .default(DEFAULT_CONFIG_DIRECTORY),
});

export const host: z.ZodType<HostInputs> = z.discriminatedUnion("kind", [local, ssh, docker]);
