import { LOG_LINES, MAKE_ROOM, type RoomLine, roomLine } from "../hosts/errorLog";
import type { Host } from "../hosts/Host";
import { type Room, roomIn } from "../hosts/room";
import { within } from "../waiting";

/** Whether a server stands still, or refuses, because its disk is full: by its own log and by what the machine has left. */

/** Below this a server that writes finds no room, however the rest is divided. */
const FULL = 1 << 20;
/** The machine may hang as well. */
const DEADLINE = 10_000;

/** A server's want of room. */
export interface WantOfRoom {
  /** What its log says. Undefined: nothing; the log may be on the full disk. */
  readonly line: RoomLine | undefined;
  /** The place with the least room. */
  readonly room: Room;
  /** False: there is room again, and the server has yet to notice. */
  readonly isFull: boolean;
}

/** Undefined: that is not why, or it can't be told. */
export async function wantOfRoom(host: Host): Promise<WantOfRoom | undefined> {
  return within(DEADLINE, () => new Error("no answer"), look(host)).catch(() => undefined);
}

async function look(host: Host): Promise<WantOfRoom | undefined> {
  const [log, data] = await Promise.all([host.serverLog(LOG_LINES).catch(() => ""), host.dataDirectory()]);
  const line = roomLine(log);
  const rooms = await roomIn(host, line?.folder === undefined ? [data] : [data, line.folder]);
  const [room] = [...rooms].sort((one, other) => one.free - other.free);
  if (!room) return undefined;
  const isFull = room.free < FULL;
  return isFull || line?.waits ? { line, room, isFull } : undefined;
}

/** Begins to watch a server's log. The result tells what it has said of want of room since, and what to do; undefined: nothing. */
export async function roomSince(host: Host): Promise<() => Promise<string | undefined>> {
  const read = async () => (await host.serverLog(LOG_LINES).catch(() => "")).split("\n");
  const before = new Set(await read());
  return async () => {
    const line = roomLine((await read()).filter((each) => !before.has(each)).join("\n"));
    return line && `Its log says "${line.text}". ${MAKE_ROOM}`;
  };
}

/** In words: what the server's log says, how much is left, and what to do about it. */
export function describeWant({ line, room, isFull }: WantOfRoom): string {
  const said = line ? `its log says "${line.text}"; ` : "";
  const left = `${said}${bytes(room.free)} are free where ${room.folder} is`;
  return isFull ? `${left}. ${MAKE_ROOM}` : left;
}

export function bytes(count: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const power = count === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** power;
  return `${power === 0 ? value : Math.floor(value * 10) / 10} ${units[power]}`;
}
