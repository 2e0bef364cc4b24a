import { openServer } from "../../provider/src/mariadb/open";
import type { Server } from "../../provider/src/mariadb/server";
import { changeMaster } from "../../provider/src/pair/changeMaster";
import { LINK_DEFAULTS } from "../../provider/src/recipe/linkDefaults";
import { type TestServer, testServer } from "../support/local/testServer";

/** The one password that a server gets in clear text stays out of all that the server keeps of statements. */

const PASSWORD = "the replication password, in clear";
const HISTORIES = ["events_statements_current", "events_statements_history", "events_statements_history_long"];

let server: TestServer;

beforeAll(async () => {
  server = await testServer({
    settings: [
      "performance_schema=ON",
      ...HISTORIES.map((history) => `performance-schema-consumer-${history.replaceAll("_", "-")}=ON`),
      "log_output=TABLE",
    ],
  });
}, 60_000);
afterAll(() => server?.[Symbol.asyncDispose]());

const link = (replica: Server, user: string) =>
  changeMaster({ replica, source: replica }, { ...LINK_DEFAULTS.vendor, user, password: PASSWORD });

/** What these tables have of all sessions, this one included. */
async function kept(): Promise<string[]> {
  const tables = [
    ...HISTORIES.map((history) => ["SQL_TEXT", `performance_schema.${history}`] as const),
    ["DIGEST_TEXT", "performance_schema.events_statements_summary_by_digest"] as const,
    ["CONVERT(argument USING utf8mb4)", "mysql.general_log"] as const,
  ];
  const rows = await Promise.all(
    tables.map(([column, table]) => server.root.query(`SELECT ${column} AS said FROM ${table}`)),
  );
  return rows.flat().map(({ said }) => String(said));
}

const instrumented = (session: Server): Promise<string> =>
  session.value("SELECT INSTRUMENTED FROM performance_schema.threads WHERE PROCESSLIST_ID = CONNECTION_ID()");

test.each([
  ["0", "a_user"],
  ["1", "b_user"],
])("with general_log=%s, the password of CHANGE MASTER for %s is kept nowhere; what follows is", async (log, user) => {
  await server.root.query(`SET GLOBAL general_log = ${log}`);
  await using session = await openServer(server.connection);
  await link(session, user);
  expect(await instrumented(session)).toBe("YES");
  await session.query("DO ?", [`after ${user}`]);
  const said = await kept();
  expect(said.filter((text) => text.includes(PASSWORD))).toEqual([]);
  expect(said.some((text) => text.includes(`after ${user}`))).toBe(true);
});

test("a CHANGE MASTER that is refused leaves none either", async () => {
  await using session = await openServer(server.connection);
  await expect(link(session, "x".repeat(300))).rejects.toThrow(/too long/);
  expect(await instrumented(session)).toBe("YES");
  expect((await kept()).filter((text) => text.includes(PASSWORD))).toEqual([]);
});

test("a session at which somebody does not let it look stays so", async () => {
  await using session = await openServer(server.connection);
  await session.query(
    "UPDATE performance_schema.threads SET INSTRUMENTED = 'NO' WHERE PROCESSLIST_ID = CONNECTION_ID()",
  );
  await link(session, "c_user");
  expect(await instrumented(session)).toBe("NO");
  expect((await kept()).filter((text) => text.includes(PASSWORD))).toEqual([]);
});

test("an admin who may not change that has it done by root", async () => {
  await server.root.query("SET GLOBAL general_log = 0");
  await server.root.query("REVOKE UPDATE ON *.* FROM session_store_admin@localhost");
  try {
    await using session = await openServer(server.connection);
    await link(session, "d_user");
    expect((await server.root.row("SHOW SLAVE STATUS"))?.["Master_User"]).toBe("d_user");
  } finally {
    await server.root.query("GRANT UPDATE ON *.* TO session_store_admin@localhost");
  }
  expect((await kept()).filter((text) => text.includes(PASSWORD))).toEqual([]);
});
