import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Files that may be a record, of any size: each can be read several times, and never is in memory as a whole. */

const STDIN = "-";
const NAME_OF_STDIN = "the standard input";

/** How the first bytes of a compressed file look, and what writes out its contents. */
const COMPRESSED = [
  ["1f8b", "zcat"],
  ["28b52ffd", "zstdcat"],
  ["fd377a585a", "xzcat"],
  ["425a68", "bzcat"],
] as const;

/** How much of a line is kept, in characters. No line of the record is longer. */
const LONGEST_LINE = 64 << 20;

export class RecordFile implements AsyncDisposable {
  private constructor(
    readonly name: string,
    private readonly handle: FileHandle,
    /** What is appended later is not read. */
    private readonly size: number,
  ) {}

  /** @param file its path, or `-` for the standard input */
  static async open(file: string): Promise<RecordFile> {
    if (file === STDIN) return RecordFile.of(NAME_OF_STDIN, await keep(process.stdin));
    const handle = await open(file);
    if ((await handle.stat()).isFile()) return RecordFile.of(file, handle);
    return RecordFile.of(file, await keep(handle.createReadStream()));
  }

  private static async of(name: string, handle: FileHandle): Promise<RecordFile> {
    return new RecordFile(name, handle, (await handle.stat()).size);
  }

  /** Not those of node:readline, which take other characters for an end of line too, such as U+2028 in a value. */
  async *lines(): AsyncGenerator<string> {
    if (this.size === 0) return;
    let begun = "";
    for await (const chunk of this.handle.createReadStream({
      encoding: "utf8",
      start: 0,
      end: this.size - 1,
      autoClose: false,
    })) {
      const lines = String(chunk).split("\n");
      const last = lines.pop() ?? "";
      if (lines.length > 0) {
        yield begun + lines.shift();
        yield* lines;
        begun = "";
      }
      if (begun.length < LONGEST_LINE) begun += last;
    }
    yield begun;
  }

  /** How to read a file that is compressed. */
  async advice(): Promise<string | undefined> {
    const first = Buffer.alloc(8);
    await this.handle.read(first, 0, first.length, 0);
    const program = COMPRESSED.find(([bytes]) => first.toString("hex").startsWith(bytes))?.[1];
    const written = this.name === NAME_OF_STDIN ? program : `${program} ${this.name}`;
    return program && `it is compressed: ${written} | session-store history -`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handle.close();
  }
}

/** Keeps what can be read only once, such as a pipe, in a file that has no name any more: it goes with this process. */
async function keep(stream: Readable): Promise<FileHandle> {
  const folder = await mkdtemp(path.join(tmpdir(), "session-store-history-"));
  const handle = await open(path.join(folder, "record"), "wx+", 0o600).finally(() => rm(folder, { recursive: true }));
  await pipeline(stream, handle.createWriteStream({ autoClose: false }));
  return handle;
}
