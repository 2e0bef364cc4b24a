import * as net from "node:net";
import type { Duplex } from "node:stream";
import { createConnection, type RowDataPacket, type SslOptions } from "mysql2";
import { openHost } from "../hosts";
import type { Admin, Connection } from "../inputs";
import { VIEWER_PRIVILEGES } from "../recipe/accounts/own";
import type { Authentication } from "../recipe/accounts/password";
import { OWN_DATABASES } from "../recipe/names";
import { Version } from "../recipe/version";
import { ofRun, progress } from "../run";
import { within } from "../waiting";
import { adminPassword, nameOf, placeOf } from "./connection";
import { ConnectionError, connectionError, isTrouble, LOGIN_DEADLINE, type Trouble } from "./connectionError";
import { describeWant, wantOfRoom } from "./fullDisk";
import { authPluginsFor } from "./loginMethods";
import { lackingRights } from "./ownRights";
import { format, Server } from "./server";
import { holdsRows } from "./tables";

/** The ways into a server: as whom, and over which stream. */

/** How long the direct way is not tried again when it has failed, in milliseconds. */
const DETOUR = 60_000;

/** Opens a session as the admin account. */
export async function openServer(connection: Connection): Promise<Server> {
  const admin = { user: connection.admin.user, password: adminPassword(connection) };
  try {
    return await openByName(connection, admin);
  } catch (error) {
    throw await orFull(connection, await orNew(connection, error));
  }
}

/** Opens a session that only looks: as the viewer, where the program has one and the server lets it in and look. */
export async function openViewer(connection: Connection): Promise<Server> {
  const { viewer } = connection;
  if (!viewer) return asLooker(await openServer(connection));
  try {
    return await asLooker(await openByName(connection, viewer, { mayNotLeaveLog: true }));
  } catch (error) {
    // Not made yet, changed by hand, or kept out by what keeps others out: what the server is like is seen all the same.
    if (error instanceof ConnectionError && error.problem !== "not answering")
      return asLooker(await openServer(connection));
    throw await orFull(connection, error);
  }
}

/** Refuses a session that would be shown less than there is. */
async function asLooker(server: Server): Promise<Server> {
  const { name, user } = server;
  try {
    const lacking = await lackingRights(server, VIEWER_PRIVILEGES);
    if (lacking.length === 0) return server;
    throw new ConnectionError("login refused", name, `${name} lets "${user}" in, but without ${lacking.join(", ")}`);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

async function openByName(connection: Connection, { user, password }: Admin, way: Way = {}): Promise<Server> {
  return (await openDirectly(connection, { user, password }, way)) ?? login(connection, user, password, way);
}

/** Opens a session as MariaDB's root, through the socket: the only way in before there is an admin account. */
export const openAsSuperuser = (connection: Connection): Promise<Server> =>
  login(connection, openHost(connection.host).superuser, "", { asSuperuser: true });

/** Opens a session as another account, in which `send` passes statements on byte by byte. */
export async function openAs(connection: Connection, user: string, password: string): Promise<Server> {
  const server = await login(connection, user, password, { charset: "latin1" });
  // Else mysql2 would follow a SET NAMES among the statements, and take their bytes for characters.
  await server.query("SET SESSION session_track_system_variables = ''");
  return server;
}

interface Client {
  readonly user: string;
  readonly password: string;
  readonly tls: boolean;
  readonly authentication: Authentication;
}

/** Opens a session as a client has it, through the server's machine: what it commits is logged, since it may not switch that off. */
export const openAsClient = (
  connection: Connection,
  { user, password, tls, authentication }: Client,
): Promise<Server> =>
  login(connection, user, password, {
    mayNotLeaveLog: true,
    authentication,
    ...(tls && { ssl: { rejectUnauthorized: false } }),
  });

/** Opens a session with TLS through the server's machine, to see what the server shows. Nothing of that is verified. */
export async function openEncrypted(connection: Connection): Promise<Server> {
  const way: Way = { ssl: { rejectUnauthorized: false }, mayNotLeaveLog: true };
  const { admin, viewer } = connection;
  const asAdmin = () => login(connection, admin.user, adminPassword(connection), way);
  return viewer ? login(connection, viewer.user, viewer.password, way).catch(asAdmin) : asAdmin();
}

/** Opens sessions of the kind that this one is: where a look at one server leads to another, it stays one. */
export const openerOf = ({ isViewer }: Server): ((connection: Connection) => Promise<Server>) =>
  isViewer ? openViewer : openServer;

/** Opens several servers, or none. */
export async function openAll<T extends readonly Connection[]>(
  connections: readonly [...T],
  open = openServer,
): Promise<{ [K in keyof T]: Server } & AsyncDisposable> {
  const opened = await Promise.allSettled(connections.map((connection) => open(connection)));
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

/** A session, or undefined where the server can't be reached or refuses our login: its own node says why. */
export async function openIfThere(connection: Connection, open = openServer): Promise<Server | undefined> {
  try {
    return await open(connection);
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
  open = openServer,
): Promise<T | undefined> {
  await using server = await openIfThere(connection, open);
  if (!server) return undefined;
  try {
    return await ask(server);
  } catch (error) {
    if (isTroubleOf(connection, error)) return undefined;
    throw error;
  }
}

/** True for trouble of this very server. */
export const isTroubleOf = (connection: Connection, error: unknown): error is Trouble =>
  isTrouble(error) && error.server === nameOf(connection);

/** Until when the direct way to a server is not tried again, by address and port. */
const detours = ofRun(() => new Map<string, number>());

/** What was in the way is gone: the next session tries it again. */
export const forgetDetour = (connection: Connection): void => void detours().delete(placeOf(connection));

/** Undefined: the way through the machine has to be taken, which is as safe. */
async function openDirectly(connection: Connection, { user, password }: Admin, way: Way): Promise<Server | undefined> {
  const { direct, address, port } = connection;
  const key = placeOf(connection);
  if (!direct || (detours().get(key) ?? 0) > Date.now()) return undefined;
  try {
    return await login(connection, user, password, {
      ...way,
      stream: connectTo(address, port),
      ssl: { ca: direct.ca, verifyIdentity: true },
    });
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    detours().set(key, Date.now() + DETOUR);
    progress(`${nameOf(connection)}: not directly with TLS but through its machine (${error.message})`);
    return undefined;
  }
}

/** Tells a server without our account from a server that is down or refuses the login. */
async function orNew(connection: Connection, error: unknown): Promise<unknown> {
  if (!(error instanceof ConnectionError)) return error;
  if (error.problem === "stopped" && !(await openHost(connection.host).hasData())) {
    return new ConnectionError("no data", nameOf(connection), `${nameOf(connection)} has no data directory`);
  }
  if (error.problem !== "login refused") return error;
  try {
    await using superuser = await openAsSuperuser(connection);
    const { user } = connection.admin;
    if (await superuser.row("SELECT 1 FROM mysql.global_priv WHERE User = ?", [user])) return error;
    const name = nameOf(connection);
    const isKnown = await superuser.row("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", [
      OWN_DATABASES.register,
    ]);
    const isNew = !isKnown && !(await holdsRows(superuser));
    const seen = isNew ? `has no account "${user}" yet` : `is in use, but its account "${user}" is gone`;
    return new ConnectionError("no admin account", name, `${name} ${seen}`, error.errno, isNew);
  } catch {
    return error;
  }
}

/** Tells a server whose disk is full from one that is down or hangs for another reason. */
async function orFull(connection: Connection, error: unknown): Promise<unknown> {
  if (!(error instanceof ConnectionError)) return error;
  const { problem, message, errno } = error;
  if (problem !== "not answering" && problem !== "stopped") return error;
  const want = await wantOfRoom(openHost(connection.host));
  if (!want?.isFull) return error;
  return new ConnectionError(
    problem === "stopped" ? problem : "disk full",
    error.server,
    `${message}; ${describeWant(want)}`,
    errno,
  );
}

/** How a session gets to its server. */
interface Way {
  /** @default one to its socket, through its machine */
  readonly stream?: Promise<Duplex>;
  readonly asSuperuser?: boolean;
  readonly ssl?: SslOptions;
  /** What checks the password. @default mysql_native_password */
  readonly authentication?: Authentication;
  /** True: the account has no right to write past the binary log. */
  readonly mayNotLeaveLog?: boolean;
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

async function login(connection: Connection, user: string, password: string, way: Way = {}): Promise<Server> {
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
    const session = createConnection({
      stream,
      ...(way.ssl && { ssl: way.ssl, host: connection.address }),
      user,
      password,
      authPlugins: authPluginsFor(way.authentication),
      connectTimeout: LOGIN_DEADLINE,
      dateStrings: true,
      supportBigNumbers: true,
      bigNumberStrings: true,
      charset: way.charset ?? "utf8mb4",
      queryFormat: format,
    });
    // It may report more than one error, and before the login is through.
    session.on("error", () => undefined);
    const opened = new Promise<void>((resolve, reject) => {
      session.once("connect", () => resolve());
      session.once("error", reject);
    });
    await within(LOGIN_DEADLINE, late, opened);
    const sql = session.promise();
    // Values are quoted with backslashes; no mode of this server may give them another meaning. Nor may what it sets for its clients concern us.
    const unlogged = way.mayNotLeaveLog ? "" : "sql_log_bin=0, ";
    const own =
      "autocommit=1, sql_select_limit=18446744073709551615, sql_big_selects=1, sql_safe_updates=0, sql_quote_show_create=1, max_statement_time=0";
    // Else the driver would encode what follows a SET NAMES of a script in another way than the script is.
    // With EMPTY_STRING_IS_NULL, which the statement itself switches off, '' would be NULL.
    const encoding = "session_track_system_variables=LEFT('x', 0)";
    // The slow log keeps statements as they are, with the password of a CHANGE MASTER.
    const set = `SET SESSION sql_mode=0, slow_query_log=0, ${unlogged}${own}, ${encoding}, lock_wait_timeout=20, wait_timeout=600`;
    await within(LOGIN_DEADLINE, late, sql.query(set));
    const [rows] = await within(LOGIN_DEADLINE, late, sql.query<RowDataPacket[]>("SELECT VERSION() AS version"));
    const version = Version.parse(String(rows[0]?.["version"]));
    return new Server({ connection, host, user, sql, version });
  } catch (error) {
    stream.destroy();
    throw connectionError(name, user, error);
  }
}
