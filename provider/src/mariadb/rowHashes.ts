import { openerOf } from "./open";
import type { Server } from "./server";
import type { Table } from "./tables";

/** Rows of one table as a server hashes them, in the order of the primary key. Rows themselves stay on the server; keys are never shown. */

/** The values of a primary key. */
export type Key = readonly unknown[];

/** A column of a primary key. */
interface KeyColumn {
  /** Its name, quoted. */
  readonly name: string;
  /** An expression: its value, in a form that loses nothing on the way here and back. */
  readonly value: string;
  /** An expression with a mark: such a value as the server compares it with the column. */
  readonly given: string;
}

/** How the rows of a table are told apart and hashed: the same text for both servers. */
export interface RowShape {
  readonly table: Table;
  readonly key: readonly KeyColumn[];
  /** An expression: 32 hexadecimal digits of all columns that are not computed. */
  readonly hash: string;
}

/** Half-open: from behind the one key to the other, including it. Undefined: no end. */
export interface Range {
  readonly after: Key | undefined;
  readonly upTo: Key | undefined;
}

export interface HashedRow {
  readonly key: Key;
  readonly hash: string;
}

/** A session in which rows read the same on every server. */
export async function openToHash(server: Server): Promise<Server> {
  const session = await openerOf(server)(server.connection);
  await session.query("SET SESSION time_zone = '+00:00'");
  return session;
}

/** How the rows of a table are hashed, or why they can't be compared. */
export async function shapeOf(server: Server, table: Table): Promise<RowShape | string> {
  const place = [table.database, table.table];
  const columns = await server.query(
    `SELECT COLUMN_NAME AS name, DATA_TYPE AS type FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND IS_GENERATED = 'NEVER' ORDER BY ORDINAL_POSITION`,
    place,
  );
  const key = await server.query(
    `SELECT COLUMN_NAME AS name, SUB_PART AS part FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX`,
    place,
  );
  const types = new Map(columns.map(({ name, type }) => [String(name), String(type)]));
  if (key.length === 0) return "it has no primary key";
  if (key.some(({ part }) => part !== null)) return "its primary key covers only the beginning of a column";
  const parts = [...types].map(([name, type]) => hashedColumn(quoted(name), type));
  // The end of a row's time is in the key of a table WITH SYSTEM VERSIONING, the same for all rows of now, but not on every version.
  const own = key.map(({ name }) => String(name)).filter((name) => types.has(name));
  return {
    table,
    key: own.map((name) => keyColumn(quoted(name), types.get(name) ?? "")),
    hash: `MD5(CONCAT(${parts.join(", ")}))`,
  };
}

/** The order of these values is that of the index, and `=` finds exactly the one. By their texts neither holds for some types. */
function keyColumn(name: string, type: string): KeyColumn {
  if (["enum", "set", "bit"].includes(type)) {
    return { name, value: `CAST(${name} AS UNSIGNED)`, given: "CAST(? AS UNSIGNED)" };
  }
  return { name, value: type === "float" ? `CAST(${name} AS DOUBLE)` : name, given: "?" };
}

/** One column with its length, so that no two rows read alike, and NULL apart from the empty text. */
function hashedColumn(column: string, type: string): string {
  // What may be longer than a packet is hashed by itself. A FLOAT's text has fewer digits than its value.
  const isLong = /blob|text|json|geometry|point|linestring|polygon|collection/.test(type);
  const value = isLong
    ? `MD5(${column})`
    : `CAST(${type === "float" ? `CAST(${column} AS DOUBLE)` : column} AS BINARY)`;
  // What is longer than a packet is NULL as well, and makes the whole hash NULL.
  return `IF(${column} IS NULL, '-', CONCAT(LENGTH(${value}), ':', ${value}))`;
}

const quoted = (name: string): string => `\`${name.replaceAll("`", "``")}\``;

const from = ({ table }: RowShape): string =>
  `FROM ${quoted(table.database)}.${quoted(table.table)} FORCE INDEX (PRIMARY)`;
const orderOf = ({ key }: RowShape): string => key.map(({ name }) => name).join(", ");
/** Renamed: JavaScript puts columns whose names are numbers into another order. */
const valuesOf = ({ key }: RowShape): string => key.map(({ value }, at) => `${value} AS k${at}`).join(", ");

export interface Digest {
  /** Rows in the range. */
  readonly rows: number;
  /** Rows of which the server has made no hash: it does not make MD5, or one is longer than its max_allowed_packet. */
  readonly unhashed: number;
  /** Two sums of the hashes, in one text. */
  readonly sums: string;
}

export async function digest(server: Server, shape: RowShape, range: Range): Promise<Digest> {
  const { text, values } = where(shape, range);
  const half = (first: number) => `SUM(CAST(CONV(SUBSTR(h, ${first}, 16), 16, 10) AS UNSIGNED))`;
  const row = await server.row(
    `SELECT COUNT(*) AS total, COUNT(h) AS hashed, CONCAT_WS(' ', ${half(1)}, ${half(17)}) AS sums FROM (SELECT ${shape.hash} AS h ${from(shape)} ${text}) AS t`,
    values,
  );
  const rows = Number(row?.["total"]);
  return { rows, unhashed: rows - Number(row?.["hashed"]), sums: String(row?.["sums"]) };
}

/** The key of the row of that number in a range, counted from 1; undefined: it has fewer. */
export async function keyAt(server: Server, shape: RowShape, range: Range, rows: number): Promise<Key | undefined> {
  const { text, values } = where(shape, range);
  const row = await server.row(
    `SELECT ${valuesOf(shape)} ${from(shape)} ${text} ORDER BY ${orderOf(shape)} LIMIT 1 OFFSET ${rows - 1}`,
    values,
  );
  return row && Object.values(row);
}

export async function hashedRows(server: Server, shape: RowShape, range: Range): Promise<HashedRow[]> {
  const { text, values } = where(shape, range);
  const rows = await server.query(`SELECT ${shape.hash} AS hash, ${valuesOf(shape)} ${from(shape)} ${text}`, values);
  return rows.map((row) => {
    const [hash, ...key] = Object.values(row);
    return { hash: String(hash), key };
  });
}

/** The hash of each of these keys' rows, undefined where there is none. The server decides which key is which, by its collation. */
export async function hashesOf(server: Server, shape: RowShape, keys: readonly Key[]): Promise<(string | undefined)[]> {
  const AT_ONCE = 100;
  const hashes: (string | undefined)[] = [];
  for (let first = 0; first < keys.length; first += AT_ONCE) {
    const some = keys.slice(first, first + AT_ONCE);
    const equal = shape.key.map(({ name, given }) => `${name} = ${given}`).join(" AND ");
    const row = await server.row(
      `SELECT ${some.map((_, at) => `(SELECT ${shape.hash} ${from(shape)} WHERE ${equal}) AS r${at}`).join(", ")}`,
      some.flat(),
    );
    hashes.push(...Object.values(row ?? {}).map((hash) => (hash === null ? undefined : String(hash))));
  }
  return hashes;
}

/** Row constructors (`(a, b) > (1, 2)`) would not use the index. */
function where({ key }: RowShape, { after, upTo }: Range): { text: string; values: unknown[] } {
  const bounds = [...(after ? [beyond(key, after, ">", ">")] : []), ...(upTo ? [beyond(key, upTo, "<", "<=")] : [])];
  if (bounds.length === 0) return { text: "", values: [] };
  return {
    text: `WHERE ${bounds.map(({ text }) => `(${text})`).join(" AND ")}`,
    values: bounds.flatMap(({ values }) => values),
  };
}

function beyond(
  key: readonly KeyColumn[],
  bound: Key,
  sign: string,
  lastSign: string,
): { text: string; values: unknown[] } {
  const steps = key.map(({ name, given }, at) => {
    const equal = key.slice(0, at).map((former) => `${former.name} = ${former.given}`);
    const own = `${name} ${at === key.length - 1 ? lastSign : sign} ${given}`;
    return { text: [...equal, own].join(" AND "), values: bound.slice(0, at + 1) };
  });
  return {
    text: steps.map(({ text }) => `(${text})`).join(" OR "),
    values: steps.flatMap(({ values }) => [...values]),
  };
}
