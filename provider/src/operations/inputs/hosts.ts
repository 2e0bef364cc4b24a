import { z } from "zod";
import { DEFAULT_CONFIG_DIRECTORY, SSH_DEFAULTS, SSH_KEY_FILE } from "../../hosts/defaults";
import { engineProblem } from "../../hosts/docker/address";
import { parseHostKeys } from "../../hosts/ssh/hostKeys";
import { KeyProblem, readPrivateKey } from "../../hosts/ssh/privateKey";
import type { HostInputs, SshLogin } from "../../inputs";

/** How a machine may be reached, by kind. */

export const port = z.number().int().min(1).max(65535);

export const address = z
  .string()
  .min(1, "must not be empty")
  .max(255)
  .regex(/^[A-Za-z0-9_.:%-]+$/, "must be a host name or an IP address");

const absolutePath = z.string().regex(/^\/[^\0]*$/, "must be an absolute path");

export const local = z
  .strictObject({
    kind: z.literal("local").meta({ description: "This machine." }),
    directory: absolutePath.meta({ description: "The directory that `LocalMariaDb` keeps." }),
  })
  .meta({ id: "LocalHostInputs", description: "A server of `LocalMariaDb` on this machine." });

const hostKey = z.string().superRefine((text, context) => {
  try {
    parseHostKeys(text);
  } catch (error) {
    context.addIssue((error as Error).message);
  }
});

const sshLogin = {
  address: address.meta({ description: "Name or IP address of the machine." }),
  port: port.default(SSH_DEFAULTS.port).meta({ description: "TCP port of its sshd." }),
  user: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.@\\-]*$/, "must be the name of a user")
    .default(SSH_DEFAULTS.user)
    .meta({ description: "A user other than root needs `sudo` without a password for the commands in docs/hosts.md." }),
  hostKeys: z
    .array(hostKey)
    .min(
      1,
      "must not be empty: without the machine's host key, anybody in between could pass for it (`ssh-keyscan` shows it)",
    )
    .meta({
      description:
        "The machine's public host keys, of which it must show one, as in `ssh_host_ed25519_key.pub`, in known_hosts or as " +
        "`ssh-keyscan` prints them, also several lines at once. Several, so that they can be changed without a moment in which none fits.",
    }),
  privateKey: z
    .string()
    .optional()
    .meta({
      description:
        "Text of a private key, in OpenSSH's or PEM format (PKCS #1, SEC 1, PKCS #8). The environment variable SESSION_STORE_SSH_KEY_FILE " +
        "takes precedence over it.",
    }),
  passphrase: z
    .string()
    .min(1, "must not be empty")
    .optional()
    .meta({ description: "What the private key is encrypted with. @default it is not" }),
  agent: z
    .union([absolutePath, z.boolean()], { error: "must be the absolute path of an agent's socket, true or false" })
    .optional()
    .meta({ description: "Path of an agent's socket, or `true` for the one of SSH_AUTH_SOCK. @default no agent" }),
  password: z
    .string()
    .min(1, "must not be empty")
    .optional()
    .meta({ description: "The user's password. @default none" }),
};

/** Marks what depends on the environment: a program that runs within another one may have another than the process that logs in. */
const OF_ENVIRONMENT = { isOfEnvironment: true };

/** What of a login is decided by several of its properties. */
function refuseLogin({ privateKey, passphrase, agent, password }: SshLogin, context: z.RefinementCtx): void {
  const refuse = (property: keyof SshLogin, message: string, params = {}) =>
    context.addIssue({ code: "custom", path: [property], message, params });
  try {
    if (privateKey !== undefined) readPrivateKey(privateKey, passphrase);
  } catch (error) {
    if (!(error instanceof KeyProblem)) throw error;
    refuse(error.property, error.reason);
  }
  const keyFile = process.env[SSH_KEY_FILE];
  if (privateKey === undefined && !agent && password === undefined && !keyFile) {
    refuse("privateKey", 'is missing: give a key, an "agent" or a "password" to log in with', OF_ENVIRONMENT);
  }
  if (passphrase !== undefined && privateKey === undefined && !keyFile) {
    refuse("passphrase", 'belongs to a "privateKey", and there is none', OF_ENVIRONMENT);
  }
}

const ssh = z
  .strictObject({
    kind: z.literal("ssh").meta({ description: "Another machine." }),
    ...sshLogin,
    jump: z
      .strictObject(sshLogin)
      .superRefine(refuseLogin)
      .meta({ id: "SshLogin", description: "How one machine lets us in: with a key, an agent or a password." })
      .optional()
      .meta({ description: "Another machine through which this one is reached. @default none" }),
    bootDeadline: z
      .number()
      .min(0)
      .max(86_400)
      .default(SSH_DEFAULTS.bootDeadline)
      .meta({
        description:
          "Seconds to wait for a machine that is still starting, before something is changed on it. Previews don't " +
          "wait.",
      }),
    install: z
      .boolean()
      .default(SSH_DEFAULTS.install)
      .meta({
        description:
          "Installs the distribution's mariadb-server where there is none (apt-get, dnf or zypper). Without it, a " +
          "machine without a server is an error.",
      }),
    settingsFile: absolutePath
      .regex(/\.cnf$/, "must end with .cnf: servers read no other file of a folder")
      .optional()
      .meta({
        description:
          "Path of the option file that is ours. @default `99-session-store.cnf` in the directory that the " +
          "distribution's option files include last, found by asking the host",
      }),
  })
  .superRefine(refuseLogin)
  .meta({
    id: "SshHostInputs",
    description:
      "A Linux machine with a distribution's MariaDB, reached over SSH. A change of how it is reached touches " +
      "nothing on it.",
  });

const engine = z.string().superRefine((url, context) => {
  const problem = engineProblem(url);
  if (problem) context.addIssue(problem);
});

export const docker = z
  .strictObject({
    kind: z.literal("docker").meta({ description: "A container." }),
    container: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9_.-]*$/,
        "must be the name of a container: letters, digits, and _ . - after the first",
      )
      .meta({
        description:
          "Name of the container. Another one that takes its place under this name is the same node, and has to have " +
          "the same volumes.",
      }),
    engine: engine.optional().meta({
      description:
        "The engine, as DOCKER_HOST has it: `unix://`, `tcp://` (with the certificates of DOCKER_CERT_PATH, where " +
        "that is set) or `ssh://`. @default the one that the docker command uses: that of DOCKER_HOST, of its " +
        "context, else the one of this machine",
    }),
    configDirectory: absolutePath
      .refine(
        (place) => place !== "/" && !place.split("/").includes(".."),
        "must be a directory of its own, without ..",
      )
      .default(DEFAULT_CONFIG_DIRECTORY)
      .meta({
        description:
          "The directory in the container that a volume keeps, and whose option files the server reads last. In the " +
          "official image that is the default; `mariadb.conf.d` beside it is read before.",
      }),
  })
  .meta({
    id: "DockerHostInputs",
    description:
      "A container whose main process is a MariaDB server, as in the official `mariadb` image. A change of how " +
      "it is reached touches nothing in it.",
  });

export const host: z.ZodType<HostInputs> = z
  .discriminatedUnion("kind", [local, ssh, docker])
  .meta({ id: "HostInputs", description: "Where a server runs and how its machine is reached." });
