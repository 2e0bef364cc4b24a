import { makeReplicationAccount } from "../../provider/src/mariadb/accounts";
import { withLoader } from "../../provider/src/mariadb/loader";
import { openAsClient, openServer } from "../../provider/src/mariadb/open";
import { replicaStatus, sourceStatus } from "../../provider/src/mariadb/replication";
import { setGlobal } from "../../provider/src/mariadb/rights";
import type { Server } from "../../provider/src/mariadb/server";
import { connectedUsers, endSessions } from "../../provider/src/mariadb/sessions";
import { ADMIN_PRIVILEGES } from "../../provider/src/recipe/accounts/own";
import { loginMethod, NATIVE } from "../../provider/src/recipe/accounts/password";
import type { TestServer } from "./local/testServer";

/** What the admin account may do, it needs: without any one of its privileges something of this library fails. */

const SOMEBODY = { user: "somebody", password: "x", tls: false, authentication: NATIVE } as const;

/** In a session of the admin, beside one of somebody else. */
async function inSession(admin: Server, work: (admin: Server) => Promise<unknown>): Promise<void> {
  await using _somebody = await openAsClient(admin.connection, SOMEBODY);
  await work(admin);
}

const copies = (forOthers: boolean) => (admin: Server) =>
  withLoader(admin, { databases: ["replicated_session_store"], forOthers }, async () => undefined);

/** By privilege, what needs it. All others are handed out, with all rights on a database. */
const NEEDS: Readonly<Record<string, readonly [string, (admin: Server, root: Server) => Promise<unknown>]>> = {
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
    (admin, root) =>
      makeReplicationAccount(admin, {
        user: "replica",
        host: "%",
        methods: [loginMethod(NATIVE, "x")],
        tls: "NONE",
      }).finally(() => root.query("DROP USER IF EXISTS replica")),
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

/**
 * A test for each privilege of the admin.
 * @param of a server whose admin has all of them
 * @param without those that this version of MariaDB does not have
 */
export function testEachPrivilege(of: () => Pick<TestServer, "root" | "connection">, without: readonly string[]): void {
  beforeAll(() => of().root.query("CREATE USER IF NOT EXISTS somebody@localhost IDENTIFIED BY 'x'"));

  describe.each(ADMIN_PRIVILEGES.filter((each) => !without.includes(each)))("without %s", (privilege) => {
    const [what, work] = NEEDS[privilege] ?? ["handing out rights on a database", copies(false)];

    test(`it fails: ${what}`, async () => {
      const { root, connection } = of();
      const admin = `${connection.admin.user}@localhost`;
      await using before = await openServer(connection);
      await inSession(before, (session) => work(session, root));

      await root.query(`REVOKE ${privilege} ON *.* FROM ${admin}`);
      await root.query(`ALTER USER ${root.host.superuser}@localhost ACCOUNT LOCK`);
      try {
        await using session = privilege === "BINLOG ADMIN" ? before : await openServer(connection);
        await expect(inSession(session, (one) => work(one, root))).rejects.toThrow();
      } finally {
        await root.query(`ALTER USER ${root.host.superuser}@localhost ACCOUNT UNLOCK`);
        await root.query(`GRANT ${privilege} ON *.* TO ${admin}`);
      }
    });
  });
}
