import { isDeepStrictEqual } from "node:util";
import { readDefinitions } from "../mariadb/definitions";
import {
  digest,
  hashedRows,
  hashesOf,
  type Key,
  keyAt,
  openToHash,
  type Range,
  type RowShape,
  shapeOf,
} from "../mariadb/rowHashes";
import type { Server } from "../mariadb/server";
import { hasRows, type Table, tablesWithReach, usersTables } from "../mariadb/tables";
import type { NodeTables } from "../recipe/schema/drift";
import { during } from "../waiting";

/** Which rows one server has and the other lacks. Rows stay where they are: hashes are compared, and keys are never shown. */

/** How the rows of a table on one server relate to those on the other. */
export interface TableRows extends Table {
  /** Why its rows can't be compared. Undefined: they were. */
  readonly notComparable?: string;
  /** Rows whose key only the one has, only the other has, and rows of one key that differ. */
  readonly onlyOne: number;
  readonly onlyOther: number;
  readonly differing: number;
}

export interface RowComparison {
  /** The replicated ones. */
  readonly tables: readonly TableRows[];
  /** Where the binary logs of both ended before the first look. */
  readonly written: Written;
  /** Of what the one lacks, the first keys of each table: what is in flight is told apart by a second look at them. */
  readonly lacking: readonly Keys[];
}

interface Keys {
  readonly shape: RowShape;
  readonly keys: readonly Key[];
}

export interface Written {
  readonly one: string;
  readonly other: string;
}

/** Keys of a table that are remembered. */
const REMEMBERED = 1000;

/** Compares all replicated tables of both, as they are while it runs. Memory holds no more than a chunk of either. */
export async function compareRows(one: Server, other: Server, rowsAtOnce = 1000): Promise<RowComparison> {
  await using here = await openToHash(one);
  await using there = await openToHash(other);
  const written = { one: await writtenBy(here), other: await writtenBy(there) };
  const { replicated } = await tablesOf(here, there);
  return { ...(await compareTables(here, there, replicated, rowsAtOnce)), written };
}

/** Where a server's binary log ends: it stays while no client writes. */
export const writtenBy = (server: Server): Promise<string> => server.value("SELECT @@GLOBAL.gtid_binlog_pos");

/** Compares the tables that do not replicate, and in which the one has rows. */
export async function compareUnreplicated(one: Server, other: Server): Promise<TableRows[]> {
  await using here = await openToHash(one);
  await using there = await openToHash(other);
  const { others } = await tablesOf(here, there);
  const filled: Table[] = [];
  for (const table of others) if (await hasRows(here, table)) filled.push(table);
  const { tables } = await compareTables(here, there, filled, 1000);
  return tables;
}

async function compareTables(here: Server, there: Server, wanted: readonly Table[], rowsAtOnce: number) {
  const lookUp = definitions(here, there);
  const tables: TableRows[] = [];
  const lacking: Keys[] = [];
  const compareAll = async () => {
    for (const table of wanted) {
      const shape = await commonShape(here, table, await lookUp(table.database));
      const comparison = new TableComparison(here, there, shape, rowsAtOnce);
      await comparison.run();
      tables.push({ ...table, ...comparison.counts });
      const { lackedByOne: keys } = comparison;
      if (typeof shape !== "string" && keys.length > 0) lacking.push({ shape, keys });
    }
  };
  await during(`comparing the rows of ${here.name} and ${there.name}`, compareAll());
  return { tables, lacking };
}

/** Those of the keys that the other still has and the one still lacks. */
export async function stillLacking(one: Server, other: Server, lacking: readonly Keys[]): Promise<Keys[]> {
  await using here = await openToHash(one);
  await using there = await openToHash(other);
  const still: Keys[] = [];
  for (const { shape, keys } of lacking) {
    const [own, others] = await Promise.all([hashesOf(here, shape, keys), hashesOf(there, shape, keys)]);
    const left = keys.filter((_, at) => others[at] !== undefined && own[at] === undefined);
    if (left.length > 0) still.push({ shape, keys: left });
  }
  return still;
}

/** True when every row of the one is on the other too, with the same contents. What can't be compared is no proof. */
export const otherHoldsAll = ({ tables }: Pick<RowComparison, "tables">): boolean =>
  tables.every(({ notComparable, onlyOne, differing }) => !notComparable && onlyOne === 0 && differing === 0);

/** The same comparison, seen from the other server. What to look at again is left out. */
export const turned = ({ tables, written }: RowComparison): RowComparison => ({
  written: { one: written.other, other: written.one },
  tables: tables.map((table) => ({ ...table, onlyOne: table.onlyOther, onlyOther: table.onlyOne })),
  lacking: [],
});

/** The tables that either replicates, and those of the one that neither does. */
async function tablesOf(one: Server, other: Server): Promise<{ replicated: Table[]; others: Table[] }> {
  const all = (await Promise.all([one, other].map(tablesWithReach))).flat();
  const isIn = (tables: readonly Table[], table: Table) => tables.some((same) => isDeepStrictEqual(same, table));
  const replicated = all.filter((table, index) => !isIn(all.slice(0, index), table));
  return { replicated, others: (await usersTables(one)).filter((table) => !isIn(replicated, table)) };
}

type Both = readonly [NodeTables, NodeTables];

/** The definitions of a database on both servers, read once. */
function definitions(one: Server, other: Server): (database: string) => Promise<Both> {
  const known = new Map<string, Promise<Both>>();
  return (database) => {
    const read = known.get(database) ?? Promise.all([readDefinitions(one, database), readDefinitions(other, database)]);
    known.set(database, read);
    return read;
  };
}

/** How rows are hashed on both, or why they can't be compared. */
async function commonShape(server: Server, table: Table, both: Both): Promise<RowShape | string> {
  const without = both.find(({ tables }) => !tables.has(table.table));
  if (without) return `${without.node} does not have it`;
  const [here, there] = both.map(({ tables }) =>
    (tables.get(table.table)?.parts ?? [])
      .filter(({ kind, name }) => kind === "column" || (kind === "index" && name === "PRIMARY"))
      .map(({ kind, name, definition }) => [kind, name, definition])
      .sort(),
  );
  return isDeepStrictEqual(here, there) ? shapeOf(server, table) : "its columns or its primary key differ";
}

/** Rows that are compared by one sum: so many that it takes no longer than this, in milliseconds. */
const QUICK = 250;
const SLOW = 1000;
const MOST = 16_000;
const LEAST = 16;

/** One table: range by range by its sums, and row by row where these differ. */
class TableComparison {
  readonly lackedByOne: Key[] = [];
  private onlyOne = 0;
  private onlyOther = 0;
  private differing = 0;
  private notComparable: string | undefined;

  constructor(
    private readonly one: Server,
    private readonly other: Server,
    private readonly shape: RowShape | string,
    private chunk: number,
  ) {
    if (typeof shape === "string") this.notComparable = shape;
  }

  get counts() {
    const { notComparable, onlyOne, onlyOther, differing } = this;
    return { onlyOne, onlyOther, differing, ...(notComparable !== undefined && { notComparable }) };
  }

  async run(): Promise<void> {
    const { shape } = this;
    if (typeof shape === "string") return;
    for (let after: Key | undefined, done = false; !done; ) {
      const start = Date.now();
      const upTo = await this.endOfChunk(shape, after);
      await this.compareRange(shape, { after, upTo });
      const took = Date.now() - start;
      if (took < QUICK) this.chunk = Math.min(this.chunk * 2, MOST);
      else if (took > SLOW) this.chunk = Math.max(Math.floor(this.chunk / 4), LEAST);
      after = upTo;
      done = upTo === undefined;
    }
  }

  /** A key up to which neither has more than two chunks. Undefined: up to the end. */
  private async endOfChunk(shape: RowShape, after: Key | undefined): Promise<Key | undefined> {
    const { one, other, chunk } = this;
    const upTo = await keyAt(one, shape, { after, upTo: undefined }, chunk);
    const tooMany = await keyAt(other, shape, { after, upTo }, 2 * chunk + 1);
    return tooMany ? keyAt(other, shape, { after, upTo: undefined }, chunk) : upTo;
  }

  private async compareRange(shape: RowShape, range: Range): Promise<void> {
    const { one, other } = this;
    const [here, there] = await Promise.all([digest(one, shape, range), digest(other, shape, range)]);
    if (here.unhashed + there.unhashed > 0) {
      this.notComparable =
        "a server makes no hash of some rows (MD5 is switched off, or its max_allowed_packet is too small)";
      return;
    }
    if (isDeepStrictEqual(here, there)) return;
    if (there.rows === 0) {
      this.onlyOne += here.rows;
      return;
    }
    const [own, others] = await Promise.all([hashedRows(one, shape, range), hashedRows(other, shape, range)]);
    const hashes = (rows: typeof own) => new Set(rows.map(({ hash }) => hash));
    const [ownHashes, othersHashes] = [hashes(own), hashes(others)];
    const ownRest = own.filter(({ hash }) => !othersHashes.has(hash)).map(({ key }) => key);
    const othersRest = others.filter(({ hash }) => !ownHashes.has(hash)).map(({ key }) => key);
    const nothing = othersRest.map(() => undefined);
    const [onOther, onOne] = await Promise.all([
      hashesOf(other, shape, ownRest),
      own.length === 0 ? nothing : hashesOf(one, shape, othersRest),
    ]);
    const lacked = othersRest.filter((_, at) => onOne[at] === undefined);
    this.onlyOne += onOther.filter((hash) => hash === undefined).length;
    this.onlyOther += lacked.length;
    this.differing += othersRest.length - lacked.length;
    this.lackedByOne.push(...lacked.slice(0, REMEMBERED - this.lackedByOne.length));
  }
}
