import type { Duplex, Readable, Writable } from "node:stream";

/** A machine (or container) on which a MariaDB server runs. */
export interface Host {
  /** How messages name it. */
  readonly name: string;
  /** The operating system's user whom MariaDB lets in through its socket without a password. */
  readonly superuser: string;
  /** Path of the server's unix socket on that machine. */
  socket(): Promise<string>;
  /** Path of the option file that we own, read after all others. */
  settingsFile(): Promise<string>;
  /** Permissions of that file. */
  readonly settingsMode: number;
  /** The option files that the server reads first; what they include follows from their text. */
  optionFiles(): Promise<readonly string[]>;
  /** True when every option file of this server is ours to change. */
  readonly ownsOptionFiles: boolean;
  /** Runs a command without a shell. Rejects when it ends with another code than 0. */
  run(command: readonly string[], streams?: { input?: string | Readable; output?: Writable }): Promise<string>;
  readFile(path: string): Promise<HostFile | undefined>;
  /** Writes a file whole or not at all. */
  writeFile(path: string, text: string, mode: number): Promise<void>;
  removeFile(path: string): Promise<void>;
  /** File names in a directory, sorted; none when it does not exist. */
  listFiles(path: string): Promise<readonly string[]>;
  /** False: there is no data directory yet, or no more. */
  hasData(): Promise<boolean>;
  /** Starts the server unless it runs, and waits until it takes connections. One that is just stopping is started again. */
  startService(): Promise<void>;
  stopService(): Promise<void>;
  /** The newest lines of the server's error log, to be shown when it does not start. */
  serverLog(lines: number): Promise<string>;
  /** A byte stream to the server. mysql2 takes it as its connection. */
  openStream(): Promise<Duplex>;
}

export interface HostFile {
  readonly text: string;
  /** Permission bits, such as 0o644. */
  readonly mode: number;
}

/** Where a server runs and how its machine is reached. */
export type HostInputs = LocalHostInputs;

/** A server of `LocalMariaDb` on this machine. */
export interface LocalHostInputs {
  /** This machine. */
  readonly kind: "local";
  /** The directory that `LocalMariaDb` keeps. */
  readonly directory: string;
}
