import { existsSync } from "node:fs";
import * as path from "node:path";
import { findProcess } from "../../provider/src/hosts/local/server";
import { replicaStatus } from "../../provider/src/mariadb/replication";
import type { Server } from "../../provider/src/mariadb/server";
import { refuseUnfitToCopy } from "../../provider/src/pair/fitToCopy";
import { waitUntilCaughtUp } from "../../provider/src/pair/proof";
import { until } from "../../provider/src/waiting";
import { SHORT_WAITS } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { Pair } from "../support/local/pair";
import { fillSessions } from "../support/manySessions";

/** What besides rows a database of sessions may hold, and what somebody may have put there, when a node is seeded with it. */

jest.setTimeout(120_000);

const DATABASE = "replicated_session_store";
const PROXY = "nevisproxy_user@'%'";

let pair: Pair;
let db1: Server;

beforeAll(async () => {
  pair = await Pair.up(SHORT_WAITS);
  db1 = await pair.root(1);
  await fillSessions(db1, 1000);
});
afterAll(async () => {
  await pair?.[Symbol.asyncDispose]();
});

const up = () => pair.up(SHORT_WAITS);

/** As a client: it reaches the peer. */
async function write(server: Server, ...statements: string[]): Promise<void> {
  await server.query("USE ??", [DATABASE]);
  await server.logged(async () => {
    for (const statement of statements) await server.query(statement);
  });
}

const events = async (number: 1 | 2): Promise<Record<string, unknown>> => {
  const rows = await (await pair.root(number)).query(
    "SELECT EVENT_NAME, STATUS, ORIGINATOR, DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ?",
    [DATABASE],
  );
  return Object.fromEntries(
    rows.map((row) => [row["EVENT_NAME"], `${row["STATUS"]} ${row["ORIGINATOR"]} ${row["DEFINER"]}`]),
  );
};

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
  db1 = await pair.root(1);
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

test.each([
  ["waits for the lost node", ["DO 1"]],
  ["was stopped too", ["STOP SLAVE IO_THREAD"]],
])(
  "an error that keeps the peer from applying what the lost node had sent is told at once, with how to save that where the link %s",
  async (_, stop) => {
    const db2 = await pair.root(2);
    await write(db1, "CREATE TABLE odd_session (id INT PRIMARY KEY)");
    await waitUntilCaughtUp(db1, db2, 10_000);
    await db1.query("ALTER TABLE ??.odd_session ADD COLUMN n INT", [DATABASE]);
    await write(db2, "ALTER TABLE odd_session ADD COLUMN n INT", "INSERT INTO odd_session VALUES (1, 1)");
    await until({ what: "the error on db1", deadline: 10_000 }, async () => {
      const { Last_SQL_Errno: seen } = (await pair.server(1).replica()) ?? {};
      return Number(seen) === 1060 ? { done: undefined } : { seen: String(seen) };
    });
    await pair.lose(2);
    await pair.server(1).run(...stop);
    const { message, seconds } = await failureOf(up());
    expect(message).toMatch(
      /db1 does not apply what it has received: .*1060 .*only there.*don't restart db1.*db2 stays closed/s,
    );
    expect(seconds).toBeLessThan(20);

    await db1.query("ALTER TABLE ??.odd_session DROP COLUMN n", [DATABASE]);
    const advice = /then run on it: (.*;) and wait/.exec(message)?.[1] ?? "";
    await pair.server(1).run(...advice.split("; ").filter((statement) => statement !== ""));
    await pair.server(1).waitFor(`SELECT COUNT(*) FROM ${DATABASE}.odd_session`, "1");
    await up();
    expect(await pair.server(2).value(`SELECT COUNT(*) FROM ${DATABASE}.odd_session`)).toBe("1");
    expect(await pair.drift(SHORT_WAITS)).toEqual({});
    await write(db1, "DROP TABLE odd_session");
  },
);

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

test("a lock that somebody holds is not taken for a view that no longer works", async () => {
  await write(db1, `CREATE DEFINER=${PROXY} VIEW sound_session AS SELECT id FROM session`);
  const [looker, holder] = [await pair.root(1), await pair.root(1)];
  await looker.query("SET SESSION lock_wait_timeout = 1");
  await holder.query(`LOCK TABLES ${DATABASE}.session WRITE`);
  const { message } = await failureOf(refuseUnfitToCopy(looker, [DATABASE], []));
  expect(message).toMatch(/can't be copied now: somebody holds a lock on what the view .*sound_session reads/);
  await holder.query("UNLOCK TABLES");
  expect(await refuseUnfitToCopy(looker, [DATABASE], [])).toBeDefined();
  await write(db1, "DROP VIEW sound_session");
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

test.each([
  [
    "a view that no longer works",
    [
      "CREATE TABLE gone_session (id INT PRIMARY KEY)",
      `CREATE DEFINER=${PROXY} VIEW broken_session AS SELECT id FROM gone_session`,
      "DROP TABLE gone_session",
    ],
    "DROP VIEW broken_session",
    /db1 can't be copied, because views there no longer work: .*broken_session.*Repair or drop them on db1/s,
  ],
  [
    "an event of root",
    ["CREATE EVENT of_root ON SCHEDULE EVERY 1 DAY DO SELECT 1"],
    "DROP EVENT of_root",
    /db1 can't be copied: the event replicated_session_store\.of_root \(definer \w+@localhost\) would run on the other node/,
  ],
  [
    "a trigger of root",
    ["CREATE TRIGGER of_root BEFORE INSERT ON session FOR EACH ROW SET NEW.data = NEW.data"],
    "DROP TRIGGER of_root",
    /the trigger replicated_session_store\.of_root \(definer \w+@localhost\)/,
  ],
  [
    "a procedure of an account that is gone",
    ["CREATE DEFINER='somebody'@'%' PROCEDURE of_somebody() SELECT 1"],
    "DROP PROCEDURE of_somebody",
    /the procedure replicated_session_store\.of_somebody \(definer somebody@%\)/,
  ],
])(
  "%s keeps a node from being seeded, by name, before anything is touched; without it one up is enough",
  async (_, bring, take, words) => {
    await write(db1, ...bring);
    await pair.lose(2);
    const before = await findProcess(pair.directory(1));
    const { message } = await failureOf(up());
    expect(message).toMatch(words);
    expect(await findProcess(pair.directory(1))).toBe(before);
    await write(db1, take);
    await up();
    expect(await pair.drift(SHORT_WAITS)).toEqual({});
  },
);

test("only accounts known as the pair's come along, and none that may write beyond its databases, named or not", async () => {
  const named = { ...SHORT_WAITS, definers: ["app"] };
  const refused = expect.stringMatching(
    /the event .*of_app \(definer app@10\.0\.0\.5\) .*Nothing was copied.*add its user name to "definers"/s,
  );
  await pair.lose(2);
  for (const [right, options, outcome] of [
    [`ALL ON ${DATABASE}.*`, SHORT_WAITS, refused],
    ["UPDATE ON *.*", named, refused],
    ["INSERT ON mysql.*", named, refused],
    ["ALL ON `%`.*", named, refused],
    ["UPDATE ON mysql.global_priv", named, refused],
    [`ALL ON ${DATABASE}.*`, named, "it came along"],
  ] as const) {
    await db1.query("CREATE USER app@'10.0.0.5'");
    await db1.query(`GRANT ${right} TO app@'10.0.0.5'`);
    await db1.query("USE ??", [DATABASE]);
    await db1.query("CREATE DEFINER=app@'10.0.0.5' EVENT of_app ON SCHEDULE EVERY 1 DAY DO SELECT 1");
    const seen = await pair.up(options).then(
      () => "it came along",
      ({ message }: Error) => message,
    );
    expect([right, seen]).toEqual([right, outcome]);
    expect((await pair.server(2).login("nevisproxy_user", "proxy-1")) === "in").toBe(outcome !== refused);
    await db1.query("DROP EVENT of_app");
    await db1.query("DROP USER app@'10.0.0.5'");
  }
  expect(await events(2)).toMatchObject({ of_app: "SLAVESIDE_DISABLED 1 app@10.0.0.5" });
  await (await pair.root(2)).query("DROP EVENT ??.of_app", [DATABASE]);
  await up();
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
});

test("a row that the node does not take is told by table and number of the error, and nothing of the row is", async () => {
  await write(
    db1,
    "CREATE TABLE checked_session (id VARCHAR(40) PRIMARY KEY, n INT, CONSTRAINT positive CHECK (n > 0))",
    "SET SESSION check_constraint_checks = 0",
    "INSERT INTO checked_session VALUES ('secret-session-of-a-user', -1)",
    "SET SESSION check_constraint_checks = 1",
  );
  await pair.lose(2);
  const { message } = await failureOf(up());
  expect(message).toMatch(/seeding db2 from db1 was cut off: db2 does not take rows of checked_session: error 4025/);
  expect(message).toMatch(/db1 was only read and serves on; db2 stays closed.*Run `pulumi up` again/s);
  expect(message).not.toContain("secret-session");
  expect(await pair.server(2).login("nevisproxy_user", "proxy-1")).not.toBe("in");
  await write(db1, "DROP TABLE checked_session");
  await up();
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

test("when the other node is lost too before a seeding is whole, nothing is copied from the half, until somebody says that it is to be kept", async () => {
  const TABLES = `SELECT GROUP_CONCAT(TABLE_NAME ORDER BY 1) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${DATABASE}'`;
  await write(
    db1,
    "DROP TABLE `a.b;c_session`",
    "DROP SEQUENCE numbers_session",
    "CREATE TABLE a_session (id INT PRIMARY KEY)",
    "INSERT INTO a_session VALUES (1), (2), (3)",
    "CREATE TABLE b_session (id INT PRIMARY KEY, n INT, CONSTRAINT positive CHECK (n > 0))",
    "SET SESSION check_constraint_checks = 0",
    "INSERT INTO b_session VALUES (1, -1)",
  );
  await pair.lose(2);
  await expect(up()).rejects.toThrow(/seeding db2 from db1 was cut off/);
  expect(await pair.server(2).value(TABLES)).toBe("a_session,b_session");
  await pair.lose(1);
  const { message } = await failureOf(up());
  expect(message).toMatch(/db1 lost its data, and its peer db2 holds only a part of the sessions.*Nothing was copied/s);
  const keep = /run on db2: (DROP DATABASE .*?);/.exec(message)?.[1] ?? "";
  await pair.server(2).run(keep);
  await up();
  expect(await pair.server(1).value(TABLES)).toBe("a_session,b_session");
  expect(await pair.server(1).value(`SELECT COUNT(*) FROM ${DATABASE}.a_session`)).toBe("3");
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
});
