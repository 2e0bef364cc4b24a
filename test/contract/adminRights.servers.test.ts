import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { examineAccounts, makeReplicationAccount } from "../../provider/src/mariadb/accounts";
import { withLoader } from "../../provider/src/mariadb/loader";
import { openAsClient, openServer } from "../../provider/src/mariadb/open";
import { replicaStatus, sourceStatus } from "../../provider/src/mariadb/replication";
import { setGlobal } from "../../provider/src/mariadb/rights";
import type { Server } from "../../provider/src/mariadb/server";
import { connectedUsers, endSessions } from "../../provider/src/mariadb/sessions";
import type { WantedAccount } from "../../provider/src/recipe/accounts/accounts";
import { ADMIN_PRIVILEGES, VIEWER_PRIVILEGES } from "../../provider/src/recipe/accounts/own";
import { loginMethod, NATIVE } from "../../provider/src/recipe/accounts/password";
import { type TestServer, testServer } from "../support/local/testServer";

/** What the admin account may do, it needs: without any one of its privileges something of this library fails. */

let server: TestServer;

beforeAll(async () => {
  server = await testServer();
  await server.root.query("CREATE USER somebody@localhost IDENTIFIED BY 'x'");
}, 60_000);
afterAll(() => server?.[Symbol.asyncDispose]());

const SOMEBODY = { user: "somebody", password: "x", tls: false, authentication: NATIVE } as const;

/** In a session of the admin, beside one of somebody else. */
async function inSession(admin: Server, work: (admin: Server) => Promise<unknown>): Promise<void> {
  await using _somebody = await openAsClient(server.connection, SOMEBODY);
  await work(admin);
}

const copies = (forOthers: boolean) => (admin: Server) =>
  withLoader(admin, { databases: ["replicated_session_store"], forOthers }, async () => undefined);

/** By privilege, what needs it. All others are handed out, with all rights on a database. */
const NEEDS: Readonly<Record<string, readonly [string, (admin: Server) => Promise<unknown>]>> = {
  "SET USER": ["making an account that copies what others define", copies(true)],
  RELOAD: ["beginning another binary log", (admin) => admin.query("FLUSH BINARY LOGS")],
  PROCESS: [
    "seeing who is connected",
    async (admin) => {
      if (!(await connectedUsers(admin)).includes("somebody")) throw new Error("nobody is seen");
    },
  ],
  "REPLICATION CLIENT": ["reading the state of a source", sourceStatus],
  "SLAVE MONITOR": ["reading the state of a replica", replicaStatus],
  "REPLICATION SLAVE": [
    "making a replication account",
    (admin) =>
      makeReplicationAccount(admin, {
        user: "replica",
        host: "%",
        methods: [loginMethod(NATIVE, "x")],
        tls: "NONE",
      }).finally(() => server.root.query("DROP USER IF EXISTS replica")),
  ],
  "REPLICATION SLAVE ADMIN": [
    "changing settings of a replica",
    (admin) => setGlobal(admin, "slave_exec_mode", "IDEMPOTENT"),
  ],
  "REPLICATION MASTER ADMIN": [
    "changing settings of a source",
    (admin) => setGlobal(admin, "rpl_semi_sync_master_enabled", 0),
  ],
  "BINLOG ADMIN": ["writing past the binary log", async (admin) => void (await openServer(admin.connection))],
  "CONNECTION ADMIN": ["ending sessions of others", (admin) => endSessions(admin, "USER = ?", ["somebody"])],
  "READ_ONLY ADMIN": ["ending read_only", (admin) => setGlobal(admin, "read_only", 0)],
};

test("docs/security.md lists the privileges of both accounts, and no others", async () => {
  const page = await readFile(path.join(__dirname, "../../docs/security.md"), "utf8");
  const table = /### What the admin may do\n.*?\n\n\| privilege.*?\n\n/s.exec(page)?.[0] ?? "";
  const rows = [...table.matchAll(/^\| ([A-Z].*?) *\|/gm)].flatMap(([, cell = ""]) =>
    cell.replace(/ \(.*?\)/g, "").split(", "),
  );
  expect([...rows, "GRANT OPTION"].sort()).toEqual([...ADMIN_PRIVILEGES].sort());
  const viewer = /### What the viewer may do\n\n(.*?), on `\*\.\*`/s.exec(page)?.[1] ?? "";
  expect(viewer.split(/, | and /)).toEqual(VIEWER_PRIVILEGES);
});

test("a grant beyond its own is made by root, and refused with the statement where root can't be asked", async () => {
  const { root, connection } = server;
  const wanted = (...grants: string[]): WantedAccount => ({
    ...{ user: "beyond", host: "localhost", role: "extraAccounts", property: "extraAccounts.0", tls: "NONE" },
    ...{ grants, authentication: NATIVE, passwords: ["x"] },
  });
  const bring = async (...grants: string[]) => {
    await using admin = await openServer(connection);
    for (const { apply } of await examineAccounts(admin, [wanted(...grants)])) await apply();
    return (await examineAccounts(admin, [wanted(...grants)])).flatMap(({ problems }) => problems);
  };
  expect(await bring("FILE, SHUTDOWN ON *.*")).toEqual([]);
  await root.query(`ALTER USER ${root.host.superuser}@localhost ACCOUNT LOCK`);
  try {
    await expect(bring("FILE, SHUTDOWN, SUPER ON *.*")).rejects.toThrow(
      /in: GRANT SUPER ON \*\.\* TO 'beyond'@'localhost'\)\. That is more than "session_store_admin" may do .*and MariaDB's root, who may, can't be asked/,
    );
  } finally {
    await root.query(`ALTER USER ${root.host.superuser}@localhost ACCOUNT UNLOCK`);
  }
});

describe.each(ADMIN_PRIVILEGES.filter((each) => each !== "SHOW CREATE ROUTINE"))("without %s", (privilege) => {
  const [what, work] = NEEDS[privilege] ?? ["handing out rights on a database", copies(false)];

  test(`it fails: ${what}`, async () => {
    const { root, connection } = server;
    const admin = `${connection.admin.user}@localhost`;
    await using before = await openServer(connection);
    await inSession(before, work);

    await root.query(`REVOKE ${privilege} ON *.* FROM ${admin}`);
    await root.query(`ALTER USER ${root.host.superuser}@localhost ACCOUNT LOCK`);
    try {
      await using session = privilege === "BINLOG ADMIN" ? before : await openServer(connection);
      await expect(inSession(session, work)).rejects.toThrow();
    } finally {
      await root.query(`ALTER USER ${root.host.superuser}@localhost ACCOUNT UNLOCK`);
      await root.query(`GRANT ${privilege} ON *.* TO ${admin}`);
    }
  });
});
