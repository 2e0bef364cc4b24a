import { openAsSuperuser } from "./open";
import type { Server } from "./server";

/** ER_DBACCESS_DENIED_ERROR, ER_ACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR, ER_PROCACCESS_DENIED_ERROR, ER_BINLOG_CREATE_ROUTINE_NEED_SUPER */
const DENIED = [1044, 1045, 1142, 1227, 1370, 1419];

/**
 * Does what may take more than the admin account's rights: then it is done by MariaDB's root, through the socket. `work` is one change that the
 * server makes whole or not at all.
 * @param isBeyond true: it does take more, as far as the admin has what it should
 */
export async function withRights(
  server: Server,
  work: (by: Server) => Promise<unknown>,
  isBeyond = false,
): Promise<void> {
  if (isBeyond && !isSuperuser(server)) {
    await using root = await openAsSuperuser(server.connection).catch(() => undefined);
    if (root) return void (await work(root));
  }
  try {
    await work(server);
  } catch (error) {
    const { errno, message } = error as { errno?: number; message: string };
    if (!DENIED.includes(errno ?? 0)) throw error;
    await using root = await openAsSuperuser(server.connection).catch((reason: Error) => {
      throw new Error(
        `${message}. That is more than "${server.connection.admin.user}" may do (docs/security.md), and MariaDB's root, who may, can't be asked ` +
          `through the server's socket: ${reason.message}`,
      );
    });
    await work(root);
  }
}

const isSuperuser = ({ user, host }: Server): boolean => user === host.superuser;

/** Does what only MariaDB's root may do. */
export async function asSuperuser(server: Server, work: (root: Server) => Promise<unknown>): Promise<void> {
  if (isSuperuser(server)) return void (await work(server));
  await using root = await openAsSuperuser(server.connection);
  await work(root);
}

/** Sets a global variable; for many, SUPER is needed. @param value undefined: the server's default */
export const setGlobal = (
  server: Server,
  variable: string,
  value: string | number | bigint | undefined,
): Promise<void> =>
  withRights(server, (by) =>
    value === undefined
      ? by.query("SET GLOBAL ?? = DEFAULT", [variable])
      : by.query("SET GLOBAL ?? = ?", [variable, value]),
  );
