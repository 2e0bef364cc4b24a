import type { Server } from "./server";

/**
 * Passwords reach a server as hashes only. One that has a plugin look at them (`simple_password_check`, `cracklib_password_check`) takes no hashes
 * unless `strict_password_validation` is off.
 */

/** ER_OPTION_PREVENTS_STATEMENT, and ER_CANNOT_USER that follows it and does not say why. */
const REFUSED = [1290, 1396];

/** Why the server takes no hash. Undefined: it does. */
export async function whyNoHashes(server: Server): Promise<string | undefined> {
  const rows = await server.query(
    "SELECT PLUGIN_NAME AS name FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = 'PASSWORD VALIDATION' AND PLUGIN_STATUS = 'ACTIVE' AND @@GLOBAL.strict_password_validation = 1",
  );
  if (rows.length === 0) return undefined;
  const plugins = rows.map(({ name }) => String(name)).join(" and ");
  return (
    `${server.name} has ${plugins} look at each new password, and takes no hash (strict_password_validation=ON); this library hands over nothing ` +
    "but hashes. Put strict_password_validation=OFF into an option file of both nodes, and SET GLOBAL it while they run: passwords in clear are looked " +
    "at all the same (docs/passwords.md)"
  );
}

/** Does what gives an account a password, and says what is in the way where the server's error doesn't. */
export async function givingPassword(server: Server, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { errno = 0 } = error as { errno?: number };
    const reason = REFUSED.includes(errno) ? await whyNoHashes(server) : undefined;
    throw reason ? Object.assign(error as Error, { message: reason }) : error;
  }
}
