import { deflateSync } from "node:zlib";
import fc from "fast-check";
import {
  firstSequence,
  holds,
  isLegible,
  lastTransaction,
  receivedFrom,
  type Transaction,
} from "../../provider/src/recipe/logEvents";

/** Events as a server writes them: header, contents, checksum. */

const [QUERY, ROTATE, XID, TABLE_MAP, ANNOTATE, GTID, WRITE, START_ENCRYPTION] = [2, 4, 16, 19, 160, 162, 23, 164];

interface Event {
  type: number;
  body: Buffer;
  time?: number;
  server?: number;
}

/** Events one after the other, with the positions that they have in the log of the server that wrote them. */
function log(events: readonly Event[], begin = 1000): Buffer {
  let end = begin;
  return Buffer.concat(
    events.map(({ type, body, time = 1_795_000_000, server = 2 }) => {
      const event = Buffer.alloc(19 + body.length + 4, 0xcc);
      event.writeUInt32LE(time, 0);
      event.writeUInt8(type, 4);
      event.writeUInt32LE(server, 5);
      event.writeUInt32LE(event.length, 9);
      end += event.length;
      event.writeUInt32LE(end, 13);
      event.writeUInt16LE(0, 17);
      body.copy(event, 19);
      return event;
    }),
  );
}

function gtid(sequence: bigint, { domain = 2, standalone = false } = {}): Event {
  const body = Buffer.alloc(19);
  body.writeBigUInt64LE(sequence, 0);
  body.writeUInt32LE(domain, 8);
  body.writeUInt8(standalone ? 1 : 0, 12);
  return { type: GTID, body };
}

const rows = (contents: string): Event[] => [
  { type: TABLE_MAP, body: Buffer.from("session") },
  { type: WRITE, body: Buffer.from(contents) },
  { type: XID, body: Buffer.alloc(8) },
];
const transaction = (sequence: bigint, contents: string, options = {}): Event[] => [
  gtid(sequence, options),
  ...rows(contents),
];
const annotated = ([first, ...rest]: Event[]): Event[] => [
  first as Event,
  { type: ANNOTATE, body: Buffer.from("INSERT") },
  ...rest,
];
const last = (bytes: Buffer): Transaction => {
  const found = lastTransaction(bytes, 2);
  if (!found) throw new Error("none was found");
  return found;
};

test("the last whole transaction is found wherever the piece of the log begins", () => {
  const bytes = log([...transaction(7n, "seven"), ...transaction(8n, "eight")]);
  const second = log(transaction(7n, "seven")).length;
  fc.assert(
    fc.property(fc.nat({ max: second }), fc.uint8Array({ maxLength: 40 }), (cut, garbage) => {
      const found = last(Buffer.concat([garbage, bytes.subarray(cut)]));
      expect([found.sequence, found.begin, found.length]).toEqual([8n, 1000 + second, bytes.length - second]);
    }),
  );
});

test("one that was cut off while it was received does not count; the one before does", () => {
  const first = log(transaction(7n, "seven")).length;
  const bytes = log([...transaction(7n, "seven"), ...transaction(8n, "eight")]);
  for (let length = first; length < bytes.length; length++) expect(last(bytes.subarray(0, length)).sequence).toBe(7n);
});

test("transactions of other domains are left out, and a statement that is one by itself counts", () => {
  const statement = [
    gtid(9n, { standalone: true }),
    { type: QUERY, body: Buffer.from("DROP DATABASE IF EXISTS pulumi_probe") },
  ];
  expect(
    last(log([...transaction(7n, "seven"), ...statement, ...transaction(3n, "three", { domain: 1 })])).sequence,
  ).toBe(9n);
  expect(lastTransaction(log(transaction(3n, "three", { domain: 1 })), 2)).toBeUndefined();
});

test("rows that look like the beginning of a transaction are not taken for one", () => {
  const fake = log([gtid(99n)]).toString("latin1");
  const bytes = log([
    gtid(8n),
    { type: WRITE, body: Buffer.from(fake, "latin1") },
    { type: XID, body: Buffer.alloc(8) },
  ]);
  expect(last(bytes).sequence).toBe(8n);
});

test("the source's log holds it with the text of the statement, and whatever follows", () => {
  const received = last(log(transaction(8n, "eight")));
  expect(holds(log(annotated([...transaction(8n, "eight"), ...transaction(9n, "nine")])), received)).toBe(true);
});

test("a log that its server compresses holds what the replica keeps uncompressed, and nothing else", () => {
  const WRITE_COMPRESSED = 166;
  // Table and flags, one column, its bitmap, rows.
  const before = Buffer.from([9, 0, 0, 0, 0, 0, 1, 0, 1, 1]);
  const written = (contents: string, isCompressed: boolean): Event[] => {
    const data = Buffer.from(contents.repeat(100));
    const packed = Buffer.concat([Buffer.from([0x82, data.length >> 8, data.length & 255]), deflateSync(data)]);
    const body = Buffer.concat([before, isCompressed ? packed : data]);
    return [gtid(8n), { type: isCompressed ? WRITE_COMPRESSED : WRITE, body }, { type: XID, body: Buffer.alloc(8) }];
  };
  const received = last(log(written("eight", false)));
  // In its own log, what follows begins earlier.
  const piece = log(written("eight", true));
  expect(holds(piece, received)).toBe(true);
  expect(holds(log(written("seven", true)), received)).toBe(false);
  for (let cut = 1; cut < 60; cut++) expect(holds(piece.subarray(0, piece.length - cut), received)).toBeUndefined();
});

test.each<[string, Event[]]>([
  ["the same number with other rows", transaction(8n, "EIGHT")],
  ["another number", transaction(9n, "eight")],
  ["the same rows at another time", transaction(8n, "eight").map((event) => ({ ...event, time: 1_795_000_001 }))],
  ["only its beginning, and then another", [gtid(8n), ...transaction(9n, "nine")]],
])("a log with %s in its place does not hold it", (_what, events) => {
  expect(holds(log(events), last(log(transaction(8n, "eight"))))).toBe(false);
});

test("a piece that ends within the transaction tells nothing", () => {
  const bytes = log(transaction(8n, "eight"));
  for (let cut = 1; cut <= bytes.length; cut++) {
    expect(holds(bytes.subarray(0, bytes.length - cut), last(bytes))).toBeUndefined();
  }
});

test("the source's file is read with a checksum behind it and without", () => {
  const rotate = (name: string, checksum: boolean) => {
    const event = log([{ type: ROTATE, body: Buffer.concat([Buffer.alloc(8), Buffer.from(name)]) }]);
    event.writeUInt32LE(0, 13);
    const bytes = checksum ? event : event.subarray(0, event.length - 4);
    bytes.writeUInt32LE(bytes.length, 9);
    return Buffer.concat([Buffer.alloc(4), bytes]);
  };
  for (const checksum of [true, false]) {
    expect(receivedFrom(rotate("mariadbmaster-bin.000012", checksum))).toBe("mariadbmaster-bin.000012");
    expect(receivedFrom(rotate("a.b-bin.1000012", checksum))).toBe("a.b-bin.1000012");
  }
});

test("the first transaction of a log is told from later ones, and from those of other domains", () => {
  const file = (...events: Event[]) => Buffer.concat([Buffer.alloc(4), log(events)]);
  expect(firstSequence(file(...transaction(7n, "seven"), ...transaction(8n, "eight")), 2)).toBe(7n);
  expect(firstSequence(file(...transaction(3n, "three", { domain: 1 })), 2)).toBeUndefined();
  expect(firstSequence(file(), 2)).toBeUndefined();
});

test("an encrypted log is not taken for one with another history", () => {
  const magic = Buffer.alloc(4);
  expect(isLegible(Buffer.concat([magic, log(transaction(8n, "eight"))]))).toBe(true);
  expect(isLegible(Buffer.concat([magic, log([{ type: START_ENCRYPTION, body: Buffer.alloc(17) }])]))).toBe(false);
});

test("no bytes at all, of whatever kind, make it fail", () => {
  const received = last(log(transaction(8n, "eight")));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      lastTransaction(Buffer.from(bytes), 2);
      receivedFrom(Buffer.from(bytes));
      expect(holds(Buffer.from(bytes), received)).not.toBe(true);
    }),
  );
});
