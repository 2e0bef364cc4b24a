import type { Settings } from "../recipe/settings/ofNode";
import { splitScript } from "../recipe/sql/splitScript";
import { isWord } from "../recipe/sql/tokens";
import { openServer } from "./open";
import type { Server } from "./server";

/** The server runs the text at each login but the admin's, and ends the session of a client with which it fails. */
const OPTION = "init_connect";

/** Beyond the session: other kinds of SET, and what a function or a query in it does. */
const MAY_CHANGE_MORE = /[(]|\b(global|password|role|statement)\b/i;

/** Why proxies and replicas could not log in any more. Only statements that set up their session are tried: others may change something. */
export async function refusedInitConnect(
  server: Server,
  wanted: Settings,
): Promise<{ option: string; reason: string }[]> {
  const text = String(wanted[OPTION] ?? "");
  if (text === "") return [];
  const { statements } = splitScript(text);
  if (!statements.every(({ tokens: [first], text: each }) => isWord(first, "SET") && !MAY_CHANGE_MORE.test(each)))
    return [];
  const session = await openServer(server.connection).catch(() => undefined);
  if (!session) return [];
  await using tried = session;
  try {
    await tried.query("SET SESSION sql_mode = ?", [
      wanted["sql_mode"] ?? (await tried.value("SELECT @@GLOBAL.sql_mode")),
    ]);
    for (const statement of statements) await tried.query(statement.text);
    return [];
  } catch (error) {
    return [
      {
        option: OPTION,
        reason: `fails on ${server.name}, so that nobody but its admin could log in: ${(error as Error).message}`,
      },
    ];
  }
}
