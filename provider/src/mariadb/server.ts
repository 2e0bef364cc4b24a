import { escapeId, type QueryResult, escape as quoteValue, type SqlValue } from "mysql2";
import type { ResultSetHeader, Connection as SqlConnection } from "mysql2/promise";
import { MAKE_ROOM } from "../hosts/errorLog";
import type { Host } from "../hosts/Host";
import { withoutRows } from "../hosts/serverText";
import type { Connection } from "../inputs";
import { looksOnly } from "../recipe/sql/looksOnly";
import type { Version } from "../recipe/version";
import { recorded } from "../record/recorder";
import { answerOf } from "./answer";
import { nameOf } from "./connection";
import { ConnectionError, problemOf, StatementError } from "./connectionError";
import { inClear, withoutSecrets } from "./secret";

/** How long a server may take to hang up when it is told goodbye, in milliseconds. */
const GOODBYE = 1_000;
const STATEMENT_DEADLINE = 30_000;

/** One row, by column name. */
export type Row = Record<string, string | number | null>;

/** What a session is made of. */
interface Session {
  readonly connection: Connection;
  readonly host: Host;
  /** The account that logged in. */
  readonly user: string;
  readonly sql: SqlConnection;
  readonly version: Version;
}

/** An error of mysql2. */
interface SqlError {
  readonly message: string;
  readonly errno?: number;
  readonly code?: string;
  /** True: the session is over. */
  readonly fatal?: boolean;
}

/** An open session on one server of the pair. What it writes is not in the binary log, unless `logged` is used. */
export class Server implements AsyncDisposable {
  readonly connection: Connection;
  readonly host: Host;
  readonly version: Version;
  readonly user: string;
  private readonly sql: SqlConnection;
  /** Why nothing is asked here any more. */
  private givenUp: StatementError | undefined;

  constructor({ connection, host, user, sql, version }: Session) {
    this.connection = connection;
    this.host = host;
    this.user = user;
    this.sql = sql;
    this.version = version;
  }

  /** True: it may look, and change nothing. */
  get isViewer(): boolean {
    return this.user === this.connection.viewer?.user;
  }

  get name(): string {
    return nameOf(this.connection);
  }

  /** Where and as whom a statement runs, for the record. */
  get who(): { readonly node: string; readonly host: string; readonly as: string } {
    return { node: this.name, host: this.host.name, as: this.user };
  }

  /**
   * Runs a statement and returns its rows. Values are given apart from the text, and quoted here.
   * @param told what errors and the record say of a statement whose text is a user's own. @default the text
   */
  async query(
    statement: string,
    values: readonly unknown[] = [],
    deadline = STATEMENT_DEADLINE,
    told = statement,
  ): Promise<Row[]> {
    const work = () => this.answer(statement, values, deadline, summary(told));
    const answer = looksOnly(statement)
      ? await work()
      : await recorded(
          () => ({ event: "statement", ...this.who, statement: told, ...(values.length > 0 && { values }) }),
          work,
          rowsOf,
        );
    return Array.isArray(answer) ? (answer as Row[]) : [];
  }

  /** What the server answers to a statement. */
  private async answer(statement: string, values: readonly unknown[], deadline: number, shown: string) {
    try {
      const query = () => this.sql.query({ sql: statement, values: inClear(values) });
      const [answer] = await this.ask(shown, deadline, query);
      return answer;
    } catch (error) {
      const { message, errno } = error as SqlError;
      const reason = withoutRows(withoutSecrets(message, values), errno);
      const text = `${this.name}: ${reason} (error ${errno}, in: ${shown})`;
      throw this.failure(error, reason, (isFull) => `${text}${isFull ? `. ${MAKE_ROOM}` : ""}`);
    }
  }

  /**
   * Runs a statement as it is, in a session of `openAs`, and returns how many rows it wrote. The error has the server's number and word but no
   * text: in that the server may quote rows. The caller records what all of them do together.
   */
  async send(statement: Buffer, deadline: number): Promise<number> {
    const query = () => this.sql.query<ResultSetHeader>(statement.toString("latin1"));
    try {
      const [done] = await this.ask("a statement of a dump", deadline, query);
      return done.affectedRows ?? 0;
    } catch (error) {
      const { errno, code } = error as SqlError;
      const text = `error ${errno} (${code})`;
      throw this.failure(error, String(code), (isFull) => `${text}${isFull ? `: its disk is full. ${MAKE_ROOM}` : ""}`);
    }
  }

  /** The answer within the deadline. A session whose server gives none is not asked again. */
  private async ask<T>(shown: string, deadline: number, query: () => Promise<T>): Promise<T> {
    if (this.givenUp) throw this.givenUp;
    const { name, host } = this;
    try {
      return await answerOf({ name, host, shown, deadline }, query());
    } catch (error) {
      if (error instanceof StatementError) {
        this.givenUp = error;
        this.sql.destroy();
      }
      // Another statement of this session may have got no answer while this one waited.
      throw this.givenUp ?? error;
    }
  }

  /**
   * What to tell of an error.
   * @param reason the server's own words, without secrets and rows
   * @param tell the text for one that the server answered with
   */
  private failure(error: unknown, reason: string, tell: (isFull: boolean) => string): Error {
    if (error instanceof StatementError) return error;
    const { name } = this;
    const { errno, fatal, message } = error as SqlError;
    // For a caller that only looks, a server that goes away meanwhile counts as one that was down before.
    if (fatal) {
      return new ConnectionError(
        "stopped",
        name,
        `${name} ended the session, as it does when it stops: ${reason}`,
        errno,
      );
    }
    if (errno === undefined) return new Error(message);
    const problem = problemOf(errno, message);
    return new StatementError(problem, name, tell(problem === "disk full"), errno);
  }

  /** The first row of an answer. */
  async row(statement: string, values: readonly unknown[] = [], deadline?: number): Promise<Row | undefined> {
    return (await this.query(statement, values, deadline))[0];
  }

  /** The only value of an answer. */
  async value(statement: string, values: readonly unknown[] = [], deadline?: number): Promise<string> {
    const row = await this.row(statement, values, deadline);
    return String(row ? (Object.values(row)[0] ?? "") : "");
  }

  /** Runs `work` with the binary log on: what it writes reaches the peer. */
  async logged<T>(work: () => Promise<T>): Promise<T> {
    await this.query("SET SESSION sql_log_bin=1");
    try {
      return await work();
    } finally {
      await this.query("SET SESSION sql_log_bin=0");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Without a goodbye the server would log an aborted connection. A hung one never answers it.
    setTimeout(() => this.sql.destroy(), GOODBYE).unref();
    this.sql.end().catch(() => undefined);
  }
}

/** Puts values where the marks are: `?` a value, `??` one name, in which a dot is a character like any other. */
export function format(statement: string, values: unknown): string {
  const given = Array.isArray(values) ? values : [];
  let next = 0;
  return statement.replace(/\?\??/g, (mark) => {
    if (next >= given.length) return mark;
    const value: unknown = given[next++];
    return mark === "??" ? escapeId(String(value), true) : quoteValue(value as SqlValue);
  });
}

/** How many rows a statement wrote, where it wrote any. */
const rowsOf = (answer: QueryResult) =>
  "affectedRows" in answer && answer.affectedRows > 0 ? { rows: answer.affectedRows } : {};

function summary(statement: string): string {
  const line = statement.replace(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 200)} ...` : line;
}
