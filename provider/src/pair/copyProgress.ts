import type { Server } from "../mariadb/server";
import { progress } from "../run";

/** Milliseconds to the first line, and between two. */
const FIRST = 1_000;
const NEXT = 5_000;
const MB = 1_000_000;

/** Tells how far a copy has come: in tables, rows and MB, and how long it will still take. */
export class CopyProgress {
  private readonly begin = Date.now();
  private next = this.begin + FIRST;
  private bytes = 0;
  private rows = 0;
  private readonly begun = new Map<string, number>();

  private constructor(
    private readonly from: Server,
    private readonly to: Server,
    private readonly tables: number,
    /** Rows, as the source estimates them. */
    private readonly expected: number,
    /** Bytes of its tables. Their text is at most about twice as long. */
    private readonly size: number,
  ) {}

  static async of(from: Server, to: Server, databases: readonly string[]): Promise<CopyProgress> {
    const seen = await from.row(
      `SELECT COUNT(*) AS tables, IFNULL(SUM(TABLE_ROWS), 0) AS expected, IFNULL(SUM(DATA_LENGTH), 0) AS size
         FROM information_schema.TABLES WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND TABLE_SCHEMA IN (?)`,
      [databases],
    );
    return new CopyProgress(from, to, Number(seen?.["tables"]), Number(seen?.["expected"]), Number(seen?.["size"]));
  }

  add(table: string, rows: number): void {
    this.begun.set(table, (this.begun.get(table) ?? 0) + rows);
    this.rows += rows;
  }

  /** Rows so far, by table. */
  get rowsOf(): Record<string, number> {
    return Object.fromEntries(this.begun);
  }

  /** Counts bytes, and prints a line when it is time for one. The sessions that wait meanwhile show that they live. */
  async tell(bytes: number): Promise<void> {
    this.bytes += bytes;
    const now = Date.now();
    if (now < this.next) return;
    this.next = now + NEXT;
    progress(this.line(now - this.begin));
    await Promise.all([this.from.query("DO 1"), this.to.query("DO 1")]);
  }

  private line(elapsed: number): string {
    const { from, to, begun, rows, expected, size, tables } = this;
    // Large rows may come first: then the bytes tell more.
    const done = Math.min(0.99, Math.max(rows / Math.max(expected, rows, 1), this.bytes / (2 * size + 1)));
    const of = (total: number) => (done > 0 ? ` of about ${Math.round(total / done / MB)}` : "");
    const left = done > 0 ? `, about ${Math.ceil((elapsed / done - elapsed) / 1000)} s left` : "";
    return (
      `${to.name}: copying from ${from.name}: table ${Math.max(1, begun.size)} of ${tables} (${[...begun.keys()].at(-1) ?? "its definition"}), ` +
      `${Math.round(this.bytes / MB)}${of(this.bytes)} MB${left}`
    );
  }
}
