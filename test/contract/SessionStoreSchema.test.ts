import { localUser } from "../../provider/src/hosts/local/files";
import { stop as stopServer } from "../../provider/src/hosts/local/server";
import { openAsAdmin } from "../../provider/src/mariadb/admin";
import { Server } from "../../provider/src/mariadb/server";
import { SessionStoreSchema, type SessionStoreSchemaChecked } from "../../provider/src/operations/SessionStoreSchema";
import { inOwnRun } from "../support/engine/engine";
import type { HandMadeNode } from "../support/local/handMadePair";
import { db1, db2, pair, useHandMadePair } from "../support/local/handMadePairOfFile";

useHandMadePair();

const ADMIN = { user: "session_store_admin", password: "admin-of-the-test" };

beforeAll(async () => {
  for (const node of pair.nodes) {
    await (await openAsAdmin(connectionTo(node)))[Symbol.asyncDispose]();
    await unlogged(node, "CREATE USER proxy@localhost");
    await unlogged(node, "GRANT ALL PRIVILEGES ON replicated_session_store.* TO proxy@localhost");
    await unlogged(node, "CREATE USER powerful@localhost");
    await unlogged(node, "GRANT SUPER ON *.* TO powerful@localhost");
  }
});

beforeEach(async () => {
  for (const node of pair.nodes) {
    await unlogged(node, "DROP DATABASE replicated_session_store");
    await unlogged(node, "CREATE DATABASE replicated_session_store CHARACTER SET utf8mb4");
  }
});

const SCRIPT = `-- sessionStoreSetup.sql
USE replicated_session_store;
CREATE TABLE IF NOT EXISTS session (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL);
CREATE TABLE IF NOT EXISTS attribute (id INT PRIMARY KEY, session_id INT, FOREIGN KEY (session_id) REFERENCES session (id));
CREATE VIEW IF NOT EXISTS open_session AS SELECT id FROM session;
CREATE SEQUENCE IF NOT EXISTS next_session;
CREATE TABLE IF NOT EXISTS conf (CACHENAME VARCHAR(9), PARAMETER VARCHAR(9), VALUE VARCHAR(9), PRIMARY KEY (CACHENAME, PARAMETER));
INSERT INTO conf (CACHENAME, PARAMETER, VALUE) VALUES ('session', 'REAPER', '0'), ('session', 'VERSION', 'a?b');
`;
const TABLES = ["session", "attribute", "open_session", "next_session", "conf"];
const PRESENT = Object.fromEntries(TABLES.map((table) => [table, "present on both nodes"]));

test("the script runs on one node, and its tables and rows are on both", async () => {
  const { live } = await created();
  for (const node of pair.nodes) {
    expect(await node.rows("SELECT PARAMETER, VALUE FROM replicated_session_store.conf ORDER BY 1")).toEqual([
      { PARAMETER: "REAPER", VALUE: "0" },
      { PARAMETER: "VERSION", VALUE: "a?b" },
    ]);
  }
  expect(live).toMatchObject({ tables: PRESENT, state: "complete" });
});

test.each(["SET NAMES utf8;", "/*!40101 SET NAMES utf8mb3 */;", "SET NAMES utf8mb4;"])(
  "characters of four bytes are stored as the mariadb client stores them after %j",
  async (names) => {
    const script = `${names} CREATE TABLE IF NOT EXISTS conf (id INT PRIMARY KEY, v VARBINARY(20)); INSERT INTO conf VALUES (1, 'x\u{1f600}');`;
    await created({ script });
    for (const node of pair.nodes) {
      expect(await node.rows("SELECT HEX(v) AS v FROM replicated_session_store.conf")).toEqual([{ v: "78F09F9880" }]);
    }
  },
);

test("looking at tables that are as wanted shows no change and writes nothing", async () => {
  const { id, outs, inputs } = await created();
  const before = await positions();
  const seen = await SessionStoreSchema.read(id, outs);
  expect(await SessionStoreSchema.diff(id, seen["props"], inputs)).toMatchObject({ changes: false });
  expect(await positions()).toEqual(before);
});

test("a second run changes no row, not even one that the proxy has changed since, and adds those that are missing", async () => {
  const { inputs } = await created();
  await logged("UPDATE conf SET VALUE = 'proxy 7' WHERE PARAMETER = 'REAPER'");
  await logged("DELETE FROM conf WHERE PARAMETER = 'VERSION'");
  await SessionStoreSchema.create(inputs);
  for (const node of pair.nodes) {
    expect(await node.rows("SELECT PARAMETER, VALUE FROM replicated_session_store.conf ORDER BY 1")).toEqual([
      { PARAMETER: "REAPER", VALUE: "proxy 7" },
      { PARAMETER: "VERSION", VALUE: "a?b" },
    ]);
  }
});

test.each([
  ["db1", "session"],
  ["db2", "session"],
  ["db2", "open_session"],
  ["db1", "open_session"],
  ["db2", "next_session"],
])("dropped on %s alone, %s is seen as missing there and comes back with its rows", async (name, table) => {
  const { id, outs, inputs } = await created();
  await logged("INSERT INTO session (id, name) VALUES (7, 'kept')");
  const node = name === "db1" ? db1 : db2;
  const kind = table === "open_session" ? "VIEW" : table === "next_session" ? "SEQUENCE" : "TABLE";
  await unlogged(node, "SET foreign_key_checks = 0");
  await unlogged(node, `DROP ${kind} replicated_session_store.${table}`);
  const seen = await SessionStoreSchema.read(id, outs);
  expect(seen["inputs"]).toMatchObject({ tables: { ...PRESENT, [table]: `missing on ${name}` } });
  expect(await SessionStoreSchema.diff(id, seen["props"], inputs)).toMatchObject({ changes: true });
  await SessionStoreSchema.update(id, seen["props"], inputs);
  expect((await SessionStoreSchema.read(id, outs))["inputs"]).toMatchObject({ tables: PRESENT });
  expect(await node.rows("SELECT id, name FROM replicated_session_store.session")).toEqual([{ id: 7, name: "kept" }]);
});

test("tables that are gone from both nodes are made again, with the script's rows", async () => {
  const { id, outs, inputs } = await created();
  await logged("DROP TABLE conf");
  const seen = await SessionStoreSchema.read(id, outs);
  expect(seen["inputs"]).toMatchObject({ tables: { conf: "missing on both nodes" } });
  await SessionStoreSchema.update(id, seen["props"], inputs);
  expect(await db2.rows("SELECT PARAMETER FROM replicated_session_store.conf")).toHaveLength(2);
});

test("a table that differs is shown with the difference, and not touched", async () => {
  const { id, outs, inputs } = await created();
  await unlogged(
    db2,
    "ALTER TABLE replicated_session_store.session MODIFY name VARCHAR(30) NOT NULL, ADD INDEX (name)",
  );
  const seen = await SessionStoreSchema.read(id, outs);
  const difference =
    "differs on db2: column name is #2 varchar(30) utf8mb4_general_ci NOT NULL, " +
    "on db1 #2 varchar(20) utf8mb4_general_ci NOT NULL; index name is BTREE (name), on db1 missing";
  expect(seen["inputs"]).toMatchObject({ tables: { ...PRESENT, session: difference } });
  await expect(inOwnRun(() => SessionStoreSchema.update(id, seen["props"], inputs))).rejects.toThrow(
    /column name .* sql_log_bin=0/,
  );
  expect((await SessionStoreSchema.read(id, outs))["inputs"]).toMatchObject({ tables: { session: difference } });
});

test("the next AUTO_INCREMENT value, which differs by design, is no difference", async () => {
  const { id, outs } = await created();
  await unlogged(db2, "ALTER TABLE replicated_session_store.session AUTO_INCREMENT = 500");
  expect((await SessionStoreSchema.read(id, outs))["inputs"]).toMatchObject({ tables: PRESENT });
});

test("a changed script is run, and what it no longer names is kept", async () => {
  const { id, outs } = await created();
  await logged("INSERT INTO session (name) VALUES ('kept')");
  const script = `${SCRIPT.replace(/CREATE SEQUENCE.*\n/, "")}ALTER TABLE session ADD COLUMN IF NOT EXISTS since INT;
    CREATE TABLE IF NOT EXISTS old_session LIKE session;`;
  const wanted = await checked({ script });
  expect(await SessionStoreSchema.diff(id, outs, wanted)).toMatchObject({ changes: true, replaces: [] });
  await SessionStoreSchema.update(id, outs, wanted);
  expect(await db2.rows("SELECT name, since FROM replicated_session_store.session")).toEqual([
    { name: "kept", since: null },
  ]);
  expect(await db2.rows("SHOW TABLES FROM replicated_session_store LIKE '%\\_session'")).toHaveLength(3);
});

const KEYED = "id INT AUTO_INCREMENT PRIMARY KEY, name CHAR(36) UNIQUE, at TIMESTAMP DEFAULT NOW()";
const CREATED = (more = "") => `CREATE TABLE IF NOT EXISTS a_conf (${KEYED})${more};\n`;

test.each([
  ["INSERT INTO a_conf (id) VALUES (7), (8)", 2],
  ["INSERT a_conf SET id = 7", 1],
  ["INSERT IGNORE INTO a_conf (id) VALUES (7)", 1],
  ["SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'; INSERT INTO a_conf (id) VALUES (0)", 1],
  ["INSERT INTO a_conf (name) VALUES ('a'), ('b')", 2],
  ["INSERT INTO a_conf (name) SELECT 'a'", 1],
  ["INSERT INTO a_conf (name) VALUES ('a') RETURNING id", 1],
  ["/*!40000 INSERT INTO a_conf (id) VALUES (7) */", 1],
])("rows that have a key of their own are there once, however often the script is run: %s", async (insert, count) => {
  const { inputs } = await created({ script: CREATED() + insert });
  await SessionStoreSchema.create(inputs);
  for (const node of pair.nodes) {
    expect(await node.rows("SELECT id FROM replicated_session_store.a_conf")).toHaveLength(count);
  }
});

const AGAIN = /^line 3 of the script: this INSERT would add rows to replicated_session_store\.a_conf again/;
test.each([
  ["INSERT INTO a_conf (at) VALUES (0)", "", AGAIN],
  ["INSERT INTO a_conf (id) VALUES (7), (NULL)", "", AGAIN],
  ["INSERT INTO a_conf (id) VALUES (0)", "", AGAIN],
  ["INSERT INTO a_conf (id) VALUES (DEFAULT)", "", AGAIN],
  ["INSERT IGNORE INTO a_conf () VALUES ()", "", AGAIN],
  ["INSERT INTO a_conf (name) VALUES (NULL) RETURNING id", "", AGAIN],
  ["INSERT INTO a_conf (name) VALUES (UUID())", "", AGAIN],
  ["INSERT INTO a_conf (name) VALUES (NOW())", "", AGAIN],
  ["INSERT INTO a_conf (name) SELECT COUNT(*) FROM a_conf", "", AGAIN],
  [
    "INSERT INTO a_conf (id) VALUES (7)",
    " ENGINE=MyISAM",
    /^line 3 .*a_conf is ENGINE=MyISAM, which takes no row back/,
  ],
])("an INSERT that would double its row in a second run is refused with its line: %s", async (insert, more, reason) => {
  const script = `${CREATED(more)}\n${insert}`;
  await expect(inOwnRun(async () => SessionStoreSchema.create(await checked({ script })))).rejects.toThrow(reason);
  expect(await db1.rows("SELECT * FROM replicated_session_store.a_conf")).toEqual([]);
});

const PROGRAMS = `SET sql_mode = 'ANSI_QUOTES';
CREATE TABLE IF NOT EXISTS session (id INT PRIMARY KEY, name VARCHAR(20));
DELIMITER //
CREATE TRIGGER IF NOT EXISTS t BEFORE INSERT ON session FOR EACH ROW BEGIN SET @a = 1; SET NEW."name" = 'by t'; END//
/*!50003 CREATE*/ /*!50017 DEFINER=CURRENT_USER()*/ /*!50003 TRIGGER IF NOT EXISTS u BEFORE UPDATE ON session FOR EACH ROW SET @u = 1*/ //
CREATE FUNCTION IF NOT EXISTS f() RETURNS INT DETERMINISTIC RETURN 7//
CREATE PROCEDURE IF NOT EXISTS p() SELECT 1//
CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW IF NOT EXISTS a_session AS SELECT id FROM session//
CREATE DEFINER = 'proxy'@localhost VIEW IF NOT EXISTS b_session AS SELECT id FROM session//
`;
const DEFINERS = `SELECT TRIGGER_NAME AS name, DEFINER AS definer FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'replicated_session_store'
  UNION SELECT ROUTINE_NAME, DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'replicated_session_store'
  UNION SELECT TABLE_NAME, DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'replicated_session_store' ORDER BY 1`;

test("triggers and functions, which take MariaDB's root, run in the admin's name and in the script's mode, on both nodes", async () => {
  await created({ script: PROGRAMS });
  await logged("INSERT INTO session (id) VALUES (1)");
  const definer = `${ADMIN.user}@localhost`;
  for (const node of pair.nodes) {
    expect(await node.rows(DEFINERS)).toEqual([
      { name: "a_session", definer },
      { name: "b_session", definer: "proxy@localhost" },
      ...["f", "p", "t", "u"].map((name) => ({ name, definer })),
    ]);
    expect(
      await node.rows("SELECT name, replicated_session_store.f() AS f FROM replicated_session_store.session"),
    ).toEqual([{ name: "by t", f: 7 }]);
  }
});

test("where root can't be asked, a trigger is refused with what the server did not take, and who may", async () => {
  const root = localUser();
  await unlogged(db1, `ALTER USER ${root}@localhost ACCOUNT LOCK`);
  try {
    await expect(inOwnRun(async () => SessionStoreSchema.create(await checked({ script: PROGRAMS })))).rejects.toThrow(
      /^line 4 of the script: .*1419.*MariaDB's root, who may, can't be asked/,
    );
  } finally {
    await unlogged(db1, `ALTER USER ${root}@localhost ACCOUNT UNLOCK`);
  }
});

test.each(["nobody@localhost", "powerful@localhost", "proxy"])(
  "what would run in the name of %s, in which it could not be copied, is refused before anything is made",
  async (definer) => {
    const script = `${SCRIPT}CREATE DEFINER=${definer} VIEW IF NOT EXISTS a_session AS SELECT 1 AS x;`;
    await expect(inOwnRun(async () => SessionStoreSchema.create(await checked({ script })))).rejects.toThrow(
      new RegExp(`^line 9 of the script: it names DEFINER=${definer}.* Nothing of the script was run`),
    );
    expect(await db1.rows("SHOW TABLES FROM replicated_session_store")).toEqual([]);
  },
);

test("what the server refuses is shown with the line of the script", async () => {
  const wrong = "CREATE TABLE IF NOT EXISTS conf (id INT PRIMARY KEY);\nINSERT INTO conf VALUES (1, 2, 3);";
  await expect(inOwnRun(async () => SessionStoreSchema.create(await checked({ script: wrong })))).rejects.toThrow(
    /^line 2 of the script: db1: .*1136/,
  );
});

test("a script that speaks against itself is refused before a server is asked", async () => {
  const { failures } = await SessionStoreSchema.check({}, { ...given(), script: "\nDROP TABLE session;" });
  expect(failures).toEqual([{ property: "", reason: expect.stringMatching(/^script: line 2: DROP TABLE/) }]);
});

test("removing the resource leaves the tables and their rows", async () => {
  const { id, outs } = await created();
  await SessionStoreSchema.delete(id, outs);
  expect(await db1.rows("SELECT * FROM replicated_session_store.conf")).toHaveLength(2);
});

test("cut off at any statement, on the way to make the tables or to repair them, the next run completes them", async () => {
  const { id, outs, inputs } = await created();
  let survived = 0;
  for (let cut = 1; survived === 0; cut++) {
    await logged("DROP TABLE conf, attribute");
    const failed = await failingAt(cut, () => SessionStoreSchema.update(id, outs, inputs));
    if (!failed) survived = cut;
    const seen = await SessionStoreSchema.read(id, outs);
    const { changes } = await SessionStoreSchema.diff(id, seen["props"], inputs);
    if (changes) await SessionStoreSchema.update(id, seen["props"], inputs);
    for (const node of pair.nodes) {
      expect([cut, await node.rows("SELECT PARAMETER FROM replicated_session_store.conf")]).toEqual([
        cut,
        [{ PARAMETER: "REAPER" }, { PARAMETER: "VERSION" }],
      ]);
      expect(await node.rows("SHOW TABLES FROM replicated_session_store LIKE '%unfinished'")).toEqual([]);
    }
  }
  expect(survived).toBeGreaterThan(15);
}, 120_000);

test("while a node is down, the tables stay as they were last seen", async () => {
  const { id, outs } = await created();
  await stopServer(db2.directory);
  expect((await SessionStoreSchema.read(id, outs))["inputs"]).toMatchObject({ tables: PRESENT, state: "complete" });
}, 60_000);

const given = () => ({ first: connectionTo(db1), second: connectionTo(db2) });

const connectionTo = ({ name, directory, port }: HandMadeNode) => ({
  name,
  host: { kind: "local" as const, directory },
  address: "127.0.0.1",
  port,
  admin: ADMIN,
});

async function checked(more: { script?: string } = {}): Promise<SessionStoreSchemaChecked> {
  const { inputs, failures } = await SessionStoreSchema.check({}, { script: SCRIPT, ...given(), ...more });
  expect(failures).toEqual([]);
  return inputs;
}

async function created(more: { script?: string } = {}) {
  const inputs = await checked(more);
  const { id, outs } = await SessionStoreSchema.create(inputs);
  const seen = await SessionStoreSchema.read(id, outs);
  return { id, outs, inputs, live: seen["inputs"] };
}

/** Runs `work` with its n-th statement failing before it reaches the server, and all after it. False: it has fewer. */
async function failingAt(n: number, work: () => Promise<unknown>): Promise<boolean> {
  const query = Server.prototype.query;
  let count = 0;
  const spy = jest.spyOn(Server.prototype, "query").mockImplementation(function (this: Server, ...args) {
    return ++count >= n ? Promise.reject(new Error("cut off")) : query.apply(this, args);
  });
  try {
    await inOwnRun(work);
    return false;
  } catch (error) {
    if (!/cut off/.test((error as Error).message)) throw error;
    return true;
  } finally {
    spy.mockRestore();
  }
}

async function unlogged(node: HandMadeNode, statement: string): Promise<void> {
  await node.session.query("SET SESSION sql_log_bin = 0");
  await node.session.query(statement);
}

/** As a proxy does it: on db1, and it is on db2 when this returns. */
async function logged(statement: string): Promise<void> {
  await db1.session.query("SET SESSION sql_log_bin = 1");
  await db1.session.query("USE replicated_session_store");
  await db1.session.query(statement);
  const [sent] = await db1.rows("SELECT @@GLOBAL.gtid_binlog_pos AS position");
  const [reply] = await db2.rows(`SELECT MASTER_GTID_WAIT('${sent?.["position"]}', 10) AS reply`);
  expect(reply?.["reply"]).toBe(0);
}

const positions = () => Promise.all(pair.nodes.map((node) => node.rows("SHOW MASTER STATUS")));
