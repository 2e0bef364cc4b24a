import { inflateSync } from "node:zlib";

/** Events of a binary or relay log, read from its bytes. Their contents are users' data: they are compared, never shown. */

const HEADER = 19;
const QUERY = 2;
const ROTATE = 4;
const FORMAT = 15;
const XID = 16;
const ANNOTATE = 160;
const GTID = 162;
/** Compressed events, with the types of what they are without it, and how many bitmaps of columns precede the rows in them. */
const COMPRESSED = new Map([
  [165, { plain: QUERY, bitmaps: 0 }],
  [166, { plain: 23, bitmaps: 1 }],
  [167, { plain: 24, bitmaps: 2 }],
  [168, { plain: 25, bitmaps: 1 }],
]);
/** More than one event can't be: max_allowed_packet is at most 1 GiB. */
const LONGEST = 1 << 30;

/** One event. */
interface LogEvent {
  readonly type: number;
  /** By the clock of the server that wrote it, in seconds. */
  readonly time: number;
  readonly server: number;
  /** Where the next one begins in the log of the server that wrote it; 0: not said. */
  readonly end: number;
  readonly bytes: Buffer;
}

/** A whole transaction, or a statement that is one by itself. */
export interface Transaction {
  readonly domain: number;
  readonly sequence: bigint;
  /** Where it begins in the log of the server that wrote it. */
  readonly begin: number;
  readonly length: number;
  readonly events: readonly LogEvent[];
}

function eventAt(bytes: Buffer, offset: number): LogEvent | undefined {
  if (offset + HEADER > bytes.length) return undefined;
  const length = bytes.readUInt32LE(offset + 9);
  if (length < HEADER || length > LONGEST || offset + length > bytes.length) return undefined;
  return {
    type: bytes.readUInt8(offset + 4),
    time: bytes.readUInt32LE(offset),
    server: bytes.readUInt32LE(offset + 5),
    end: bytes.readUInt32LE(offset + 13),
    bytes: bytes.subarray(offset, offset + length),
  };
}

/** All whole events from there on. */
function eventsFrom(bytes: Buffer, offset: number): LogEvent[] {
  const events: LogEvent[] = [];
  for (let at = offset, event = eventAt(bytes, at); event; event = eventAt(bytes, at)) {
    events.push(event);
    at += event.bytes.length;
  }
  return events;
}

/** Name of the source's log from which the relay log whose beginning this is was received. */
export function receivedFrom(head: Buffer): string | undefined {
  const MAGIC = 4;
  // The source says first which of its files follows. A file of the relay log has events of one such file only.
  const rotate = eventsFrom(head, MAGIC).find(({ type, end }) => type === ROTATE && end === 0);
  if (!rotate) return undefined;
  const POSITION = 8;
  const name = rotate.bytes.subarray(HEADER + POSITION).toString("latin1");
  // With a checksum or without.
  return [name.slice(0, -4), name].find((candidate) => /^[^/\0]+\.\d{6,}$/.test(candidate));
}

/** The number of the first transaction in a log whose beginning this is, if that is one of the domain. */
export function firstSequence(head: Buffer, domain: number): bigint | undefined {
  const MAGIC = 4;
  const first = eventsFrom(head, MAGIC).find(({ type }) => type === GTID);
  if (!first || first.bytes.readUInt32LE(HEADER + 8) !== domain) return undefined;
  return first.bytes.readBigUInt64LE(HEADER);
}

/** False: what follows in the file is encrypted. */
export function isLegible(head: Buffer): boolean {
  const [MAGIC, START_ENCRYPTION] = [4, 164];
  return !eventsFrom(head, MAGIC).some(({ type }) => type === START_ENCRYPTION);
}

/** The last whole transaction of a domain in the end of a log. The piece may begin anywhere, so its first events are looked for. */
export function lastTransaction(tail: Buffer, domain: number): Transaction | undefined {
  for (let at = tail.length - HEADER; at >= 0; at--) {
    if (tail[at + 4] !== GTID) continue;
    const gtid = eventAt(tail, at);
    if (!gtid || gtid.bytes.length < HEADER + 13 || gtid.bytes.readUInt32LE(HEADER + 8) !== domain) continue;
    const transaction = transactionOf(eventsFrom(tail, at));
    // Rows may hold bytes that look like the beginning of one.
    if (transaction && transaction.begin > 0) return transaction;
  }
  return undefined;
}

/** The transaction that begins with the first of these events; undefined where it is not whole. */
function transactionOf([gtid, ...rest]: readonly LogEvent[]): Transaction | undefined {
  if (gtid?.type !== GTID) return undefined;
  const STANDALONE = 1;
  const isStandalone = (gtid.bytes.readUInt8(HEADER + 12) & STANDALONE) !== 0;
  const last = rest.findIndex(({ type }) => type === XID || type === GTID || (isStandalone && type === QUERY));
  if (last < 0) return undefined;
  const own = rest.slice(0, rest[last]?.type === GTID ? last : last + 1);
  if (own.some(({ type, server }) => type === ROTATE || type === FORMAT || server !== gtid.server)) return undefined;
  const events = [gtid, ...own];
  return {
    domain: gtid.bytes.readUInt32LE(HEADER + 8),
    sequence: gtid.bytes.readBigUInt64LE(HEADER),
    begin: gtid.end - gtid.bytes.length,
    length: events.reduce((sum, { bytes }) => sum + bytes.length, 0),
    events,
  };
}

/**
 * True when the bytes, from the place of a server's own log at which the transaction should be, hold that very transaction. The text of
 * the statement is in the log of the server that wrote it only; what that compresses, a replica keeps uncompressed. Undefined: the piece is too
 * short to tell.
 */
export function holds(piece: Buffer, { events }: Transaction): boolean | undefined {
  let at = 0;
  for (const wanted of events.filter(({ type }) => type !== ANNOTATE)) {
    let seen = eventAt(piece, at);
    while (seen?.type === ANNOTATE) {
      at += seen.bytes.length;
      seen = eventAt(piece, at);
    }
    if (at + HEADER > piece.length) return undefined;
    const type = piece.readUInt8(at + 4);
    const plain = COMPRESSED.get(type)?.plain ?? type;
    if (!seen) return plain === wanted.type ? undefined : false;
    if (plain !== wanted.type || !isSame(uncompressed(seen), wanted.bytes)) return false;
    at += seen.bytes.length;
  }
  return true;
}

/** An event as a replica writes it to its relay log. */
function uncompressed({ type, bytes }: LogEvent): Buffer {
  const compressed = COMPRESSED.get(type);
  if (!compressed) return bytes;
  const { plain, bitmaps } = compressed;
  const begin = plain === QUERY ? beginOfStatement(bytes) : beginOfRows(bytes, bitmaps);
  // One byte that says how many bytes the length has, and the length; what follows the data is the checksum, if there is one.
  const data = begin + 1 + (bytes.readUInt8(begin) & 7);
  const answer = inflateSync(bytes.subarray(data), { info: true, maxOutputLength: LONGEST });
  const { buffer, engine } = answer as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
  const whole = Buffer.concat([bytes.subarray(0, begin), buffer, bytes.subarray(data + engine.bytesWritten)]);
  whole.writeUInt8(plain, 4);
  whole.writeUInt32LE(whole.length, 9);
  return whole;
}

/** Behind the status variables and the name of the database. */
function beginOfStatement(bytes: Buffer): number {
  const database = bytes.readUInt8(HEADER + 8);
  const variables = bytes.readUInt16LE(HEADER + 11);
  return HEADER + 13 + variables + database + 1;
}

/** Behind the number of columns, and the bitmaps of those that are there. */
function beginOfRows(bytes: Buffer, bitmaps: number): number {
  const at = HEADER + 8;
  const first = bytes.readUInt8(at);
  const [columns, size] = first < 251 ? [first, 1] : [bytes.readUInt16LE(at + 1), 3];
  return at + size + bitmaps * Math.ceil(columns / 8);
}

/** Without the position, which is not passed on by every version, and the checksum, which covers it. */
function isSame(one: Buffer, other: Buffer): boolean {
  const CHECKSUM = 4;
  if (one.length !== other.length) return false;
  const part = (bytes: Buffer, from: number, to: number) => bytes.subarray(from, to);
  const end = one.length - CHECKSUM;
  return part(one, 0, 13).equals(part(other, 0, 13)) && part(one, 17, end).equals(part(other, 17, end));
}
