import { openHost } from "../hosts";
import type { Connection } from "../inputs";
import { passwordHash } from "../recipe/accounts/password";
import { progress } from "../run";
import { type Look, until } from "../waiting";
import { nameOf } from "./connection";
import { ConnectionError } from "./connectionError";
import { forgetDetour, openAsSuperuser, openServer } from "./open";
import type { Server } from "./server";

const START_PATIENCE = 20_000;

/**
 * Makes sure that the admin account lets us in, and opens a session with it. Where it doesn't, the account is made, or its
 * password changed, by MariaDB's own root through the socket, as in the recipe's first step.
 */
export async function openAsAdmin(connection: Connection): Promise<Server> {
  try {
    return await withDirectAccess(await openServer(connection));
  } catch (error) {
    if (
      !(error instanceof ConnectionError && (error.problem === "login refused" || error.problem === "no admin account"))
    ) {
      throw error;
    }
  }
  await grantAdmin(connection);
  return withDirectAccess(await openServer(connection));
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
export const openAsAdminStarted = (connection: Connection): Promise<Server> => started(connection, openAsAdmin);

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

async function grantAdmin(connection: Connection): Promise<void> {
  await using server = await superuserSession(connection);
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

/** Takes the admin account away. Gone already is fine. */
export async function removeAdmin(server: Server): Promise<void> {
  const { admin, direct } = server.connection;
  if (direct) await server.query("DROP USER IF EXISTS ?@?", [admin.user, direct.from]);
  await server.query("DROP USER IF EXISTS ?@'localhost'", [admin.user]);
}
