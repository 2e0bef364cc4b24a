import { PassThrough } from "node:stream";
import { roomSince } from "../mariadb/fullDisk";
import { type LoaderOptions, withLoader } from "../mariadb/loader";
import type { Server } from "../mariadb/server";
import { DumpReader, type DumpStatement } from "../recipe/sql/dumpReader";
import type { StatementProblem } from "../recipe/words";
import { recorded } from "../record/recorder";
import { CopyProgress } from "./copyProgress";

/** Longest time that one statement of a dump may take, in milliseconds. Most insert a megabyte of rows. */
const STATEMENT_DEADLINE = 300_000;
/** Longest time that a dump may be silent. */
const SILENCE = 300_000;
/** How much of a dump is read ahead, in bytes. More costs memory and gains no time: the target is what is waited for. */
const AHEAD = 1 << 16;
/** Rows that are committed together, in bytes of the dump: a commit waits for the disk. */
const TOGETHER = 4 << 20;

/** One snapshot, read without locks. Statements are short, because each is in this process's memory as a whole, several times over. */
const SNAPSHOT = [
  "--single-transaction",
  "--hex-blob",
  "--skip-add-drop-table",
  "--default-character-set=utf8mb4",
  "--net-buffer-length=131072",
  // A locked table could not take its defaults from a sequence.
  "--skip-add-locks",
];

export interface Dump extends LoaderOptions {
  readonly from: Server;
  readonly to: Server;
  /** What mariadb-dump is asked for beyond a snapshot. */
  readonly what: readonly string[];
  /** The database into which it goes, where the dump names none. */
  readonly into?: string;
}

/**
 * Lets MariaDB's own dump of one server flow into one of our sessions on the other. No client program runs there: it would take lines of the
 * dump for commands of its own, and print rows in its errors. Returns what the dump said of itself.
 */
export async function pourDump(dump: Dump): Promise<DumpReader> {
  const { from, to, what, into } = dump;
  const reader = new DumpReader(Number(await to.value("SELECT @@GLOBAL.max_allowed_packet")));
  const progress = await CopyProgress.of(from, to, dump.databases);
  const saysOfRoom = await roomSince(to.host);
  await withLoader(to, dump, async (loader) => {
    if (into !== undefined) await loader.query("USE ??", [into]);
    await loader.query("SET SESSION autocommit = 0");
    let uncommitted = 0;
    const copy = async () => {
      await flow(from, what, async (piece) => {
        for (const statement of reader.read(piece)) {
          const rows = await load({ loader, saysOfRoom }, statement);
          if (statement.rowsOf !== undefined) progress.add(`${reader.database ?? into}.${statement.rowsOf}`, rows);
        }
        uncommitted += piece.length;
        if (uncommitted > TOGETHER) {
          await loader.query("COMMIT", [], STATEMENT_DEADLINE);
          uncommitted = 0;
        }
        await progress.tell(piece.length);
      });
      await loader.query("COMMIT", [], STATEMENT_DEADLINE);
    };
    const change = { event: "copy", ...loader.who, from: from.name, databases: dump.databases } as const;
    await recorded(
      () => change,
      copy,
      () => ({ rows: progress.rowsOf }),
    );
  });
  reader.end();
  return reader;
}

/** Runs mariadb-dump and hands on what it writes, piece by piece. A dump that fails is the error, whatever else it has caused. */
async function flow(from: Server, what: readonly string[], take: (piece: Buffer) => Promise<void>): Promise<void> {
  const output = new PassThrough({ highWaterMark: AHEAD });
  const login = ["--no-defaults", `--socket=${await from.host.socket()}`, `--user=${from.host.superuser}`];
  const command = ["mariadb-dump", ...login, ...SNAPSHOT, ...what];
  let failed: Error | undefined;
  const dumped = from.host.run(command, { output, asSuperuser: true }).catch((error: Error) => {
    failed = new Error(`the dump of ${from.name} failed: ${error.message}`);
    output.destroy(failed);
  });
  const silent = () => output.destroy(new Error(`the dump of ${from.name} was silent for ${SILENCE / 1000} s`));
  let timer = setTimeout(silent, SILENCE);
  try {
    for await (const piece of output) {
      clearTimeout(timer);
      await take(piece as Buffer);
      timer = setTimeout(silent, SILENCE);
    }
    await dumped;
  } finally {
    clearTimeout(timer);
    output.destroy();
  }
  if (failed) throw failed;
}

interface Load {
  readonly loader: Server;
  /** What the server's log has said of its disk since the load began. */
  readonly saysOfRoom: () => Promise<string | undefined>;
}

/** Returns how many rows the statement wrote. */
async function load({ loader, saysOfRoom }: Load, { text, rowsOf }: DumpStatement): Promise<number> {
  try {
    return await loader.send(text, STATEMENT_DEADLINE);
  } catch (error) {
    const what = rowsOf === undefined ? `"${definitionIn(text)}"` : `rows of ${rowsOf}`;
    const { problem, message } = error as { problem?: StatementProblem; message: string };
    // Some errors, such as 1005, come of a full disk and don't say so.
    const want = problem === "disk full" ? undefined : await saysOfRoom();
    throw new Error(`${loader.name} does not take ${what}: ${message}${want ? `: its disk is full. ${want}` : ""}`);
  }
}

/** The first words of a definition, as far as they name it. */
const definitionIn = (text: Buffer): string =>
  text
    .toString("utf8", 0, 2000)
    .replace(/\/\*M?!\d*|\*\/|DEFINER=`[^`]*`@`[^`]*`/g, "")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 80);
