import { ownNames } from "../recipe/accounts/own";
import type { Server } from "./server";

/** Ends the sessions of a server for which the condition on `information_schema.PROCESSLIST` holds. */
export async function endSessions(server: Server, condition: string, values: readonly unknown[]): Promise<void> {
  const rows = await server.query(`SELECT ID FROM information_schema.PROCESSLIST WHERE ${condition}`, values);
  for (const row of rows) await server.query("KILL ?", [Number(row["ID"])]).catch(unlessGone);
}

/** Users of our own sessions and root's, and what the server calls its own threads. */
export const ownUsers = ({ connection, host }: Server): string[] => [
  ...ownNames(connection),
  host.superuser,
  "system user",
  "event_scheduler",
];

/** The other users that are connected; who only reads the binary log does not count. */
export async function connectedUsers(server: Server): Promise<string[]> {
  const rows = await server.query(
    `SELECT DISTINCT USER FROM information_schema.PROCESSLIST
      WHERE USER NOT IN (?) AND USER <> 'unauthenticated user' AND COMMAND NOT LIKE 'Binlog Dump%' ORDER BY 1`,
    [ownUsers(server)],
  );
  return rows.map((row) => String(row["USER"]));
}

/** One that has ended by itself meanwhile is fine. */
function unlessGone(error: unknown): void {
  const NO_SUCH_THREAD = 1094;
  if ((error as { errno?: number }).errno !== NO_SUCH_THREAD) throw error;
}
