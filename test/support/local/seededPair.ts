import type { Server } from "../../../provider/src/mariadb/server";
import { SHORT_WAITS } from "../engine/declaredPair";
import { fillSessions } from "../manySessions";
import { Pair } from "./pair";

/** A pair with sessions, for the tests of one file, which lose a node of it and seed it again. */

export const DATABASE = "replicated_session_store";
export const PROXY = "nevisproxy_user@'%'";

export let pair: Pair;
/** Root on the first node. */
export let db1: Server;

export function usePairWithSessions(): void {
  jest.setTimeout(120_000);

  beforeAll(async () => {
    pair = await Pair.up(SHORT_WAITS);
    await openDb1();
    await fillSessions(db1, 1000);
  });
  afterAll(async () => {
    await pair?.[Symbol.asyncDispose]();
  });
}

/** Again after the first node was lost. */
export async function openDb1(): Promise<void> {
  db1 = await pair.root(1);
}

export const up = () => pair.up(SHORT_WAITS);

/** As a client: it reaches the peer. */
export async function write(server: Server, ...statements: string[]): Promise<void> {
  await server.query("USE ??", [DATABASE]);
  await server.logged(async () => {
    for (const statement of statements) await server.query(statement);
  });
}

/** Each with its state, the server that it comes from, and its definer. */
export async function events(number: 1 | 2): Promise<Record<string, string>> {
  const rows = await pair
    .server(number)
    .rows("SELECT EVENT_NAME, STATUS, ORIGINATOR, DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ?", [
      DATABASE,
    ]);
  return Object.fromEntries(
    rows.map((row) => [String(row["EVENT_NAME"]), `${row["STATUS"]} ${row["ORIGINATOR"]} ${row["DEFINER"]}`]),
  );
}
