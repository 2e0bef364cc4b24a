import { isWholeStatement } from "./tokens";

/** One statement of a dump, to be sent to a server byte by byte. */
export interface DumpStatement {
  /** Without its delimiter. Holds until the next statement is asked for. */
  readonly text: Buffer;
  /** The table whose rows it inserts. Undefined: it inserts none. */
  readonly rowsOf: string | undefined;
}

const NEWLINE = 0x0a;
const SEMICOLON = 0x3b;
const POSITION = /^-- SET GLOBAL gtid_slave_pos='([^']*)';$/;
const INSERTS = /^INSERT INTO `((?:[^`]|``)+)` /;
const USES = /^USE `((?:[^`]|``)+)`$/;
/** The mode of a body, or back to the session's own, which leaves quotes as they are. */
const SETS_MODE = /^\/\*!\d+ SET .*\bsql_mode\s*=\s*('[^']*'|@)/is;
/** An opening of this kind would switch the client program into a mode; to a server it is an unfinished comment. */
const SANDBOX_MARK = /^\/\*M!999999\\- .*\*\/$/;

/**
 * Takes what mariadb-dump writes apart, piece by piece, in the memory of its longest statement. Rows are most of a dump: their statements are found by their
 * last line, because no string of mariadb-dump has a line break in it. All else is short, and read by the scanner of scripts: bodies of
 * triggers, routines and events may hold anything, also lines that look like the dump's own.
 */
export class DumpReader {
  private parts: Buffer[] = [];
  /** Bytes of all parts. */
  private length = 0;
  private scratch: Buffer = Buffer.alloc(0);
  private code = "";
  private delimiter = ";";
  /** With which the server reads what follows: a body comes with the mode in which it was made. */
  private sqlMode = "";
  private readonly positions: string[] = [];
  private used: string | undefined;
  private rowsOf: string | undefined;
  private endsInSemicolon = false;

  /** @param longest what the server to which the statements go takes at once, in bytes: what is longer can't be loaded, and is not gathered */
  constructor(private readonly longest: number) {}

  /** The statements that end in this piece. */
  *read(piece: Buffer): Generator<DumpStatement> {
    let from = 0;
    while (from < piece.length) {
      const end = this.rowsOf === undefined ? endOfLine(piece, from) : this.endOfRows(piece, from);
      this.gather(piece.subarray(from, end || undefined));
      if (end === 0) {
        this.endsInSemicolon = piece.at(-1) === SEMICOLON;
        return;
      }
      from = end;
      const statement = this.take(this.whole());
      if (statement) yield statement;
    }
  }

  /** Throws when the dump was cut off. */
  end(): void {
    if (this.parts.length > 0 || this.code !== "") throw new Error("the dump ends within a statement");
  }

  /** The position in the source's stream at which the dump was taken. Throws when the dump doesn't tell it exactly once. */
  get position(): string {
    const [position, ...more] = this.positions;
    if (position !== undefined && more.length === 0) return position;
    throw new Error(`the dump tells its GTID position ${this.positions.length} times, where once is expected`);
  }

  /** The database into which the statement goes that came last. Undefined: the dump names none. */
  get database(): string | undefined {
    return this.used;
  }

  private gather(part: Buffer): void {
    this.parts.push(part);
    this.length += part.length;
    if (this.length + this.code.length <= this.longest) return;
    const what = this.rowsOf === undefined ? "a statement of the dump" : `a row of ${this.rowsOf}`;
    throw new Error(
      `${what} is longer than ${this.longest} bytes, which is all that the server takes at once: raise its max_allowed_packet ("settings")`,
    );
  }

  private forget(): void {
    this.parts = [];
    this.length = 0;
  }

  /** The parts in one piece, in memory that is used again and again: a dump has thousands of such pieces. */
  private whole(): Buffer {
    const [first = Buffer.alloc(0), ...more] = this.parts;
    if (more.length === 0) return first;
    const { length } = this;
    if (this.scratch.length < length) this.scratch = Buffer.allocUnsafe(2 * length);
    let at = 0;
    for (const part of this.parts) at += part.copy(this.scratch, at);
    return this.scratch.subarray(0, length);
  }

  private endOfRows(piece: Buffer, from: number): number {
    if (from === 0 && this.endsInSemicolon && piece[0] === NEWLINE) return 1;
    const end = piece.indexOf(";\n", from, "latin1");
    return end < 0 ? 0 : end + 2;
  }

  private take(line: Buffer): DumpStatement | undefined {
    if (this.rowsOf !== undefined) return this.takeRows(line);
    if (this.code === "") {
      this.rowsOf = nameIn(line, INSERTS);
      if (this.rowsOf !== undefined) {
        if (line.at(-2) === SEMICOLON) return this.takeRows(line);
        // More lines belong to it: it is looked for by its end from here on.
        this.parts = [Buffer.from(line)];
        this.endsInSemicolon = false;
        return undefined;
      }
    }
    this.forget();
    return this.takeCode(line.toString("latin1"));
  }

  private takeRows(statement: Buffer): DumpStatement {
    const { rowsOf } = this;
    this.forget();
    this.rowsOf = undefined;
    this.endsInSemicolon = false;
    return { text: statement.subarray(0, -2), rowsOf };
  }

  private takeCode(line: string): DumpStatement | undefined {
    if (this.code === "") {
      const trimmed = line.trim();
      if (trimmed === "" || SANDBOX_MARK.test(trimmed)) return undefined;
      if (/^--(\s|$)/.test(trimmed)) {
        const [, position] = POSITION.exec(trimmed) ?? [];
        if (position !== undefined) this.positions.push(position);
        return undefined;
      }
      const [, delimiter] = /^DELIMITER (\S+)$/.exec(trimmed) ?? [];
      if (delimiter !== undefined) {
        this.delimiter = delimiter;
        return undefined;
      }
    }
    this.code += line;
    if (!this.code.trimEnd().endsWith(this.delimiter) || !isWholeStatement(this.code, this.delimiter, this.sqlMode)) {
      return undefined;
    }
    const [, mode] = SETS_MODE.exec(this.code) ?? [];
    if (mode !== undefined) this.sqlMode = mode;
    const text = Buffer.from(this.code.trimEnd().slice(0, -this.delimiter.length), "latin1");
    this.code = "";
    this.used = nameIn(text, USES) ?? this.used;
    return { text, rowsOf: undefined };
  }
}

/** Behind the next line break. 0: there is none. */
const endOfLine = (piece: Buffer, from: number): number => piece.indexOf(NEWLINE, from) + 1;

const nameIn = (statement: Buffer, pattern: RegExp): string | undefined =>
  pattern.exec(statement.subarray(0, 300).toString("utf8"))?.[1]?.replaceAll("``", "`");
