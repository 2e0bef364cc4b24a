import { openHost } from "../hosts";
import type { Connection } from "../inputs";
import { accountKey, type WantedAccount } from "../recipe/accounts/accounts";
import { ADMIN_PRIVILEGES, ownAccounts as wantedOwn } from "../recipe/accounts/own";
import { progress } from "../run";
import { type Look, until } from "../waiting";
import { examineAccounts } from "./accounts";
import { adminPassword, nameOf } from "./connection";
import { ConnectionError } from "./connectionError";
import { forgetDetour, openAsSuperuser, openServer, openViewer } from "./open";
import { lackingRights } from "./ownRights";
import type { Server } from "./server";

const START_PATIENCE = 20_000;

/** Refuses a server whose admin account is not ours to make or to change. */
type Refusal = (server: Server) => Promise<void>;

/** The accounts by which this library works on a server, as they should be. */
export const ownAccounts = (connection: Connection): WantedAccount[] =>
  wantedOwn({ ...connection, admin: { ...connection.admin, password: adminPassword(connection) } });

/**
 * Makes sure that our own accounts are as they should be, and opens a session as the admin. Where that is refused the login, or lacks rights, they
 * are made, or get what they lack, by MariaDB's own root through the socket, as in the recipe's first step.
 * @param refuse is asked before anything is made or changed
 */
export async function openAsAdmin(connection: Connection, refuse?: Refusal): Promise<Server> {
  const server = await openUnlessRefused(connection);
  if (server && (await isWhole(server))) return repairedBy(server, refuse);
  const superuser = await superuserSession(connection).catch((error: Error) => {
    if (!server) throw error;
    progress(error.message);
  });
  // What keeps one of them from its repair keeps nothing else from being repaired.
  if (!superuser) return repairedBy(server as Server, refuse);
  await server?.[Symbol.asyncDispose]();
  await using root = superuser;
  await refuse?.(root);
  await repairOwnAccounts(root);
  // Rights are those that an account has when it logs in.
  return openServer(connection);
}

/** Repairs them in a session of the admin, and returns that. What can't be repaired so, `bringUp` says at its end. */
async function repairedBy(server: Server, refuse: Refusal | undefined): Promise<Server> {
  try {
    await refuse?.(server);
    await repairOwnAccounts(server).catch(({ message }: Error) => progress(message));
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** False where the admin lacks rights, or can't even be asked. */
const isWhole = (server: Server): Promise<boolean> =>
  lackingRights(server, ADMIN_PRIVILEGES).then(
    (lacking) => lacking.length === 0,
    () => false,
  );

/** Makes our own accounts what they should be. */
export async function repairOwnAccounts(server: Server): Promise<void> {
  const repairs = await examineAccounts(server, ownAccounts(server.connection));
  const wrong = repairs.filter(({ problems }) => problems.length > 0);
  for (const { account, problems, apply } of wrong) {
    const own = `our own account ${accountKey(account)}`;
    const isNew = problems.includes("missing");
    progress(`${server.name}: ${isNew ? `creating ${own}` : `${own}: ${problems.join("; ")}; repairing it`}`);
    await apply();
  }
  // One of them may be what was missing for it.
  if (wrong.length > 0) forgetDetour(server.connection);
}

/** Undefined: the server lets in nobody by the name and password of the admin account. */
async function openUnlessRefused(connection: Connection, open = openServer): Promise<Server | undefined> {
  try {
    return await open(connection);
  } catch (error) {
    if (!isRefused(error)) throw error;
    return undefined;
  }
}

const isRefused = (error: unknown): boolean =>
  error instanceof ConnectionError && (error.problem === "login refused" || error.problem === "no admin account");

/** A session for looking, as MariaDB's root where the admin account lets nobody in. Undefined: the server can't be asked. */
export async function openToLook(connection: Connection): Promise<Server | undefined> {
  try {
    return (await openUnlessRefused(connection, openViewer)) ?? (await openAsSuperuser(connection));
  } catch (error) {
    if (error instanceof ConnectionError) return undefined;
    throw error;
  }
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
export const openAsAdminStarted = (
  connection: Connection,
  refuse: Refusal,
  start: () => Promise<void>,
): Promise<Server> => started(connection, (where) => openAsAdmin(where, refuse), start);

/** A session of MariaDB's root on a server that is started where it does not run. */
export const openAsSuperuserStarted = (connection: Connection): Promise<Server> =>
  started(connection, openAsSuperuser, () => {
    progress(`${nameOf(connection)}: starting the server`);
    return openHost(connection.host).startService();
  });

async function started(
  connection: Connection,
  open: (connection: Connection) => Promise<Server>,
  start: () => Promise<void>,
): Promise<Server> {
  try {
    return await open(connection);
  } catch (error) {
    if (!(error instanceof ConnectionError && (error.problem === "stopped" || error.problem === "no data")))
      throw error;
  }
  await start();
  return open(connection);
}

/** Opens a session for taking things off a server: as MariaDB's root where the admin account is gone already, or lets nobody in. */
export async function openToRemove(connection: Connection): Promise<Server> {
  try {
    return await openServer(connection);
  } catch (error) {
    if (!isRefused(error)) throw error;
    return openAsSuperuser(connection).catch(() => {
      throw error;
    });
  }
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
