import type { Duplex, Readable, Writable } from "node:stream";

/** Name of the option file that we own. It sorts behind those of the distributions, so that servers read it last. */
export const OPTION_FILE = "99-session-store.cnf";

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
  /** Where the server is when it starts: paths in option files may begin there. */
  readonly startsIn: string;
  /** Who reads the option files when the server starts. */
  optionReader(): Promise<User>;
  /** False: the folders in which the first option files lie are those of an image. */
  readonly keepsFolders: boolean;
  /** Arguments with which the server starts that say where its option files are. */
  readonly serverArguments: readonly string[];
  /** The option files that the server reads first; what they include follows from their text. */
  optionFiles(): Promise<readonly string[]>;
  /** True of an option file that this library may change, also where somebody else has written into it. */
  ownsOptionFile(path: string): boolean;
  /** Runs a command without a shell. Rejects when it ends with another code than 0. */
  run(command: readonly string[], options?: RunOptions): Promise<string>;
  /** Links are followed. What has no end, such as a device, is not read: `unread` says so. */
  readFile(path: string): Promise<HostFile | undefined>;
  /** Lets the server look into an existing folder, and nobody but root change it. */
  openFolder(path: string): Promise<void>;
  /** Whose a file is that was written with this access. */
  ownerOf(access: FileAccess): Promise<Owner>;
  /** Writes a file whole or not at all. Makes the directory it lies in, if need be. */
  writeFile(path: string, text: string, access: FileAccess): Promise<void>;
  /** Fails where such a file could not be written. Leaves what is there as it is. */
  tryToWrite(path: string, text: string, access: FileAccess): Promise<void>;
  removeFile(path: string): Promise<void>;
  /** Undefined: there is no such directory. */
  readFolder(path: string, names: RegExp): Promise<HostFolder | undefined>;
  /** Where the server's data lie. */
  dataDirectory(): Promise<string>;
  /** False: there is no data directory yet, or no more. */
  hasData(): Promise<boolean>;
  /** Starts the server unless it runs, and waits until it takes connections. One that is just stopping is started again. */
  startService(): Promise<void>;
  stopService(): Promise<void>;
  /** Fails where the machine is known not to let us stop or start the server. Does neither. */
  mayRestart(): Promise<void>;
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
  /** True: it only looks, so a record of what was done is without it. @default false */
  readonly looks?: boolean;
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

/** The machine does not do as its superuser what has to be done. The message says what to do. */
export class SuperuserRefused extends Error {}

/** A user of the operating system. */
export interface User {
  readonly name: string;
  readonly uid: number;
  /** Of all his groups. */
  readonly gids: readonly number[];
}

export const ROOT: User = { name: "root", uid: 0, gids: [0] };

/** The operating system's user and group, by their numbers. */
export interface Owner {
  readonly uid: number;
  /** 0 where groups don't count. */
  readonly gid: number;
}

export interface HostFolder {
  readonly itself: HostFile;
  /** Those whose names match, by name, sorted. */
  readonly files: ReadonlyMap<string, HostFile>;
}

export interface HostFile extends Owner {
  readonly text: string;
  /** Permission bits, such as 0o644. */
  readonly mode: number;
  /** How messages name its owner, such as `root:root`. */
  readonly owner: string;
  /** A folder has no text. */
  readonly isFolder: boolean;
  /** It was found by way of a link in its place. */
  readonly isLink: boolean;
  /** Why it has no text, such as `it is a fifo`. Undefined: it was read. */
  readonly unread?: string;
}
