import * as fs from "node:fs";
import * as path from "node:path";

const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
const MODE = 0o600;
const LINE_FEED = 10;

/**
 * Appends a line. The file is opened for each: so it may be moved away meanwhile, and one that somebody has replaced or opened to others is
 * noticed. A line is one write, which other processes' don't come between, however long it is.
 */
export function appendToFile(line: string, file: string, room: number): void {
  const opened = open(file);
  try {
    refuseUnlessPrivate(fs.fstatSync(opened));
    refuseUnlessRoom(file, room);
    // Half a line is there where a process was killed in the midst of it, or the disk was full.
    const text = Buffer.from(`${endsWithLine(opened) ? "" : "\n"}${line}\n`);
    const written = fs.writeSync(opened, text);
    if (written < text.length) throw new Error(`takes only ${written} of ${text.length} bytes: its disk is full`);
  } finally {
    fs.closeSync(opened);
  }
}

function open(file: string): number {
  try {
    // A FIFO would make it wait for a reader.
    return fs.openSync(file, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, MODE);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ELOOP") throw new Error("is a symbolic link: name the file itself");
    if (code === "EISDIR") throw new Error("is a directory: name a file");
    throw new Error(`can't be opened (${message})`);
  }
}

function refuseUnlessPrivate(stats: fs.Stats): void {
  if (!stats.isFile()) throw new Error("is not a plain file");
  const me = process.getuid?.() ?? stats.uid;
  if (stats.uid !== me) throw new Error(`belongs to another user (uid ${stats.uid}; this runs as ${me})`);
  const mode = stats.mode & 0o777;
  if ((mode & ~MODE) !== 0) {
    throw new Error(`may be read or written by others (mode ${mode.toString(8).padStart(4, "0")}): chmod 600 it`);
  }
}

function refuseUnlessRoom(file: string, room: number): void {
  if (room === 0) return;
  const { bavail, bsize } = fs.statfsSync(path.dirname(file));
  if (bavail * bsize < room) throw new Error(`has less than ${room >> 20} MiB left on its disk`);
}

function endsWithLine(opened: number): boolean {
  const { size } = fs.fstatSync(opened);
  const last = Buffer.alloc(1);
  return size === 0 || fs.readSync(opened, last, 0, 1, size - 1) === 0 || last[0] === LINE_FEED;
}
