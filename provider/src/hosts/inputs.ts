/** Where servers run, as programs say it: one type for each kind of machine. */

/** Where a server runs and how its machine is reached. */
export type HostInputs = LocalHostInputs | SshHostInputs | DockerHostInputs;

/** A server of `LocalMariaDb` on this machine. */
export interface LocalHostInputs {
  /** This machine. */
  readonly kind: "local";
  /** The directory that `LocalMariaDb` keeps. */
  readonly directory: string;
}

/** A Linux machine with a distribution's MariaDB, reached over SSH. A change of how it is reached touches nothing on it. */
export interface SshHostInputs extends SshLogin {
  /** Another machine. */
  readonly kind: "ssh";
  /** Another machine through which this one is reached. @default none */
  readonly jump?: SshLogin | undefined;
  /** Seconds to wait for a machine that is still starting, before something is changed on it. Previews don't wait. @default 300 */
  readonly bootDeadline?: number | undefined;
  /** Installs the distribution's mariadb-server where there is none (apt-get, dnf or zypper). @default false: that is an error */
  readonly install?: boolean | undefined;
  /**
   * Path of the option file that is ours. @default `99-session-store.cnf` in the directory that the distribution's option files include
   * last, found by asking the host
   */
  readonly settingsFile?: string | undefined;
}

/** How one machine lets us in: with a key, an agent or a password. */
export interface SshLogin {
  /** Name or IP address of the machine. */
  readonly address: string;
  /** TCP port of its sshd. @default 22 */
  readonly port?: number | undefined;
  /** Whoever isn't root needs `sudo` without a password for the commands in docs/hosts.md. @default root */
  readonly user?: string | undefined;
  /**
   * The machine's public host keys, of which it must show one, as in `ssh_host_ed25519_key.pub` or as `ssh-keyscan` prints them.
   * Several, so that they can be changed without a moment in which none fits.
   */
  readonly hostKeys: readonly string[];
  /** Text of a private key, in OpenSSH's or PEM format. The environment variable SESSION_STORE_SSH_KEY_FILE goes before it. */
  readonly privateKey?: string | undefined;
  /** What the private key is encrypted with. @default it is not */
  readonly passphrase?: string | undefined;
  /** Path of an agent's socket, or `true` for the one of SSH_AUTH_SOCK. @default no agent */
  readonly agent?: string | boolean | undefined;
  /** The user's password. @default none */
  readonly password?: string | undefined;
}

/** A container whose main process is a MariaDB server, as in the official `mariadb` image. A change of how it is reached touches nothing in it. */
export interface DockerHostInputs {
  /** A container. */
  readonly kind: "docker";
  /** Name of the container. Another one that takes its place under this name is the same node, and has to have the same volumes. */
  readonly container: string;
  /**
   * The engine, as DOCKER_HOST has it: `unix://`, `tcp://` (with the certificates of DOCKER_CERT_PATH, where that is set) or `ssh://`.
   * @default the one that the docker command uses: that of DOCKER_HOST, of its context, else the one of this machine
   */
  readonly engine?: string | undefined;
  /**
   * The directory in the container that a volume keeps, and whose option files the server reads last. In the official image that is the
   * default; `mariadb.conf.d` beside it is read before. @default /etc/mysql/conf.d
   */
  readonly configDirectory?: string | undefined;
}

/** What an SSH host is taken to be where a program does not say. */
export const SSH_DEFAULTS = { port: 22, user: "root", bootDeadline: 300, install: false } as const;

/** Environment variable with the path of a private key. */
export const SSH_KEY_FILE = "SESSION_STORE_SSH_KEY_FILE";

/** Of the official image: its mariadb.cnf includes mariadb.conf.d first and conf.d last. */
export const DEFAULT_CONFIG_DIRECTORY = "/etc/mysql/conf.d";

/**
 * The part of what is said of a machine that tells where its server is reached, unless a program says otherwise. Undefined: there is none.
 * It may be a value or an output.
 */
export const addressIn = <T>(host: {
  readonly kind: unknown;
  readonly address?: T;
  readonly container?: T;
}): T | undefined => host.address ?? host.container;
