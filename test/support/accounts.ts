import type { Claim } from "../../provider/src/inputs";
import { SessionStoreUsers, type SessionStoreUsersChecked } from "../../provider/src/operations/SessionStoreUsers";
import { type TestServer, testServer } from "./local/testServer";

/** A server with the accounts of one node on it, for the tests of one file. It is empty before and after each test. */

export const PASSWORDS = { proxy: "proxy's pass", replication: "repl\\pass", binaryLog: 'bin"log ünïcødé ☃' };

export type Users = SessionStoreUsersChecked;

export let server: TestServer;

export function useServer(): void {
  beforeAll(async () => {
    server = await testServer({ settings: ["log-bin=test", "server_id=1"] });
    await byHand(
      "CREATE DATABASE replicated_session_store",
      "CREATE TABLE replicated_session_store.a_session (id INT PRIMARY KEY)",
    );
  }, 60_000);

  afterEach(async () => {
    for (const user of await users()) {
      const [name = "", host = ""] = user.split("@");
      await server.root.query("DROP USER ?@?", [name, host]);
    }
    await byHand("DROP ROLE IF EXISTS analyst, auditor", "DROP DATABASE IF EXISTS session_store_register");
  });

  afterAll(async () => {
    try {
      // Each file proves for all that it did.
      expect(await loggedStatements()).toEqual([]);
    } finally {
      await server?.[Symbol.asyncDispose]();
    }
  });
}

const id = () => `127.0.0.1:${server.connection.port}/users`;

/** What the check makes of the inputs. Three accounts, the proxy's with a twin, unless `changes` says otherwise. */
export async function wanted(changes: Record<string, unknown> = {}): Promise<Users> {
  const { inputs, failures } = await SessionStoreUsers.check(
    {},
    {
      node: server.connection,
      proxy: { password: PASSWORDS.proxy, from: ["%", "localhost"] },
      replication: { password: PASSWORDS.replication },
      binaryLog: { password: PASSWORDS.binaryLog },
      ...changes,
    },
  );
  expect(failures).toEqual([]);
  return inputs;
}

/** What the state keeps beside the inputs: it shows whose the accounts are. */
let claim: Claim | undefined;

export async function create(inputs: Users): Promise<{ id: string }> {
  const made = await SessionStoreUsers.create(inputs).catch((error: { properties?: { claim?: Claim } }) => {
    claim = error.properties?.claim;
    throw error;
  });
  claim = made.outs.claim;
  return made;
}
export async function up(last: Users, news: Users): Promise<{ outs: Users }> {
  const updated = await SessionStoreUsers.update(id(), { ...last, claim }, news);
  claim = updated.outs.claim;
  return updated;
}
export const diff = (last: Users, news: Users) => SessionStoreUsers.diff(id(), { ...last, claim }, news);
export const destroy = (last: Users) => SessionStoreUsers.delete(id(), { ...last, claim });

export async function freshAccounts(changes: Record<string, unknown> = {}): Promise<Users> {
  const inputs = await wanted(changes);
  expect((await create(inputs)).id).toBe(id());
  return inputs;
}

/** What a refresh sees, and keeps in the state. */
export async function seen(state: Users): Promise<Users> {
  const answer = await SessionStoreUsers.read(id(), state);
  if (!("props" in answer)) throw new Error("the accounts are said to be gone");
  return answer.props as Users;
}

export async function byHand(...statements: string[]): Promise<void> {
  for (const statement of statements) await server.root.query(statement);
}

/** The accounts on the server, without those that were there before us. */
export async function users(): Promise<string[]> {
  const rows = await server.root.query(
    "SELECT CONCAT(User, '@', Host) AS user FROM mysql.global_priv WHERE Host <> '' AND User NOT IN ('root', 'mariadb.sys', 'session_store_admin') ORDER BY 1",
  );
  return rows.map((row) => String(row["user"]));
}

/** What sessions other than root's have said since, without what only looks. */
export async function writesDuring(work: () => Promise<unknown>): Promise<string[]> {
  await byHand("SET GLOBAL log_output='TABLE'", "TRUNCATE mysql.general_log", "SET GLOBAL general_log=1");
  try {
    await work();
  } finally {
    await byHand("SET GLOBAL general_log=0");
  }
  const rows = await server.root.query(
    "SELECT CONVERT(argument USING utf8mb4) AS said FROM mysql.general_log WHERE command_type='Query' AND user_host LIKE 'session_store_admin%'",
  );
  const all = rows.map((row) => String(row["said"]));
  expect(all.length).toBeGreaterThan(0);
  return all.filter((said) => !/^(SELECT|SHOW|SET SESSION) /.test(said));
}

/** The same without our notes about who declares what. */
export async function writesBesideNotesDuring(work: () => Promise<unknown>): Promise<string[]> {
  return (await writesDuring(work)).filter((said) => !said.includes("session_store_register"));
}

/** What the binary log holds. */
export async function loggedStatements(): Promise<string[]> {
  const logs = await server.root.query("SHOW BINARY LOGS");
  const events = await Promise.all(logs.map((log) => server.root.query("SHOW BINLOG EVENTS IN ?", [log["Log_name"]])));
  return events.flatMap((rows) =>
    rows.filter((row) => row["Event_type"] === "Query").map((row) => String(row["Info"])),
  );
}
