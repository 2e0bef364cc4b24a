import { posix as path } from "node:path";
import { type Room, roomIn } from "../hosts/room";
import { bytes } from "../mariadb/fullDisk";
import type { Server } from "../mariadb/server";
import { progress } from "../run";

/** Whether a server has the room that a planned stop needs, asked before anything is stopped. */

const MIB = 1 << 20;

/** What a node needs on the disks where its files lie, in bytes. */
const NEED = {
  /** What InnoDB and Aria write at a stop and a start, such as the list of the buffer pool's pages. Its temporary tablespace comes on top. */
  restart: 16 * MIB,
  /** A new binary log, and what clients write while the two nodes are apart. */
  binaryLog: 16 * MIB,
  /** A new relay log, and what the peer wrote while the two nodes were apart. */
  relayLog: 16 * MIB,
  temporary: 8 * MIB,
  errorLog: MIB,
};

export interface Undertaking {
  /** Why, as refusals say it: "db1 has to restart for log_bin". */
  readonly why: string;
  /** False: only its replica threads stop, or it stays while its peer is away. */
  readonly restarts: boolean;
  /** The size that each redo log will have. @default the one it has */
  readonly redoLog?: number | undefined;
}

/** Refuses while there is too little room: a server that has stopped would not start again, or stand still when it has. */
export async function refuseWithoutRoom(server: Server, undertaking: Undertaking): Promise<void> {
  const wanted = await needs(server, undertaking);
  const rooms = await roomIn(server.host, [...wanted.keys()]).catch((error: Error) => {
    progress(`${server.name}: how much room its disks have can't be told: ${error.message}`);
    return [];
  });
  for (const [place, { free, folders }] of byPlace(rooms)) {
    const need = folders.reduce((sum, folder) => sum + (wanted.get(folder) ?? 0), 0);
    if (free >= need) continue;
    throw new Error(
      `${undertaking.why}, but on ${server.name}'s disk (${place}, with ${folders.join(", ")}) ${bytes(free)} are free, and ` +
        `${bytes(need)} are needed for ${inWords(undertaking)}. Nothing was stopped or changed. Make room there, or make that disk larger, but not ` +
        "by removing files of the data directory, which may hold the only copy of sessions; then run `pulumi up` again.",
    );
  }
}

const inWords = ({ restarts }: Undertaking): string =>
  restarts
    ? "a stop and a start: InnoDB's temporary tablespace and redo log, new binary and relay logs, and what the peer writes meanwhile"
    : "new binary and relay logs, and what is written while the two nodes are apart";

/** How much is needed in which folder. */
async function needs(server: Server, { restarts, redoLog }: Undertaking): Promise<Map<string, number>> {
  const row = await server.row(
    `SELECT @@GLOBAL.datadir AS data, @@GLOBAL.innodb_log_group_home_dir AS redo, @@GLOBAL.log_bin_basename AS binaryLog,
       @@GLOBAL.relay_log_basename AS relayLog, @@GLOBAL.tmpdir AS temporary, @@GLOBAL.log_error AS errorLog,
       @@GLOBAL.innodb_temp_data_file_path AS temporaryData, @@GLOBAL.innodb_log_file_size AS redoSize`,
  );
  const text = (name: string) => String(row?.[name] ?? "");
  const data = text("data");
  const map = new Map<string, number>();
  const add = (file: string, need: number) => {
    const folder = path.resolve(data, file);
    map.set(folder, (map.get(folder) ?? 0) + need);
  };
  const folderOf = (file: string) => (file === "" ? data : path.dirname(file));
  if (restarts) {
    add(data, NEED.restart + sizes(text("temporaryData")));
    // It is resized by a new file beside the former one.
    if (redoLog !== undefined && redoLog !== Number(row?.["redoSize"])) add(text("redo") || data, redoLog);
  }
  add(folderOf(text("binaryLog")), NEED.binaryLog);
  add(folderOf(text("relayLog")), NEED.relayLog);
  for (const folder of text("temporary").split(":")) add(folder || data, NEED.temporary);
  add(folderOf(text("errorLog")), NEED.errorLog);
  return map;
}

/** The sizes in a list of InnoDB's files, such as `ibtmp1:12M:autoextend`, in bytes. */
function sizes(files: string): number {
  const units = { "": 1, K: 1 << 10, M: MIB, G: 1 << 30 };
  const found = files.split(";").map((file) => /^[^:]*:(\d+)([KMG]?)/i.exec(file));
  return found.reduce((sum, size) => sum + Number(size?.[1] ?? 0) * units[(size?.[2] ?? "").toUpperCase() as "M"], 0);
}

/** Folders on one file system share its room. */
function byPlace(rooms: readonly Room[]): Map<string, { free: number; folders: string[] }> {
  const places = new Map<string, { free: number; folders: string[] }>();
  for (const { mountedOn, free, folder } of rooms) {
    const place = places.get(mountedOn) ?? { free, folders: [] };
    place.folders.push(folder);
    places.set(mountedOn, place);
  }
  return places;
}
