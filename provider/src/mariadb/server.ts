import * as net from "node:net";
import type { Duplex } from "node:stream";
import { escapeId, escape as quoteValue, type SqlValue } from "mysql2";
import {
  createConnection,
  type ResultSetHeader,
  type RowDataPacket,
  type Connection as SqlConnection,
  type SslOptions,
} from "mysql2/promise";
import { openHost } from "../hosts";
import { MAKE_ROOM } from "../hosts/errorLog";
import type { Host } from "../hosts/Host";
import { withoutRows } from "../hosts/serverText";
import { Version } from "../recipe/version";
import { progress, within } from "../waiting";
import { answerOf } from "./answer";
import { adminPassword, type Connection, nameOf } from "./connection";
import { ConnectionError, connectionError, LOGIN_DEADLINE, problemOf, StatementError } from "./connectionError";
import { describeWant, wantOfRoom } from "./fullDisk";

/** How long a server may take to hang up when it is told goodbye, in milliseconds. */
const GOODBYE = 1_000;
/** How long the direct way is not tried again when it has failed. */
const DETOUR = 60_000;
const STATEMENT_DEADLINE = 30_000;

/** How a session gets to its server. */
interface Way {
  /** @default one to its socket, through its machine */
  readonly stream?: Promise<Duplex>;
  readonly asSuperuser?: boolean;
  readonly ssl?: SslOptions;
  /** How the text of statements becomes bytes. @default utf8mb4 */
  readonly charset?: string;
}

/** A connection over the network. It knows to whom it goes: by that, Node compares the name in the certificate, also where it is an address. */
function connectTo(address: string, port: number): Promise<Duplex> {
  const socket = Object.assign(net.connect({ host: address, port, timeout: LOGIN_DEADLINE }), { _host: address });
  return new Promise((resolve, reject) => {
    socket.once("connect", () => resolve(socket.setTimeout(0)));
    socket.once("timeout", () => socket.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })));
    socket.once("error", reject);
  });
}

/** One row, by column name. */
export type Row = Record<string, string | number | null>;

/** An open session on one server of the pair. What it writes is not in the binary log, unless `logged` is used. */
export class Server implements AsyncDisposable {
  /** Why nothing is asked here any more. */
  private givenUp: StatementError | undefined;

  private constructor(
    readonly connection: Connection,
    readonly host: Host,
    private readonly sql: SqlConnection,
    readonly version: Version,
    /** True: it does not go through the server's machine. */
    readonly isDirect: boolean,
  ) {}

  get name(): string {
    return nameOf(this.connection);
  }

  /** Opens a session as the admin account. */
  static async open(connection: Connection): Promise<Server> {
    const direct = await Server.openDirectly(connection);
    if (direct) return direct;
    try {
      return await Server.login(connection, connection.admin.user, adminPassword(connection));
    } catch (error) {
      throw await Server.orFull(connection, await Server.orNew(connection, error));
    }
  }

  /** Opens a session as MariaDB's root, through the socket: the only way in before there is an admin account. */
  static async openAsSuperuser(connection: Connection): Promise<Server> {
    return Server.login(connection, openHost(connection.host).superuser, "", { asSuperuser: true });
  }

  /** Opens a session as another account, in which `send` passes statements on byte by byte. */
  static async openAs(connection: Connection, user: string, password: string): Promise<Server> {
    const server = await Server.login(connection, user, password, { charset: "latin1" });
    // Else mysql2 would follow a SET NAMES among the statements, and take their bytes for characters.
    await server.query("SET SESSION session_track_system_variables = ''");
    return server;
  }

  /** Opens a session with TLS through the server's machine, to see what the server shows. Nothing of that is verified. */
  static async openEncrypted(connection: Connection): Promise<Server> {
    const unverified = { ssl: { rejectUnauthorized: false } };
    return Server.login(connection, connection.admin.user, adminPassword(connection), unverified);
  }

  private static readonly detours = new Map<string, number>();

  /** What was in the way is gone: the next session tries it again. */
  static forgetDetour({ address, port }: Connection): void {
    Server.detours.delete(`${address}:${port}`);
  }

  /** Undefined: the way through the machine has to be taken, which is as safe. */
  private static async openDirectly(connection: Connection): Promise<Server | undefined> {
    const { direct, address, port } = connection;
    const key = `${address}:${port}`;
    if (!direct || (Server.detours.get(key) ?? 0) > Date.now()) return undefined;
    try {
      return await Server.login(connection, connection.admin.user, adminPassword(connection), {
        stream: connectTo(address, port),
        ssl: { ca: direct.ca, verifyIdentity: true },
      });
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      Server.detours.set(key, Date.now() + DETOUR);
      progress(`${nameOf(connection)}: not directly with TLS but through its machine (${error.message})`);
      return undefined;
    }
  }

  /** Tells a server on which nothing of ours is from one that is down or refuses us. */
  private static async orNew(connection: Connection, error: unknown): Promise<unknown> {
    if (!(error instanceof ConnectionError)) return error;
    if (error.problem === "stopped" && !(await openHost(connection.host).hasData())) {
      return new ConnectionError("no data", `${nameOf(connection)} has no data directory`, undefined);
    }
    if (error.problem !== "login refused") return error;
    try {
      await using superuser = await Server.openAsSuperuser(connection);
      const { user } = connection.admin;
      if (await superuser.row("SELECT 1 FROM mysql.global_priv WHERE User = ?", [user])) return error;
      return new ConnectionError("no admin account", `${nameOf(connection)} has no account "${user}" yet`, error.errno);
    } catch {
      return error;
    }
  }

  /** Tells a server whose disk is full from one that is down or hangs for another reason. */
  private static async orFull(connection: Connection, error: unknown): Promise<unknown> {
    if (!(error instanceof ConnectionError)) return error;
    const { problem, message, errno } = error;
    if (problem !== "not answering" && problem !== "stopped") return error;
    const want = await wantOfRoom(openHost(connection.host));
    if (!want?.isFull) return error;
    return new ConnectionError(
      problem === "stopped" ? problem : "disk full",
      `${message}; ${describeWant(want)}`,
      errno,
    );
  }

  private static async login(connection: Connection, user: string, password: string, way: Way = {}): Promise<Server> {
    const host = openHost(connection.host);
    const name = nameOf(connection);
    const opening = way.stream ?? host.openStream({ asSuperuser: way.asSuperuser ?? false });
    const stream = await opening.catch((error) => {
      throw connectionError(name, user, error);
    });
    // The stream reports what happens to it before mysql2 listens.
    stream.on("error", () => undefined);
    const late = () => Object.assign(new Error("too late"), { code: "ETIMEDOUT" });
    try {
      const opened = createConnection({
        stream,
        ...(way.ssl && { ssl: way.ssl, host: connection.address }),
        user,
        password,
        connectTimeout: LOGIN_DEADLINE,
        dateStrings: true,
        supportBigNumbers: true,
        bigNumberStrings: true,
        charset: way.charset ?? "utf8mb4",
        queryFormat: format,
      });
      const sql = await within(LOGIN_DEADLINE, late, opened);
      sql.on("error", () => undefined);
      // Values are quoted with backslashes; no mode of this server may give them another meaning.
      await within(
        LOGIN_DEADLINE,
        late,
        sql.query("SET SESSION sql_mode='', sql_log_bin=0, lock_wait_timeout=20, wait_timeout=600"),
      );
      const [rows] = await within(LOGIN_DEADLINE, late, sql.query<RowDataPacket[]>("SELECT VERSION() AS version"));
      return new Server(connection, host, sql, Version.parse(String(rows[0]?.["version"])), way.stream !== undefined);
    } catch (error) {
      stream.destroy();
      throw connectionError(name, user, error);
    }
  }

  /** Runs a statement and answers its rows. Values are given apart from the text, and quoted here. */
  async query(statement: string, values: readonly unknown[] = [], deadline = STATEMENT_DEADLINE): Promise<Row[]> {
    if (this.givenUp) throw this.givenUp;
    const { name, host } = this;
    const shown = summary(statement);
    try {
      const sent = values.map((value) => (value instanceof Secret ? value.text : value));
      const answer = this.sql.query({ sql: statement, values: sent });
      const [rows] = await answerOf({ name, host, shown, deadline }, answer);
      return Array.isArray(rows) ? (rows as Row[]) : [];
    } catch (error) {
      if (error instanceof StatementError) {
        this.givenUp = error;
        this.sql.destroy();
        throw error;
      }
      // Another statement of this session got no answer while this one waited.
      if (this.givenUp) throw this.givenUp;
      const { errno, fatal, message } = error as { errno?: number; fatal?: boolean; message: string };
      const reason = withoutRows(withoutSecrets(message, values), errno);
      // To whoever only wanted to look at it, a server that goes away meanwhile is as one that was gone before.
      if (fatal) {
        throw new ConnectionError("stopped", `${name} ended the session, as it does when it stops: ${reason}`, errno);
      }
      if (errno === undefined) throw new Error(message);
      const problem = problemOf(errno, message);
      const remedy = problem === "disk full" ? `. ${MAKE_ROOM}` : "";
      throw new StatementError(problem, name, `${name}: ${reason} (error ${errno}, in: ${shown})${remedy}`, errno);
    }
  }

  /**
   * Runs a statement as it is, in a session of `openAs`, and returns how many rows it wrote. The error has the server's number and word but no
   * text: in that the server may quote rows.
   */
  async send(statement: Buffer, deadline: number): Promise<number> {
    const { name, host } = this;
    try {
      const answer = this.sql.query<ResultSetHeader>(statement.toString("latin1"));
      const [done] = await answerOf({ name, host, shown: "a statement of a dump", deadline }, answer);
      return done.affectedRows ?? 0;
    } catch (error) {
      if (error instanceof StatementError) throw error;
      const { errno, code, fatal, message } = error as {
        errno?: number;
        code?: string;
        fatal?: boolean;
        message: string;
      };
      if (fatal) throw new ConnectionError("stopped", `${name} ended the session (${code})`, errno);
      if (errno === undefined) throw error;
      const problem = problemOf(errno, message);
      const remedy = problem === "disk full" ? `: its disk is full. ${MAKE_ROOM}` : "";
      throw new StatementError(problem, name, `error ${errno} (${code})${remedy}`, errno);
    }
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

/** Opens several servers, or none. */
export async function openAll<T extends readonly Connection[]>(
  ...connections: T
): Promise<{ [K in keyof T]: Server } & AsyncDisposable> {
  const opened = await Promise.allSettled(connections.map((connection) => Server.open(connection)));
  const servers = opened.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
  const close = async () => void (await Promise.all(servers.map((server) => server[Symbol.asyncDispose]())));
  const failed = opened.find((attempt) => attempt.status === "rejected");
  if (failed) {
    await close();
    throw failed.reason;
  }
  return Object.assign(servers, { [Symbol.asyncDispose]: close }) as unknown as {
    [K in keyof T]: Server;
  } & AsyncDisposable;
}

/** A session, or undefined where the server can't be reached or lets us not in: its own node says why. */
export async function openIfThere(connection: Connection): Promise<Server | undefined> {
  try {
    return await Server.open(connection);
  } catch (error) {
    if (error instanceof ConnectionError) return undefined;
    throw error;
  }
}

/**
 * What a server says, or undefined where it can't be reached, or gets into trouble while it is asked: its own node says why.
 * Trouble of another server is not hidden.
 */
export async function askIfThere<T>(
  connection: Connection,
  ask: (server: Server) => Promise<T>,
): Promise<T | undefined> {
  await using server = await openIfThere(connection);
  if (!server) return undefined;
  try {
    return await ask(server);
  } catch (error) {
    if (isTroubleOf(connection, error)) return undefined;
    throw error;
  }
}

export const isTroubleOf = (connection: Connection, error: unknown): error is StatementError =>
  error instanceof StatementError && error.server === nameOf(connection);

/** Puts values where the marks are: `?` a value, `??` one name, in which a dot is a character like any other. */
function format(statement: string, values: unknown): string {
  const given = Array.isArray(values) ? values : [];
  let next = 0;
  return statement.replace(/\?\??/g, (mark) => {
    if (next >= given.length) return mark;
    const value: unknown = given[next++];
    return mark === "??" ? escapeId(String(value), true) : quoteValue(value as SqlValue);
  });
}

function summary(statement: string): string {
  const line = statement.replace(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 200)} ...` : line;
}

/** A value that no message may show. Password hashes are hidden without being marked. */
export class Secret {
  constructor(readonly text: string) {}
}

/** Servers quote parts of a statement in their errors: no secret that we sent may be shown by that. */
function withoutSecrets(message: string, values: readonly unknown[]): string {
  const secrets = values.flatMap((value) => (value instanceof Secret && value.text !== "" ? [value.text] : []));
  const hidden = secrets.reduce((text, secret) => text.split(secret).join("***"), message);
  return hidden.replace(/\*[0-9A-F]{40}/g, "***");
}
