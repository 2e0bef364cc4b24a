import { chmod, readFile, rm, stat, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { passwordHash } from "../../provider/src/recipe/accounts/password";
import { until } from "../../provider/src/waiting";
import { PASSWORDS, type Pair } from "../support/cli/pairProgram";
import type { PairServer } from "../support/local/pairServer";

/** One change made by hand. */
export interface Row {
  readonly name: string;
  byHand(pair: Pair): Promise<unknown>;
  /** By resource, the lines with the live and the wanted value that `preview --diff` has to show. */
  readonly shows: Readonly<Record<string, readonly string[]>>;
  /** Proves on the server that `up` has mended it. */
  mended(pair: Pair): Promise<unknown>;
}

type Node = "db1" | "db2";

const change = (name: string, live: string, wanted: string): string => `~ ${name}: "${live}" => "${wanted}"`;

/** A running value changed by SET GLOBAL. */
const variable = (node: Node, option: string, live: string, wanted: string): Row => ({
  name: `${option} of ${node} set while it runs`,
  byHand: (pair) => pair[node].rows(`SET GLOBAL ${option} = ?`, [/^\d+$/.test(live) ? Number(live) : live]),
  shows: { [`sessions-${node}`]: [change(`settings.${option}`, live, wanted)] },
  mended: async (pair) => expect(await pair[node].variable(option)).toBe(wanted.replace(/^ON$/, "1")),
});

/** The settings file changed by hand. */
const settingsFile = (
  name: string,
  node: Node,
  byHand: (file: string) => Promise<unknown>,
  shows: readonly string[],
): Row => {
  let before: string;
  return {
    name: `${name}, on ${node}`,
    async byHand(pair) {
      before = await readFile(pair[node].settingsFile, "utf8");
      await byHand(pair[node].settingsFile);
    },
    shows: { [`sessions-${node}`]: shows },
    async mended(pair) {
      const file = pair[node].settingsFile;
      expect(await readFile(file, "utf8")).toBe(before);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    },
  };
};

const replaceIn = (from: string, to: string) => async (file: string) => {
  const text = await readFile(file, "utf8");
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  await writeFile(file, text.replace(from, to));
};

/** Something changed about an account, as SHOW CREATE USER and SHOW GRANTS tell. */
const account = (name: string, node: Node, user: string, statement: string, shows: readonly string[]): Row => {
  let before: string[];
  return {
    name: `${name}, on ${node}`,
    async byHand(pair) {
      before = await definition(pair[node], user);
      await pair[node].run(statement);
      expect(await definition(pair[node], user)).not.toEqual(before);
    },
    shows: { [`sessions-${node}-users`]: shows },
    mended: async (pair) => expect(await definition(pair[node], user)).toEqual(before),
  };
};

async function definition(server: PairServer, user: string): Promise<string[]> {
  try {
    const rows = [
      ...(await server.rows(`SHOW CREATE USER ${user}`)),
      ...(await server.rows(`SHOW GRANTS FOR ${user}`)),
    ];
    return rows.map((row) => String(Object.values(row)[0])).sort();
  } catch {
    return ["missing"];
  }
}

/** Something changed about the replication of a node. `settled` is what its IO thread comes to by itself. */
const link = (
  name: string,
  node: Node,
  statements: readonly string[],
  shows: readonly string[],
  settled: IoThread = "No",
): Row => {
  let before: unknown;
  return {
    name: `${name}, on ${node}`,
    async byHand(pair) {
      before = await replication(pair[node]);
      expect(before).toMatchObject({ Slave_IO_Running: "Yes", Slave_SQL_Running: "Yes" });
      await pair[node].run(...statements);
      if (settled === "No") return;
      await ioThread(pair[node], settled);
      if (settled === "Connecting") await noReplica(pair[other(node)]);
    },
    shows: { [`sessions-${node}-from-${other(node)}`]: shows },
    async mended(pair) {
      expect(await replication(pair[node])).toEqual(before);
      await pair[node].catchUpWith(pair[other(node)]);
      expect(await pair[node].status("Rpl_semi_sync_slave_status")).toBe("ON");
      expect(await pair[other(node)].status("Rpl_semi_sync_master_clients")).toBe("1");
    },
  };
};

type IoThread = "Yes" | "No" | "Connecting";

/** Waits until the IO thread is where it stays: connected, refused by the source, or at its second try. */
async function ioThread(server: PairServer, wanted: IoThread): Promise<void> {
  await until({ what: `${server.name}'s IO thread to be ${wanted}`, deadline: 20_000 }, async () => {
    const row = await server.replica();
    const seen = `${row?.["Slave_IO_Running"] ?? "No"}, ${row?.["Last_IO_Error"] ?? ""}`;
    const there = seen.startsWith(wanted) && (wanted !== "Connecting" || Number(row?.["Last_IO_Errno"]) > 0);
    return there ? { done: undefined } : { seen };
  });
}

/** Waits until the source has noticed that its replica is gone. */
const noReplica = (source: PairServer): Promise<void> =>
  source.waitFor(
    "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'Rpl_semi_sync_master_clients'",
    "0",
  );

const other = (node: Node): Node => (node === "db1" ? "db2" : "db1");

async function replication(server: PairServer): Promise<object> {
  const row = (await server.replica()) ?? {};
  const { Master_Host, Master_Port, Master_User, Connect_Retry, Using_Gtid, Slave_IO_Running, Slave_SQL_Running } = row;
  return { Master_Host, Master_Port, Master_User, Connect_Retry, Using_Gtid, Slave_IO_Running, Slave_SQL_Running };
}

const database = (name: string, node: Node, statement: string, shows: readonly string[]): Row => ({
  name: `${name}, on ${node}`,
  byHand: (pair) => pair[node].run(statement),
  shows: { [`sessions-${node}-database-replicated_session_store`]: shows },
  async mended(pair) {
    const seen = await pair[node].rows("SHOW CREATE DATABASE replicated_session_store");
    expect(seen[0]?.["Create Database"]).toMatch(/utf8mb4 COLLATE utf8mb4_general_ci/);
  },
});

/** Sessions that are gone from one node only, and must come back from the other one. */
const sessionsGone = (name: string, node: Node, statement: string, shows: readonly string[]): Row => {
  const rows = (server: PairServer) => server.rows("SELECT * FROM replicated_session_store.a_session ORDER BY id");
  let sessions: unknown[];
  return {
    name: `${name}, on ${node}`,
    async byHand(pair) {
      sessions = await rows(pair[node]);
      expect(sessions.length).toBeGreaterThanOrEqual(3);
      await pair[node].run(statement);
    },
    shows: { [`sessions-${node}-database-replicated_session_store`]: shows },
    async mended(pair) {
      expect(await rows(pair[node])).toEqual(sessions);
      expect(await rows(pair[other(node)])).toEqual(sessions);
      await pair[other(node)].write("INSERT INTO replicated_session_store.a_session (v) VALUES ('after the loss')");
      await pair[node].catchUpWith(pair[other(node)]);
      expect(await rows(pair[node])).toHaveLength(sessions.length + 1);
    },
  };
};

const NO_SEMI_SYNC = change("semiSync", "the replica does not acknowledge", "in effect");
const REPLICATING = (seen: string) => change("state", seen, "replicating");
const overriding = (pair: Pair) => path.join(path.dirname(pair.db1.settingsFile), "zz.cnf");
const inAccount = (user: string, property: string, live: string | boolean, wanted: string | boolean) =>
  `~ accounts.${user}.${property}: ${JSON.stringify(live)} => ${JSON.stringify(wanted)}`;
const missingAccount = (user: string, ...grants: string[]) =>
  [
    'expiry: "none"',
    ...grants.map((grant, index) => `grants.[${index}]: "${grant}"`),
    'limits: "none"',
    "locked: false",
    'password: "as configured"',
    'tls: "NONE"',
  ].map((line) => `+ accounts.${user}.${line}`);

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
      async mended(pair) {
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
  ],
  [
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
      async mended({ db1, db2 }) {
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
      mended: async ({ db1 }) => expect(await db1.variable("slave_parallel_threads")).toBe("10"),
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
      mended: async ({ db2 }) =>
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
      mended: async ({ db1 }) => expect(await db1.variable("slave_skip_errors")).toBe("1062,1452"),
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
      async mended({ db1, db2 }) {
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
      async mended({ db1, db2 }) {
        await db1.catchUpWith(db2);
        await db2.catchUpWith(db1);
      },
    },
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
  ],
  [
    sessionsGone("a table dropped", "db2", "DROP TABLE replicated_session_store.a_session", [
      change("state", "lacks tables: a_session", "present"),
    ]),
  ],
  [
    {
      name: "password of the admin account changed, on db1",
      byHand: ({ db1 }) => db1.run("SET PASSWORD FOR session_store_admin@localhost = PASSWORD('by hand')"),
      shows: { "sessions-db1": [change("state", "login refused", "running")] },
      async mended({ db1 }) {
        const hash = "SELECT authentication_string FROM mysql.user WHERE User='session_store_admin'";
        expect(await db1.value(hash)).toBe(passwordHash(PASSWORDS.adminPassword));
      },
    },
  ],
];
