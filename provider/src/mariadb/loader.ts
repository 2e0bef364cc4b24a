import { randomBytes } from "node:crypto";
import { escapeWildcards } from "../recipe/accounts/grantText";
import { passwordHash } from "../recipe/accounts/password";
import { LOADER } from "../recipe/names";
import { openAs } from "./open";
import { givingPassword } from "./passwordPolicy";
import type { Server } from "./server";
import { endSessions } from "./sessions";

/**
 * The account with which rows and definitions of another server are written may do everything in the databases that are copied, and
 * nothing beside that: what a dump says is somebody else's word, and must not run as root or as our admin.
 */

export interface LoaderOptions {
  readonly databases: readonly string[];
  /** True: it may make views, triggers, routines and events that belong to other accounts. */
  readonly forOthers: boolean;
}

/** Does `work` in a session of that account. Both are gone afterwards. */
export async function withLoader<T>(
  server: Server,
  { databases, forOthers }: LoaderOptions,
  work: (loader: Server) => Promise<T>,
): Promise<T> {
  const password = randomBytes(24).toString("base64url");
  await dropLoader(server);
  await givingPassword(server, () =>
    server.query("CREATE USER ?@'localhost' IDENTIFIED BY PASSWORD ?", [LOADER, passwordHash(password)]),
  );
  for (const database of databases) {
    await server.query("GRANT ALL PRIVILEGES ON ??.* TO ?@'localhost'", [escapeWildcards(database), LOADER]);
  }
  await server.query(`GRANT BINLOG ADMIN${forOthers ? ", SET USER" : ""} ON *.* TO ?@'localhost'`, [LOADER]);
  let result: T;
  try {
    await using loader = await openAs(server.connection, LOADER, password);
    result = await work(loader);
  } catch (error) {
    // What failed is told; the next run takes the account away where this one no longer can.
    await dropLoader(server).catch(() => undefined);
    throw error;
  }
  await dropLoader(server);
  return result;
}

/** Takes away what a run has left that was cut off: the account, and its session that may still write. */
export async function dropLoader(server: Server): Promise<void> {
  await server.query("DROP USER IF EXISTS ?@'localhost'", [LOADER]);
  await endSessions(server, "USER = ?", [LOADER]);
}
