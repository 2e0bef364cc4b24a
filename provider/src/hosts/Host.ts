import type { Duplex, Readable, Writable } from "node:stream";

/** A machine (or container) on which a MariaDB server runs. */
export interface Host {
  /** How messages name it. */
  readonly name: string;
  /** The operating system's user whom MariaDB lets in through its socket without a password. */
  readonly superuser: string;
  /** Waits for a machine that is still starting, until its deadline. */
  reach(): Promise<void>;
  /** Makes sure that there is a server on the machine, once it is reached. */
  prepare(): Promise<void>;
  /** Path of the server's unix socket on that machine. */
  socket(): Promise<string>;
  /** Path of the option file that we own, read after all others. */
  settingsFile(): Promise<string>;
  /** Permissions of that file. */
  readonly settingsMode: number;
  /** Where the certificates lie that we keep for the server. */
  readonly tlsFolder: string;
  /** The option files that the server reads first; what they include follows from their text. */
  optionFiles(): Promise<readonly string[]>;
  /** True when every option file of this server is ours to change. */
  readonly ownsOptionFiles: boolean;
  /** Runs a command without a shell. Rejects when it ends with another code than 0. */
  run(command: readonly string[], options?: RunOptions): Promise<string>;
  readFile(path: string): Promise<HostFile | undefined>;
  /** Writes a file whole or not at all. Makes the directory it lies in, if need be. */
  writeFile(path: string, text: string, access: FileAccess): Promise<void>;
  removeFile(path: string): Promise<void>;
  /** File names in a directory, sorted; none when it does not exist. */
  listFiles(path: string): Promise<readonly string[]>;
  /** Where the server's data lie. */
  dataDirectory(): Promise<string>;
  /** False: there is no data directory yet, or no more. */
  hasData(): Promise<boolean>;
  /** Starts the server unless it runs, and waits until it takes connections. One that is just stopping is started again. */
  startService(): Promise<void>;
  stopService(): Promise<void>;
  /** The newest lines of the server's error log, or fewer where a machine allows no more. */
  serverLog(lines: number): Promise<string>;
  /** A byte stream to the server's own socket. mysql2 takes it as its connection. */
  openStream(options?: StreamOptions): Promise<Duplex>;
}

export interface RunOptions {
  /** What the command reads from its standard input: the only way in for a secret. @default nothing */
  readonly input?: string | Readable;
  /** Takes what the command writes to its standard output. @default the answer of `run` */
  readonly output?: Writable;
  /** As the operating system's superuser, who may do everything on the server. @default false */
  readonly asSuperuser?: boolean;
}

export interface StreamOptions {
  /** Comes in as `superuser`, whom the server lets in by the name that the operating system gives him. @default false */
  readonly asSuperuser?: boolean;
}

export interface FileAccess {
  /** Permission bits, such as 0o644. */
  readonly mode: number;
  /** True: the file belongs to the user as whom the server runs, who alone has to read it. @default false, the superuser */
  readonly ofServer?: boolean;
}

/** The machine can't be reached, or does not let us in. What is on it is not known. */
export class HostUnreachable extends Error {
  constructor(
    message: string,
    /** True: a machine that is still starting looks like that. */
    readonly mayBeStarting = false,
  ) {
    super(message);
  }
}

export interface HostFile {
  readonly text: string;
  /** Permission bits, such as 0o644. */
  readonly mode: number;
}

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

/** Of the official image: its mariadb.cnf includes mariadb.conf.d first and conf.d last. */
export const DEFAULT_CONFIG_DIRECTORY = "/etc/mysql/conf.d";
