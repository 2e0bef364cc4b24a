import { openHost } from "../hosts";
import type { Connection } from "../inputs";
import type { Account } from "../recipe/accounts/accounts";
import { passwordHash } from "../recipe/accounts/password";
import { progress } from "../run";
import { type Look, until } from "../waiting";
import { nameOf } from "./connection";
import { ConnectionError } from "./connectionError";
import { forgetDetour, openAsSuperuser, openServer } from "./open";
import type { Server } from "./server";

const START_PATIENCE = 20_000;

/** Refuses a server whose admin account is not ours to make or to change. */
type Refusal = (server: Server) => Promise<void>;

/** The accounts with which this library works on a server. */
export const adminAccounts = ({ admin, direct }: Connection): Account[] =>
  ["localhost", ...(direct ? [direct.from] : [])].map((host) => ({ user: admin.user, host }));

/**
 * Makes sure that the admin account lets us in, and opens a session with it. Where it doesn't, the account is made, or its
 * password changed, by MariaDB's own root through the socket, as in the recipe's first step.
 * @param refuse is asked before anything is made or changed
 */
export async function openAsAdmin(connection: Connection, refuse?: Refusal): Promise<Server> {
  const server = await openUnlessRefused(connection);
  if (!server) {
    await grantAdmin(connection, refuse);
    return withDirectAccess(await openServer(connection));
  }
  try {
    await refuse?.(server);
    return await withDirectAccess(server);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** Undefined: the server lets in nobody by the name and password of the admin account. */
async function openUnlessRefused(connection: Connection): Promise<Server | undefined> {
  try {
    return await openServer(connection);
  } catch (error) {
    const isRefused =
      error instanceof ConnectionError && (error.problem === "login refused" || error.problem === "no admin account");
    if (!isRefused) throw error;
    return undefined;
  }
}

/** A session for looking, as MariaDB's root where the admin account lets nobody in. Undefined: the server can't be asked. */
export async function openToLook(connection: Connection): Promise<Server | undefined> {
  try {
    return (await openUnlessRefused(connection)) ?? (await openAsSuperuser(connection));
  } catch (error) {
    if (error instanceof ConnectionError) return undefined;
    throw error;
  }
}

/** Makes the account for direct access, where it is wanted and may be what was missing for it. */
async function withDirectAccess(server: Server): Promise<Server> {
  const { admin, direct } = server.connection;
  if (!direct || server.isDirect) return server;
  const hash = passwordHash(admin.password);
  const right = await server.row(
    `SELECT 1 FROM mysql.global_priv WHERE User = ? AND Host = ? AND JSON_VALUE(Priv, '$.authentication_string') = ?
       AND JSON_VALUE(Priv, '$.ssl_type') = 1`,
    [admin.user, direct.from, hash],
  );
  if (right) return server;
  progress(`${server.name}: making the admin account "${admin.user}"@"${direct.from}", for TLS only`);
  await makeAdmin(server, direct.from, "REQUIRE SSL");
  forgetDetour(server.connection);
  return server;
}

/** The same with a server that may be on its way up, because another part of this run starts it. */
export async function openAsAdminWhenUp(connection: Connection): Promise<Server> {
  const patience = Date.now() + START_PATIENCE;
  return until({ what: `${nameOf(connection)} to come up`, deadline: 2 * START_PATIENCE }, async () => {
    try {
      const answer: Look<Server> = { done: await openAsAdmin(connection) };
      return answer;
    } catch (error) {
      if (!(error instanceof ConnectionError && error.problem === "stopped") || Date.now() > patience) throw error;
      return { seen: error.message };
    }
  });
}

/** The same with a server that is started where it does not run. */
export const openAsAdminStarted = (connection: Connection, refuse: Refusal): Promise<Server> =>
  started(connection, (where) => openAsAdmin(where, refuse));

/** A session of MariaDB's root on a server that is started where it does not run. */
export const openAsSuperuserStarted = (connection: Connection): Promise<Server> => started(connection, openAsSuperuser);

async function started(connection: Connection, open: (connection: Connection) => Promise<Server>): Promise<Server> {
  try {
    return await open(connection);
  } catch (error) {
    if (!(error instanceof ConnectionError && (error.problem === "stopped" || error.problem === "no data")))
      throw error;
  }
  progress(`${nameOf(connection)}: starting the server`);
  await openHost(connection.host).startService();
  return open(connection);
}

/** Opens a session for taking things off a server: as MariaDB's root where the admin account is gone already. */
export async function openToRemove(connection: Connection): Promise<Server> {
  try {
    return await openServer(connection);
  } catch (error) {
    if (error instanceof ConnectionError && error.problem === "no admin account") {
      return openAsSuperuser(connection);
    }
    throw error;
  }
}

async function grantAdmin(connection: Connection, refuse?: Refusal): Promise<void> {
  await using server = await superuserSession(connection);
  await refuse?.(server);
  progress(`${server.name}: making the admin account "${connection.admin.user}"@"localhost"`);
  await makeAdmin(server, "localhost");
}

async function makeAdmin(server: Server, from: string, requirement = ""): Promise<void> {
  const { user, password } = server.connection.admin;
  const hash = passwordHash(password);
  await server.query(`CREATE USER IF NOT EXISTS ?@? IDENTIFIED BY PASSWORD ? ${requirement}`, [user, from, hash]);
  await server.query(`ALTER USER ?@? IDENTIFIED BY PASSWORD ? ${requirement} ACCOUNT UNLOCK`, [user, from, hash]);
  await server.query("GRANT ALL PRIVILEGES ON *.* TO ?@? WITH GRANT OPTION", [user, from]);
}

async function superuserSession(connection: Connection): Promise<Server> {
  try {
    return await openAsSuperuser(connection);
  } catch (error) {
    if (!(error instanceof ConnectionError && error.problem === "login refused")) throw error;
    throw new Error(
      `${nameOf(connection)} lets in neither "${connection.admin.user}" nor MariaDB's root through its socket, so the admin account ` +
        `can't be made. Give root@localhost the unix_socket plugin back, or correct the admin password in the configuration.`,
    );
  }
}
