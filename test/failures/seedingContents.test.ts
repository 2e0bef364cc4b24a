import { existsSync } from "node:fs";
import * as path from "node:path";
import { describe as inWords, isRunning, replicaStatus } from "../../provider/src/mariadb/replication";
import type { Server } from "../../provider/src/mariadb/server";
import { waitUntilCaughtUp } from "../../provider/src/pair/proof";
import { until } from "../../provider/src/waiting";
import { SHORT_WAITS } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import {
  DATABASE,
  db1,
  events,
  openDb1,
  PROXY,
  pair,
  up,
  usePairWithSessions,
  write,
} from "../support/local/seededPair";

/** What besides rows a database of sessions may hold comes along when a node is seeded with it. */

usePairWithSessions();

test("an event runs where it ran before, and nowhere else, whichever node was lost", async () => {
  const db2 = await pair.root(2);
  const event = (name: string) =>
    `CREATE DEFINER=${PROXY} EVENT ${name} ON SCHEDULE EVERY 1 DAY DO DELETE FROM ${DATABASE}.session WHERE id = 'expired'`;
  await write(db1, event("of_db1"));
  await write(db2, event("of_db2"));
  await waitUntilCaughtUp(db1, db2, 10_000);
  await waitUntilCaughtUp(db2, db1, 10_000);
  const before = [await events(1), await events(2)];
  expect(before).toEqual([
    { of_db1: "ENABLED 1 nevisproxy_user@%", of_db2: "SLAVESIDE_DISABLED 2 nevisproxy_user@%" },
    { of_db1: "SLAVESIDE_DISABLED 1 nevisproxy_user@%", of_db2: "ENABLED 2 nevisproxy_user@%" },
  ]);
  for (const number of [2, 1] as const) {
    await pair.lose(number);
    await up();
    expect([await events(1), await events(2)]).toEqual(before);
  }
  await openDb1();
});

test("an event of the lost node whose time has passed stays behind", async () => {
  const db2 = await pair.root(2);
  await write(
    db2,
    "SET SESSION time_zone = '+00:00'",
    `CREATE DEFINER=${PROXY} EVENT once ON SCHEDULE AT NOW() + INTERVAL 1 SECOND DO SELECT 1`,
    `CREATE DEFINER=${PROXY} EVENT for_a_while ON SCHEDULE EVERY 1 DAY ENDS NOW() + INTERVAL 1 SECOND DO SELECT 1`,
  );
  await waitUntilCaughtUp(db2, db1, 10_000);
  await db1.query("DO SLEEP(2)");
  expect(Object.keys(await events(1))).toEqual(expect.arrayContaining(["once", "for_a_while"]));
  await pair.lose(2);
  await up();
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
  expect(await pair.server(2).login("nevisproxy_user", "proxy-1")).toBe("in");
});

test("what the lost node had sent and its peer has not applied yet is applied first, where its thread was merely stopped", async () => {
  await db1.query("STOP SLAVE SQL_THREAD");
  const sent = "INSERT INTO session VALUES ('sent-before-the-loss', '')";
  await write(await pair.root(2), sent);
  await pair.lose(2);
  await up();
  for (const number of [1, 2] as const) {
    const found = `SELECT COUNT(*) FROM ${DATABASE}.session WHERE id = 'sent-before-the-loss'`;
    expect(await pair.server(number).value(found)).toBe("1");
  }
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
});

test("the peer's link is let in as soon as the node is open, by the accounts that may replicate and no other", async () => {
  const others = [
    "CREATE USER replication_user@'10.1.1.1' IDENTIFIED BY 'left' ACCOUNT LOCK",
    "GRANT REPLICATION SLAVE ON *.* TO replication_user@'10.1.1.1'",
    "GRANT SELECT ON test.* TO replication_user@'10.2.2.2' IDENTIFIED BY 'left'",
    "CREATE USER replication_user@'10.3.3.3' IDENTIFIED BY 'left' PASSWORD EXPIRE",
    "GRANT REPLICATION SLAVE ON *.* TO replication_user@'10.3.3.3'",
  ];
  for (const statement of others) await db1.query(statement);
  await pair.lose(2);
  await pair.up({ ...SHORT_WAITS, only: ["db2", "sessions-db2"] });
  const accounts = "SELECT CONCAT(User, '@', Host) FROM mysql.user WHERE User = 'replication_user'";
  const db2 = pair.server(2);
  expect((await db2.rows(accounts)).map((row) => Object.values(row)[0])).toEqual(["replication_user@%"]);
  expect((await db2.rows("SHOW GRANTS FOR replication_user")).map((row) => String(Object.values(row)[0]))).toEqual([
    expect.stringMatching(/^GRANT REPLICATION SLAVE ON \*\.\* TO `replication_user`@`%` IDENTIFIED BY PASSWORD/),
  ]);
  await until({ what: "db1 to pull from db2 again", deadline: 15_000 }, async () => {
    const status = await replicaStatus(db1);
    return isRunning(status) ? { done: undefined } : { seen: status ? inWords(status) : "no link" };
  });
  await up();
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
  for (const host of ["10.1.1.1", "10.2.2.2", "10.3.3.3"]) await db1.query("DROP USER replication_user@?", [host]);
});

test("a setting of which the node has another while it is closed is as wanted afterwards", async () => {
  const options = {
    ...SHORT_WAITS,
    settings: { ...SHORT_WAITS.settings, log_bin_trust_function_creators: true, event_scheduler: "ON" },
  };
  await pair.lose(2);
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
  await up();
});

test("bodies made under another sql_mode or character set arrive as they were made", async () => {
  const event = `CREATE DEFINER=${PROXY} EVENT other ON SCHEDULE EVERY 1 DAY DO SELECT 'é', "\\"`;
  await write(
    db1,
    "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'",
    `CREATE DEFINER=${PROXY} FUNCTION slash() RETURNS VARCHAR(9) DETERMINISTIC RETURN '\\' || 'a'`,
    `CREATE DEFINER=${PROXY} TRIGGER slashed BEFORE INSERT ON session FOR EACH ROW SET @x = '\\'`,
    "SET SESSION sql_mode = 'ANSI_QUOTES'",
    `CREATE DEFINER=${PROXY} PROCEDURE ansi() SELECT 1 AS "a\\"`,
    "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT', character_set_client = latin1, collation_connection = latin1_german1_ci",
    event,
    "SET SESSION sql_mode = '', character_set_client = utf8mb4, collation_connection = utf8mb4_general_ci",
  );
  const made = async (number: 1 | 2) => {
    const context = "sql_mode, character_set_client, collation_connection, db_collation";
    const where = `WHERE db = '${DATABASE}' AND name IN ('slash', 'ansi', 'other') ORDER BY name`;
    const root = await pair.root(number);
    return [
      await root.query(`SELECT name, HEX(body), ${context} FROM mysql.event ${where}`),
      await root.query(`SELECT name, HEX(body), ${context} FROM mysql.proc ${where}`),
      await root.query("SELECT TRIGGER_NAME, ACTION_STATEMENT, SQL_MODE FROM information_schema.TRIGGERS"),
    ];
  };
  const before = await made(1);
  expect(before.map((rows) => rows.length)).toEqual([1, 2, 1]);
  await pair.lose(2);
  await up();
  expect(await made(2)).toEqual(before);
  await write(db1, "DROP FUNCTION slash", "DROP TRIGGER slashed", "DROP PROCEDURE ansi", "DROP EVENT other");
});

test("bodies, views and names that look like parts of a dump arrive as they are, and nothing in them is run", async () => {
  const file = path.join(pair.folder, "written-by-a-dump");
  const body = `BEGIN\n-- SET GLOBAL gtid_slave_pos='9-9-9';\n\\! touch ${file}\n;;\nDELIMITER ;\nEND`;
  await write(
    db1,
    `CREATE DEFINER=${PROXY} PROCEDURE odd() COMMENT 'a;\nb' BEGIN\n/*\n${body}\n*/\n-- SET GLOBAL gtid_slave_pos='8-8-8';\nSELECT 1;\nEND`,
    `CREATE DEFINER=${PROXY} FUNCTION plain() RETURNS INT DETERMINISTIC RETURN 7`,
    `CREATE DEFINER=${PROXY} VIEW v_session AS SELECT id, 'a;\nb' AS text, plain() AS seven FROM session`,
    "CREATE TABLE `a.b;c_session` (id INT PRIMARY KEY, v VARCHAR(99) DEFAULT 'x;\ny' COMMENT 'c;\nd')",
    `CREATE DEFINER=${PROXY} TRIGGER \`t.r\` BEFORE INSERT ON \`a.b;c_session\` FOR EACH ROW BEGIN SET NEW.v = 'tr;\n'; END`,
    "INSERT INTO `a.b;c_session` (id, v) VALUES (1, '\\n-- SET GLOBAL gtid_slave_pos=''7-7-7'';\\n')",
    "CREATE SEQUENCE numbers_session START WITH 5",
  );
  const definitions = async (server: Server) => {
    await server.query("USE ??", [DATABASE]);
    return Promise.all(
      [
        ["SHOW CREATE PROCEDURE", "odd"],
        ["SHOW CREATE FUNCTION", "plain"],
        ["SHOW CREATE VIEW", "v_session"],
        ["SHOW CREATE TABLE", "a.b;c_session"],
        ["SHOW CREATE SEQUENCE", "numbers_session"],
      ].map(async ([show, name]) => {
        const { Created: _, ...row } = (await server.row(`${show} ??.??`, [DATABASE, name])) ?? {};
        return row;
      }),
    );
  };
  const trigger = "SELECT ACTION_STATEMENT, DEFINER, SQL_MODE FROM information_schema.TRIGGERS";
  const wanted = [await definitions(db1), await db1.query(trigger)];
  await pair.lose(2);
  await up();
  const db2 = await pair.root(2);
  expect([await definitions(db2), await db2.query(trigger)]).toEqual(wanted);
  expect(await db2.query("SELECT * FROM ??.??", [DATABASE, "a.b;c_session"])).toEqual(
    await db1.query("SELECT * FROM ??.??", [DATABASE, "a.b;c_session"]),
  );
  expect(existsSync(file)).toBe(false);

  // The same table alone: it is copied beside its place and moved.
  await db2.query("DROP TABLE ??.??", [DATABASE, "a.b;c_session"]);
  await up();
  const again = await pair.root(2);
  expect([await definitions(again), await again.query(trigger)]).toEqual(wanted);
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
});

test("a table alone comes without what it does not need, and a copy of it that fails leaves the replica applying", async () => {
  const TABLE = "alone_session";
  const rows = async (number: 1 | 2) => (await pair.root(number)).query(`SELECT * FROM ${DATABASE}.${TABLE}`);
  const TRIGGER = `TRIGGER of_root BEFORE INSERT ON ${TABLE} FOR EACH ROW SET NEW.n = NEW.n`;
  const dropOnDb2 = async () => (await pair.root(2)).query("DROP TABLE ??.??", [DATABASE, TABLE]);
  await write(
    db1,
    "CREATE EVENT of_root ON SCHEDULE EVERY 1 DAY DO SELECT 1",
    `CREATE TABLE ${TABLE} (id VARCHAR(40) PRIMARY KEY, n INT, CONSTRAINT positive CHECK (n > 0))`,
    `INSERT INTO ${TABLE} VALUES ('first', 1)`,
  );
  await waitUntilCaughtUp(db1, await pair.root(2), 10_000);
  await dropOnDb2();
  await up();
  expect(await rows(2)).toEqual(await rows(1));

  for (const [bring, words, take] of [
    [
      [`CREATE ${TRIGGER}`],
      /the trigger replicated_session_store\.of_root \(definer \w+@localhost\) would run/,
      ["DROP TRIGGER of_root", "DROP EVENT of_root"],
    ],
    [
      ["SET SESSION check_constraint_checks = 0", `INSERT INTO ${TABLE} VALUES ('negative', -1)`],
      /db2 does not take rows of alone_session: error 4025/,
      [`DELETE FROM ${TABLE} WHERE n < 0`, "SET SESSION check_constraint_checks = 1"],
    ],
  ] as const) {
    await dropOnDb2();
    await db1.query("USE ??", [DATABASE]);
    for (const statement of bring) await db1.query(statement);
    expect((await failureOf(up())).message).toMatch(words);
    await write(db1, "UPDATE session SET data = 'written after a failed copy' LIMIT 1");
    await waitUntilCaughtUp(db1, await pair.root(2), 10_000);
    expect(await replicaStatus(await pair.root(2))).toMatchObject({ ioThread: "Yes", sqlThread: "Yes" });
    for (const statement of take) await db1.query(statement);
    await up();
    expect(await rows(2)).toEqual(await rows(1));
  }
  await write(db1, `DROP TABLE ${TABLE}`);
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
});

test("tables that take defaults from a sequence, keep their history, or hold a row larger than a packet of today come along", async () => {
  await db1.query("SET GLOBAL max_allowed_packet = 64 * 1024 * 1024");
  const large = await pair.root(1);
  await write(
    large,
    "CREATE SEQUENCE ids_session",
    "CREATE TABLE numbered_session (id BIGINT PRIMARY KEY DEFAULT (NEXT VALUE FOR ids_session), v INT)",
    "INSERT INTO numbered_session (v) VALUES (1), (2)",
    "CREATE TABLE kept_session (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING",
    "INSERT INTO kept_session VALUES (1, 1)",
    "UPDATE kept_session SET v = 2",
    "CREATE TABLE large_session (id INT PRIMARY KEY, v LONGBLOB)",
    "INSERT INTO large_session VALUES (1, REPEAT('x', 20 * 1024 * 1024))",
  );
  await pair.lose(2);
  expect((await failureOf(up())).message).toMatch(
    /seeding db2 .*a row of large_session is longer than 16777216 bytes, .*raise its max_allowed_packet/s,
  );
  await write(large, "UPDATE large_session SET v = 'small'", "SET GLOBAL max_allowed_packet = DEFAULT");
  await up();
  const db2 = await pair.root(2);
  for (const table of ["numbered_session", "kept_session", "large_session"]) {
    const rows = (server: Server) => server.query("SELECT * FROM ??.??", [DATABASE, table]);
    expect(await rows(db2)).toEqual(await rows(await pair.root(1)));
  }
  await write(
    await pair.root(1),
    "DROP TABLE numbered_session, kept_session, large_session",
    "DROP SEQUENCE ids_session",
  );
});
