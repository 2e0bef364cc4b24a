import { type Account, accountKey } from "../recipe/accounts/accounts";
import type { Server } from "./server";

/** A view, trigger, routine or event, and the account in whose name it runs. */
export interface StoredObject {
  readonly kind: string;
  /** `database.name` */
  readonly name: string;
  /** `user@host` */
  readonly definer: string;
}

/** The two parts of an account's name, as the server's own tables write it in one. */
export function accountOf(definer: string): { user: string; host: string } {
  const at = definer.lastIndexOf("@");
  return { user: definer.slice(0, at), host: definer.slice(at + 1) };
}

const KINDS = [
  ["'view'", "VIEWS", "TABLE_SCHEMA", "TABLE_NAME"],
  ["'trigger'", "TRIGGERS", "TRIGGER_SCHEMA", "TRIGGER_NAME"],
  ["LOWER(ROUTINE_TYPE)", "ROUTINES", "ROUTINE_SCHEMA", "ROUTINE_NAME"],
  ["'event'", "EVENTS", "EVENT_SCHEMA", "EVENT_NAME"],
] as const;

export const storedObjects = (server: Server, databases: readonly string[]): Promise<StoredObject[]> =>
  objectsWhere(server, (schema) => `${schema} IN (?)`, databases);

/** What runs in the names of these accounts, wherever it is. */
export const objectsInNameOf = (server: Server, accounts: readonly Account[]): Promise<StoredObject[]> =>
  objectsWhere(server, () => "DEFINER IN (?)", accounts.map(accountKey));

/** @param condition takes the list `among`, by the column of the database */
async function objectsWhere(
  server: Server,
  condition: (schema: string) => string,
  among: readonly string[],
): Promise<StoredObject[]> {
  if (among.length === 0) return [];
  const parts = KINDS.map(
    ([kind, table, schema, name]) =>
      `SELECT ${kind} AS kind, CONCAT(${schema}, '.', ${name}) AS name, DEFINER AS definer FROM information_schema.${table} WHERE ${condition(schema)}`,
  );
  const rows = await server.query(
    parts.join(" UNION ALL "),
    parts.map(() => among),
  );
  return rows.map((row) => ({
    kind: String(row["kind"]),
    name: String(row["name"]),
    definer: String(row["definer"]),
  }));
}

/** The triggers of some tables. */
export async function triggersOf(server: Server, database: string, tables: readonly string[]): Promise<StoredObject[]> {
  const all = await server.query(
    `SELECT CONCAT(TRIGGER_SCHEMA, '.', TRIGGER_NAME) AS name, DEFINER FROM information_schema.TRIGGERS
      WHERE EVENT_OBJECT_SCHEMA = ? AND EVENT_OBJECT_TABLE IN (?)`,
    [database, tables],
  );
  return all.map((row) => ({ kind: "trigger", name: String(row["name"]), definer: String(row["DEFINER"]) }));
}

const LOCKED = "Lock wait timeout exceeded";

/** Views that the server itself can't open any more, with its reasons. */
export async function brokenViews(server: Server, databases: readonly string[]): Promise<string[]> {
  const views = await server.query(
    "SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA IN (?)",
    [databases],
  );
  const broken: string[] = [];
  for (const { db, name } of views) {
    const found = await server.query("CHECK TABLE ??.??", [db, name]);
    const reasons = found.filter((row) => row["Msg_type"] === "Error").map((row) => String(row["Msg_text"]));
    if (reasons.some((reason) => reason.startsWith(LOCKED))) {
      throw new Error(
        `${server.name} can't be copied now: somebody holds a lock on what the view ${db}.${name} reads (SHOW FULL PROCESSLIST says who has been there for ` +
          "long). Nothing was copied. End that session, or wait for its end, then run `pulumi up` again.",
      );
    }
    if (reasons.length > 0) broken.push(`${db}.${name} (${reasons.join("; ")})`);
  }
  return broken;
}

/** Global privileges that let an account look only: PROCESS, SHOW DATABASES, BINLOG MONITOR (REPLICATION CLIENT), SLAVE MONITOR. */
const TO_LOOK = (1n << 8n) | (1n << 14n) | (1n << 20n) | (1n << 38n);

/**
 * The accounts of a server, as `user@host`, that can't get more than they have: their rights end at databases, and none of these is the one
 * that holds the rights of all.
 */
export async function ordinaryAccounts(server: Server): Promise<Set<string>> {
  const accounts = await server.query(
    `SELECT CONCAT(User, '@', Host) AS account, JSON_VALUE(Priv, '$.access') AS access FROM mysql.global_priv
      WHERE (User, Host) NOT IN (SELECT User, Host FROM mysql.db WHERE 'mysql' LIKE Db)
        AND (User, Host) NOT IN (SELECT User, Host FROM mysql.tables_priv WHERE Db = 'mysql')`,
  );
  const ordinary = accounts.filter(({ access }) => (BigInt(access ?? 0) & ~TO_LOOK) === 0n);
  return new Set(ordinary.map((row) => String(row["account"])));
}

export interface StoredEvent {
  readonly database: string;
  readonly name: string;
  readonly definer: string;
  readonly status: string;
  /** server_id of the server on which it was made: there alone it runs. */
  readonly originator: number;
}

export async function storedEvents(server: Server, databases: readonly string[]): Promise<StoredEvent[]> {
  const rows = await server.query(
    "SELECT EVENT_SCHEMA, EVENT_NAME, DEFINER, STATUS, ORIGINATOR FROM information_schema.EVENTS WHERE EVENT_SCHEMA IN (?)",
    [databases],
  );
  return rows.map((row) => ({
    database: String(row["EVENT_SCHEMA"]),
    name: String(row["EVENT_NAME"]),
    definer: String(row["DEFINER"]),
    status: String(row["STATUS"]),
    originator: Number(row["ORIGINATOR"]),
  }));
}

/** Lets an event run here or not. It stays in its definer's name. */
export async function setEvent(
  server: Server,
  { database, name, definer }: StoredEvent,
  state: "ENABLE" | "DISABLE ON SLAVE",
): Promise<void> {
  const { user, host } = accountOf(definer);
  // ALTER EVENT would put those of this session in their place, and the body be read with them.
  const context = ["sql_mode", "character_set_client", "collation_connection", "db_collation"];
  const former = await server.row(`SELECT ${context.join(", ")} FROM mysql.event WHERE db = ? AND name = ?`, [
    database,
    name,
  ]);
  await server.query(`ALTER DEFINER=?@? EVENT ??.?? ${state}`, [user, host, database, name]);
  await server.query(
    `UPDATE mysql.event SET ${context.map((column) => `${column} = ?`).join(", ")} WHERE db = ? AND name = ?`,
    [...context.map((column) => former?.[column] ?? ""), database, name],
  );
}
