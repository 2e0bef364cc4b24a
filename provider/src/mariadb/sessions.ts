import type { Server } from "./server";

/** Ends the sessions of a server for which the condition on `information_schema.PROCESSLIST` holds. */
export async function endSessions(server: Server, condition: string, values: readonly unknown[]): Promise<void> {
  const rows = await server.query(`SELECT ID FROM information_schema.PROCESSLIST WHERE ${condition}`, values);
  for (const row of rows) await server.query("KILL ?", [Number(row["ID"])]).catch(unlessGone);
}

/** One that has ended by itself meanwhile is fine. */
function unlessGone(error: unknown): void {
  const NO_SUCH_THREAD = 1094;
  if ((error as { errno?: number }).errno !== NO_SUCH_THREAD) throw error;
}
