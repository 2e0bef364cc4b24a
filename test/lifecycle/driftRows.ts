import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { passwordHash } from "../../provider/src/recipe/accounts/password";
import { PASSWORDS, type Pair } from "../support/cli/pairProgram";
import {
  account,
  change,
  database,
  inAccount,
  ioThread,
  link,
  missingAccount,
  NO_SEMI_SYNC,
  noReplica,
  REPLICATING,
  type Row,
  replaceIn,
  sessionsGone,
  settingsFile,
  variable,
} from "./driftRow";

const overriding = (pair: Pair) => path.join(path.dirname(pair.db1.settingsFile), "zz.cnf");

/** The folder of the project and the ports stand for themselves: see `drift.test.ts`. */
export const ROUNDS: Row[][] = [
  [
    variable("db1", "max_connections", "500", "1000"),
    settingsFile("line of the settings file changed", "db2", replaceIn("max_connections=1000", "max_connections=900"), [
      "- configText.max_connections=900",
      "+ configText.max_connections=1000",
    ]),
    account("grant missing", "db1", "nevisproxy_user@'%'", "REVOKE BINLOG MONITOR ON *.* FROM nevisproxy_user@'%'", [
      '~ accounts.nevisproxy_user@%.grants.[0]: "ALL PRIVILEGES ON `replicated_session_store`.*" => "REPLICATION CLIENT ON *.*"',
      '+ accounts.nevisproxy_user@%.grants.[1]: "ALL PRIVILEGES ON `replicated_session_store`.*"',
    ]),
    account("password changed", "db2", "binarylog_user", "SET PASSWORD FOR binarylog_user = PASSWORD('by hand')", [
      inAccount("binarylog_user@%", "password", "differs", "as configured"),
    ]),
    database("character set changed", "db1", "ALTER DATABASE replicated_session_store CHARACTER SET latin1", [
      change("characterSet", "latin1", "utf8mb4"),
      change("collation", "latin1_swedish_ci", "utf8mb4_general_ci"),
    ]),
    link("STOP SLAVE", "db1", ["STOP SLAVE"], [NO_SEMI_SYNC, REPLICATING("stopped")]),
    link(
      "seconds between tries changed",
      "db2",
      ["STOP SLAVE", "CHANGE MASTER TO MASTER_CONNECT_RETRY=3", "START SLAVE"],
      ["~ connectRetry: 3 => 10"],
      "Yes",
    ),
  ],
  [
    settingsFile("line of the settings file removed", "db1", replaceIn("innodb_deadlock_detect=OFF\n", ""), [
      "+ configText.innodb_deadlock_detect=OFF",
    ]),
    variable("db2", "gtid_domain_id", "7", "2"),
    account("grant too many", "db1", "nevisproxy_user@'%'", "GRANT SELECT ON mysql.* TO nevisproxy_user@'%'", [
      '- accounts.nevisproxy_user@%.grants.[2]: "SELECT ON `mysql`.*"',
    ]),
    account(
      "account missing",
      "db2",
      "binarylog_user",
      "DROP USER binarylog_user",
      missingAccount("binarylog_user@%", "SUPER ON *.*"),
    ),
    database("collation changed", "db2", "ALTER DATABASE replicated_session_store COLLATE utf8mb4_unicode_ci", [
      change("collation", "utf8mb4_unicode_ci", "utf8mb4_general_ci"),
    ]),
    link("only the SQL thread stopped", "db1", ["STOP SLAVE SQL_THREAD"], [REPLICATING("SQL thread stopped")]),
    link(
      "only the IO thread stopped",
      "db2",
      ["STOP SLAVE IO_THREAD"],
      [NO_SEMI_SYNC, REPLICATING("IO thread stopped")],
    ),
  ],
  [
    settingsFile("settings file gone", "db1", (file) => rm(file), [
      expect.stringMatching(/^\+ configText: "# Kept by pulumi-replicated-session-store\./),
    ]),
    settingsFile("settings file made world-writable", "db2", (file) => chmod(file, 0o666), [
      change("configMode", "666", "600"),
    ]),
    account(
      "localhost twin missing",
      "db1",
      "nevisproxy_user@localhost",
      "DROP USER nevisproxy_user@localhost",
      missingAccount(
        "nevisproxy_user@localhost",
        "REPLICATION CLIENT ON *.*",
        "ALL PRIVILEGES ON `replicated_session_store`.*",
      ),
    ),
    account("account locked", "db2", "session_store_monitor", "ALTER USER session_store_monitor ACCOUNT LOCK", [
      inAccount("session_store_monitor@%", "locked", true, false),
    ]),
    link("RESET SLAVE ALL", "db1", ["STOP SLAVE", "RESET SLAVE ALL"], [NO_SEMI_SYNC, REPLICATING("not configured")]),
    link(
      "use of GTIDs changed",
      "db2",
      ["STOP SLAVE", "CHANGE MASTER TO MASTER_USE_GTID=slave_pos", "START SLAVE"],
      [change("useGtid", "slave_pos", "current_pos")],
      "Yes",
    ),
  ],
  [
    {
      name: "another file overriding a value, on db1",
      byHand: (pair) => writeFile(overriding(pair), "[mariadb]\nmax_connections=77\n"),
      shows: { "sessions-db1": ['- overriddenBy.[0]: "FOLDER/db1/conf.d/zz.cnf:2 max_connections=77"'] },
      async repaired(pair) {
        expect(await readFile(overriding(pair), "utf8")).toMatch(/^\[mariadb\]\n# disabled, .*: max_connections=77\n$/);
      },
    },
    variable("db2", "slave_exec_mode", "STRICT", "IDEMPOTENT"),
    account("TLS required", "db1", "session_store_monitor", "ALTER USER session_store_monitor REQUIRE SSL", [
      inAccount("session_store_monitor@%", "tls", "SSL", "NONE"),
    ]),
    link(
      "another port of the source",
      "db1",
      ["STOP SLAVE", "CHANGE MASTER TO MASTER_PORT=9", "START SLAVE"],
      [
        NO_SEMI_SYNC,
        "~ sourcePort: 9 => PORT2",
        REPLICATING("can't connect, error 2003: error connecting to master 'replication_user@127.0.0.1:9'"),
      ],
      "Connecting",
    ),
    link(
      "another address of the source",
      "db2",
      ["STOP SLAVE", "CHANGE MASTER TO MASTER_HOST='localhost'", "START SLAVE"],
      [change("sourceAddress", "localhost", "127.0.0.1")],
      "Yes",
    ),
  ],
  [
    variable("db1", "auto_increment_increment", "3", "2"),
    variable("db2", "rpl_semi_sync_slave_enabled", "OFF", "ON"),
    account("password expired", "db1", "binarylog_user", "ALTER USER binarylog_user PASSWORD EXPIRE", [
      inAccount("binarylog_user@%", "expiry", "expired", "none"),
    ]),
    account(
      "connections limited",
      "db2",
      "nevisproxy_user@'%'",
      "ALTER USER nevisproxy_user@'%' WITH MAX_USER_CONNECTIONS 5",
      [inAccount("nevisproxy_user@%", "limits", "MAX_USER_CONNECTIONS 5", "none")],
    ),
    sessionsGone("a table dropped", "db2", "DROP TABLE replicated_session_store.a_session", [
      change("state", "lacks tables: a_session", "present"),
    ]),
  ],
  [
    sessionsGone("database dropped with the sessions in it", "db1", "DROP DATABASE replicated_session_store", [
      change("state", "missing", "present"),
    ]),
    account(
      "replication password changed",
      "db2",
      "replication_user",
      "SET PASSWORD FOR replication_user = PASSWORD('by hand')",
      [inAccount("replication_user@%", "password", "differs", "as configured")],
    ),
    variable("db2", "rpl_semi_sync_master_enabled", "OFF", "ON"),
    {
      name: "semi-sync off in effect though on by its variable, on db2",
      async byHand({ db1, db2 }) {
        await db2.run("SET GLOBAL rpl_semi_sync_slave_enabled=OFF", "STOP SLAVE IO_THREAD", "START SLAVE IO_THREAD");
        await ioThread(db2, "Yes");
        await noReplica(db1);
        await db2.run("SET GLOBAL rpl_semi_sync_slave_enabled=ON");
      },
      shows: { "sessions-db2-from-db1": [NO_SEMI_SYNC] },
      async repaired({ db1, db2 }) {
        expect(await db2.status("Rpl_semi_sync_slave_status")).toBe("ON");
        expect(await db1.status("Rpl_semi_sync_master_clients")).toBe("1");
      },
    },
  ],
  [
    {
      name: "number of applying threads, which only a stopped replica takes, on db1",
      byHand: ({ db1 }) => db1.run("STOP SLAVE", "SET GLOBAL slave_parallel_threads=4", "START SLAVE"),
      shows: { "sessions-db1": [change("settings.slave_parallel_threads", "4", "10")] },
      repaired: async ({ db1 }) => expect(await db1.variable("slave_parallel_threads")).toBe("10"),
    },
    {
      name: "filters, on db2",
      byHand: ({ db2 }) =>
        db2.run("STOP SLAVE", "SET GLOBAL replicate_wild_do_table='replicated_session_store.%session'", "START SLAVE"),
      shows: {
        "sessions-db2": ["attribute", "key_id_map", "conf"].map(
          (table, index) => `+ settings.replicate_wild_do_table.[${index + 1}]: "replicated_session_store.%${table}"`,
        ),
      },
      repaired: async ({ db2 }) =>
        expect((await db2.replica())?.["Replicate_Wild_Do_Table"]).toBe(
          "replicated_session_store.%session,replicated_session_store.%attribute,replicated_session_store.%key_id_map,replicated_session_store.%conf",
        ),
    },
  ],
  [
    {
      name: "a value that needs a restart changed in the file, and db1 restarted by hand",
      async byHand({ db1, db2 }) {
        await replaceIn("slave_skip_errors=1452,1062", "slave_skip_errors=1062")(db1.settingsFile);
        await db1.restart();
        await db2.run("STOP SLAVE IO_THREAD", "START SLAVE IO_THREAD");
        await ioThread(db2, "Yes");
      },
      shows: {
        "sessions-db1": [
          "- configText.slave_skip_errors=1062",
          "+ configText.slave_skip_errors=1452,1062",
          change("settings.slave_skip_errors", "1062", "1452,1062"),
        ],
      },
      repaired: async ({ db1 }) => expect(await db1.variable("slave_skip_errors")).toBe("1062,1452"),
    },
  ],
  [
    {
      name: "the binary log switched off in the file, and db2 restarted by hand",
      async byHand({ db1, db2 }) {
        await replaceIn("log_bin\n", "")(db2.settingsFile);
        await db2.restart();
        await db1.run("STOP SLAVE IO_THREAD", "START SLAVE IO_THREAD");
        await ioThread(db1, "No");
      },
      shows: {
        "sessions-db2": [
          "+ configText.log_bin",
          '+ settings.log_basename: "mariadbmaster"',
          change("settings.log_bin", "OFF", "ON"),
        ],
        "sessions-db1-from-db2": [
          NO_SEMI_SYNC,
          REPLICATING(
            "stopped by error 1236: Got fatal error 1236 from master when reading data from binary log: 'Binary log is not open'",
          ),
        ],
      },
      async repaired({ db1, db2 }) {
        expect(await db2.variable("log_bin")).toBe("1");
        await db1.catchUpWith(db2);
      },
    },
  ],
  [
    {
      name: "db1 stopped",
      byHand: ({ db1 }) => db1.stop(),
      shows: { db1: [change("state", "stopped", "running")], "sessions-db1": [change("state", "stopped", "running")] },
      async repaired({ db1, db2 }) {
        await db1.catchUpWith(db2);
        await db2.catchUpWith(db1);
      },
    },
  ],
  [
    {
      name: "password of the admin account changed, on db1",
      byHand: ({ db1 }) => db1.run("SET PASSWORD FOR session_store_admin@localhost = PASSWORD('by hand')"),
      shows: { "sessions-db1": [change("state", "login refused", "running")] },
      async repaired({ db1 }) {
        const hash = "SELECT authentication_string FROM mysql.user WHERE User='session_store_admin'";
        expect(await db1.value(hash)).toBe(passwordHash(PASSWORDS.adminPassword));
      },
    },
  ],
];
