import { createConnection } from "mysql2/promise";
import type { Connection } from "../../../provider/src/inputs";

/** A server of this machine in a directory, as resources take it. */
export const localConnection = (name: string, directory: string, port: number, password: string): Connection => ({
  name,
  host: { kind: "local", directory },
  address: "127.0.0.1",
  port,
  admin: { user: "session_store_admin", password },
});

/** Logs in over TCP, as a proxy does. Returns "in", or the error's number. */
export async function login(port: number, user: string, password: string): Promise<string> {
  try {
    const session = await createConnection({ host: "127.0.0.1", port, user, password, charset: "utf8mb4" });
    await session.query("SELECT 1");
    await session.end();
    return "in";
  } catch (error) {
    return String((error as { errno?: number }).errno ?? error);
  }
}
