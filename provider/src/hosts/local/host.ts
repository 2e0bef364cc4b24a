import { spawn } from "node:child_process";
import { lstatSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { LocalHostInputs } from "../../inputs";
import { type Host, type HostFile, OPTION_FILE } from "../Host";
import { Complaint, Result } from "../outputs";
import { readEach } from "../readEach";
import { whyUnread } from "../unread";
import { exists, findTool, isAbsent, localUser, paths, tryToWrite, writeWhole } from "./files";
import { logTail, start, stop } from "./server";

/** False of a link: what it leads to is somebody else's, wherever that is. */
function isBelow(directory: string, file: string): boolean {
  if (!path.resolve(file).startsWith(`${path.resolve(directory)}/`)) return false;
  const found = lstatSync(file, { throwIfNoEntry: false });
  return !found?.isSymbolicLink();
}

/** This machine, and on it the private server that `LocalMariaDb` keeps. */
export function localHost({ directory }: LocalHostInputs): Host {
  const place = paths(directory);
  return {
    name: directory,
    superuser: localUser(),
    ownsOptionFile: (file) => isBelow(directory, file),
    settingsMode: 0o600,
    reach: async () => undefined,
    prepare: async () => undefined,
    tlsFolder: path.join(directory, "tls"),
    socket: async () => place.socket,
    settingsFile: async () => path.join(place.includeFolder, OPTION_FILE),
    startsIn: directory,
    keepsFolders: true,
    serverArguments: [`--defaults-file=${place.baseFile}`],
    optionReader: async () => ({ name: localUser(), uid: os.userInfo().uid, gids: [] }),
    optionFiles: async () => [place.baseFile],
    run: runHere,
    readFile,
    async writeFile(file, text, { mode }) {
      await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
      await writeWhole(file, text, mode);
    },
    async tryToWrite(file, text, { mode }) {
      await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
      await tryToWrite(file, text, mode);
    },
    removeFile: (file) => fs.rm(file, { force: true }),
    openFolder: (folder) => fs.chmod(folder, 0o700),
    async readFolder(folder, names) {
      const [itself, all] = await Promise.all([readFile(folder), fs.readdir(folder).catch(unlessAbsent)]);
      if (!itself || !all) return undefined;
      const wanted = all.filter((name) => names.test(name));
      return { itself, files: await readEach(wanted, (name) => readFile(path.join(folder, name))) };
    },
    ownerOf: async () => ({ uid: os.userInfo().uid, gid: 0 }),
    dataDirectory: async () => place.data,
    hasData: () => exists(directory),
    startService: () => start(directory),
    stopService: () => stop(directory),
    mayRestart: async () => undefined,
    serverLog: (lines) => logTail(directory, lines),
    openStream: async () => net.connect(place.socket),
  };
}

const readFile: Host["readFile"] = async (file) => {
  const [stats, itself] = await Promise.all([fs.stat, fs.lstat].map((look) => look(file).catch(unlessAbsent)));
  if (!stats || stats.isSocket()) return undefined;
  const isFolder = stats.isDirectory();
  const kind = stats.isFile() ? "file" : stats.isFIFO() ? "fifo" : "device";
  const unread = isFolder || (await fs.realpath(file)) === os.devNull ? undefined : whyUnread(kind, stats.size);
  const text = isFolder || unread ? "" : await fs.readFile(file, "utf8").catch(unlessAbsent);
  if (text === undefined) return undefined;
  const { uid } = stats;
  const owner = uid === os.userInfo().uid ? localUser() : String(uid);
  return {
    text,
    mode: stats.mode & 0o777,
    uid,
    gid: 0,
    owner,
    isFolder,
    isLink: itself?.isSymbolicLink() === true,
    ...(unread && { unread }),
  } satisfies HostFile;
};

function unlessAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}

const runHere: Host["run"] = async (command, streams = {}) => {
  const [program = "", ...args] = command;
  const child = spawn(program.startsWith("mariadb") ? findTool(program) : program, args, {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const errors = new Complaint();
  child.stderr.on("data", (chunk: Buffer) => errors.add(chunk));
  let tooMuch: Error | undefined;
  const output = new Result(program, (error) => {
    tooMuch = error;
    child.kill("SIGKILL");
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => resolve(status ?? signal));
  });
  const flows: Promise<unknown>[] = [ended];
  if (streams.output) flows.push(pipeline(child.stdout, streams.output));
  else child.stdout.on("data", (chunk: Buffer) => output.add(chunk));
  const input = typeof streams.input === "string" ? Readable.from([streams.input]) : streams.input;
  // A command that ends before it has read all tells by its exit code why; the broken pipe adds nothing to that.
  if (input) flows.push(pipeline(input, child.stdin).catch(() => undefined));
  else child.stdin.end();
  const [code] = await Promise.all(flows);
  if (tooMuch) throw tooMuch;
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${`${errors}`.trim() || "it said nothing"}`);
  return `${output}`;
};
