import fc from "fast-check";
import { matchesFilter, RECIPE_DATABASE, RECIPE_PATTERNS, wildDoTables } from "../../provider/src/recipe/filters";
import { reachesPeer } from "../../provider/src/recipe/schema/reachesPeer";
import type { HandMadeNode } from "../support/local/handMadePair";
import { db1, db2, useHandMadePair } from "../support/local/handMadePairOfFile";

/** What `reachesPeer` says is compared with what two linked servers do. */

useHandMadePair();

const PATTERNS = wildDoTables([RECIPE_DATABASE], RECIPE_PATTERNS);

/** On both nodes before every statement; `a_session` and `b_conf` match, `notes` does not. */
const SCENE = [
  ...["replicated_session_store", "elsewhere", "made_here", "replicatedXsessionXstore"].map(
    (database) => `DROP DATABASE IF EXISTS ${database}`,
  ),
  "CREATE DATABASE replicated_session_store CHARACTER SET utf8mb4",
  "CREATE DATABASE replicatedXsessionXstore CHARACTER SET utf8mb4",
  "CREATE DATABASE elsewhere CHARACTER SET utf8mb4",
  "USE replicated_session_store",
  ...["a_session", "b_conf", "notes", "elsewhere.c_session", "replicatedXsessionXstore.d_session"].flatMap((table) => [
    `CREATE TABLE ${table} (id INT PRIMARY KEY, v INT)`,
    `INSERT INTO ${table} VALUES (1, 10), (2, 20)`,
  ]),
  "CREATE VIEW notes_view AS SELECT * FROM notes",
  "CREATE TRIGGER old_trigger BEFORE INSERT ON a_session FOR EACH ROW SET @a = 1",
  "CREATE VIEW view_session AS SELECT * FROM notes",
  "CREATE SEQUENCE serial_conf NOCACHE",
  "CREATE SEQUENCE serial_notes NOCACHE",
  ...["old_session", "old_notes"].flatMap((table) => [
    `CREATE TABLE ${table} (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING`,
    // As rows that came from the other node, the two have the same times.
    "SET SESSION timestamp = 1700000000",
    `INSERT INTO ${table} VALUES (1, 10)`,
    "SET SESSION timestamp = 1700000001",
    `UPDATE ${table} SET v = 11`,
    "SET SESSION timestamp = DEFAULT",
  ]),
  "CREATE PROCEDURE elsewhere.old_procedure() SELECT 1",
  "CREATE EVENT elsewhere.old_event ON SCHEDULE EVERY 1 DAY DO SELECT 1",
  "DROP USER IF EXISTS visitor, visitor2",
  "DROP ROLE IF EXISTS visitor2",
  "CREATE USER visitor IDENTIFIED BY 'one'",
];

const STATEMENTS = [
  // Accounts
  "CREATE USER visitor2 IDENTIFIED BY 'x'",
  "GRANT SELECT ON replicated_session_store.* TO visitor",
  "GRANT SELECT ON replicated_session_store.a_session TO visitor",
  "SET PASSWORD FOR visitor = PASSWORD('two')",
  "ALTER USER visitor ACCOUNT LOCK",
  "RENAME USER visitor TO visitor2",
  "DROP USER visitor",
  "FLUSH PRIVILEGES",
  "REVOKE ALL PRIVILEGES, GRANT OPTION FROM visitor",
  "CREATE ROLE visitor2",
  // Databases
  "CREATE DATABASE made_here",
  "ALTER DATABASE replicated_session_store CHARACTER SET latin1",
  "ALTER DATABASE CHARACTER SET latin1",
  "DROP DATABASE elsewhere",
  "DROP DATABASE replicated_session_store",
  // Definitions
  "CREATE TABLE new_session (id INT PRIMARY KEY)",
  "CREATE TABLE IF NOT EXISTS `New_SESSION` (id INT PRIMARY KEY)",
  "/*!50100 CREATE TABLE new_session (id INT PRIMARY KEY) */",
  "/*!50799 CREATE TABLE new_session (id INT PRIMARY KEY) */ SELECT 1",
  "CREATE TABLE /* other_name ( */ new_attribute -- as it's\n (id INT PRIMARY KEY)",
  "CREATE TABLE replicatedXsessionXstore.new_session (id INT PRIMARY KEY)",
  "CREATE TABLE session_old (id INT PRIMARY KEY)",
  "CREATE TABLE elsewhere.new_session (id INT PRIMARY KEY)",
  "USE elsewhere; CREATE TABLE new_session (id INT PRIMARY KEY)",
  "CREATE OR REPLACE TABLE a_session (id INT PRIMARY KEY)",
  "CREATE TABLE new_conf LIKE b_conf",
  "CREATE TABLE new_conf AS SELECT * FROM notes",
  "CREATE TABLE new_notes AS SELECT * FROM b_conf",
  "CREATE TEMPORARY TABLE new_session (id INT PRIMARY KEY)",
  "ALTER TABLE a_session ADD COLUMN w INT",
  "ALTER TABLE notes ADD COLUMN w INT",
  "CREATE INDEX by_v ON a_session (v)",
  "CREATE UNIQUE INDEX IF NOT EXISTS by_v ON notes (v)",
  "DROP INDEX `PRIMARY` ON a_session",
  "TRUNCATE TABLE a_session",
  "TRUNCATE notes",
  "DROP TABLE a_session",
  "DROP TABLE notes",
  "DROP TABLE IF EXISTS a_session, notes",
  "RENAME TABLE a_session TO gone",
  "RENAME TABLE notes TO new_session",
  "RENAME TABLE notes TO other_notes, a_session TO e_session",
  "RENAME TABLE notes TO other_notes",
  "ALTER TABLE a_session RENAME TO gone",
  "ALTER TABLE notes RENAME TO new_session",
  "CREATE VIEW new_session AS SELECT * FROM notes",
  "CREATE DEFINER = root@localhost SQL SECURITY INVOKER VIEW new_view AS SELECT * FROM a_session",
  "CREATE SEQUENCE new_session",
  "CREATE SEQUENCE numbers",
  "DROP VIEW notes_view",
  "CREATE TRIGGER t BEFORE INSERT ON b_conf FOR EACH ROW SET @a = 1",
  "CREATE TRIGGER t_session BEFORE INSERT ON notes FOR EACH ROW SET @a = 1",
  "DROP SEQUENCE IF EXISTS serial_conf",
  "ALTER SEQUENCE serial_conf INCREMENT BY 5",
  "ALTER VIEW notes_view AS SELECT id FROM notes",
  "ALTER VIEW view_session AS SELECT id FROM notes",
  "DROP VIEW view_session",
  "ALTER TABLE serial_conf COMMENT 'x'",
  "CREATE OR REPLACE ALGORITHM = MERGE DEFINER = `root`@`localhost` VIEW new_conf AS SELECT 1",
  "ALTER ONLINE IGNORE TABLE `replicated_session_store` . `a_session` ADD w INT",
  "DROP TABLE IF EXISTS a_session WAIT 5",
  "TRUNCATE TABLE b_conf NOWAIT",
  "RENAME TABLE IF EXISTS a_session WAIT 5 TO gone",
  "CREATE TABLE new_session (id INT PRIMARY KEY) COMMENT 'it\\'s; */ `'",
  "/*M!100500 CREATE TABLE new_session (id INT PRIMARY KEY) */",
  "/*!100500 CREATE */ TABLE new_session (id INT PRIMARY KEY)",
  "/*!50799 GRANT /* x */ y */ CREATE TABLE new_session (id INT PRIMARY KEY)",
  "/*M!999999 GRANT */ CREATE TABLE new_session (id INT PRIMARY KEY)",
  // Stored programs
  "DROP PROCEDURE IF EXISTS elsewhere.old_procedure",
  "ALTER EVENT elsewhere.old_event COMMENT 'x'",
  "CREATE PROCEDURE p() SELECT 1",
  "USE elsewhere; CREATE PROCEDURE p() SELECT 1",
  "CREATE FUNCTION f() RETURNS INT DETERMINISTIC NO SQL RETURN 1",
  "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
  // Rows
  "INSERT INTO a_session VALUES (3, 30)",
  "INSERT INTO a_session SELECT id + 10, v FROM notes",
  "INSERT INTO notes SELECT id + 10, v FROM a_session",
  "REPLACE b_conf VALUES (1, 11)",
  "UPDATE a_session SET v = 11 WHERE id IN (SELECT id FROM notes)",
  "UPDATE notes SET v = 11",
  "UPDATE notes n JOIN a_session AS a ON n.id = a.id SET n.v = 5, a.v = 6",
  "DELETE FROM a_session WHERE id = 1",
  "DELETE FROM elsewhere.c_session",
  "DELETE n FROM notes n, a_session a WHERE n.id = a.id",
  "DELETE a.*, n FROM notes n, a_session AS a WHERE n.id = a.id",
  "DELETE FROM n USING notes n JOIN a_session a ON n.id = a.id",
  "INSERT HIGH_PRIORITY IGNORE a_session SET id = 3, v = 30",
  "INSERT INTO `elsewhere`.`c_session` VALUES (3, 30)",
  "UPDATE LOW_PRIORITY (notes n, a_session AS a) SET a.v = 6 WHERE n.id = a.id",
  "UPDATE notes n LEFT JOIN (SELECT id FROM a_session) AS a USING (id) SET n.v = 7",
  "DELETE QUICK FROM b_conf",
  "DELETE HISTORY FROM old_session",
  "DELETE HISTORY FROM old_notes",
  "SELECT NEXTVAL(serial_conf)",
  "SELECT NEXT VALUE FOR serial_notes",
  "DO SETVAL(replicated_session_store.serial_conf, 50)",
  // The session
  "SET SESSION sql_log_bin = 0; INSERT INTO a_session VALUES (3, 30)",
  "SET @@session.sql_log_bin = OFF; DROP TABLE a_session",
  "SET SESSION sql_log_bin = 0; SET SESSION sql_log_bin = 1; INSERT INTO a_session VALUES (3, 30)",
  "SELECT * FROM a_session",
  "LOCK TABLES a_session WRITE",
];

test.each(STATEMENTS)("what is said of `%s` is what the servers do", async (statement) => {
  const answer = reachesPeer(statement, { database: RECIPE_DATABASE, patterns: PATTERNS });
  expect(answer).toEqual({ reaches: await arrives(statement), because: expect.any(String) });
});

test("one matching table is enough for a DROP to take a table that only the peer has", async () => {
  await setScene();
  await unlogged(db2, ["CREATE TABLE only_here (id INT)"]);
  await execute("DROP TABLE IF EXISTS a_session, only_here");
  expect(await db2.rows("SHOW TABLES FROM replicated_session_store LIKE 'only_here'")).toEqual([]);
  expect(reachesPeer("DROP TABLE IF EXISTS a_session, only_here", filters()).because).toContain(
    "only_here on the peer",
  );
});

test("of rows changed in several tables only those of matching tables arrive, and the answer names the others", async () => {
  const statement = "UPDATE notes n JOIN a_session AS a ON n.id = a.id SET n.v = 5, a.v = 6";
  expect(await arrives(statement)).toBe(true);
  const [there] = await db2.rows("SELECT (SELECT SUM(v) FROM notes) AS notes, (SELECT SUM(v) FROM a_session) AS a");
  expect(there).toEqual({ notes: "30", a: "12" });
  expect(reachesPeer(statement, filters()).because).toMatch(/replicated_session_store\.notes stays here/);
});

test("a pattern for all tables of a database carries the database itself", async () => {
  const patterns = ["made\\_h%.%"];
  await useFilters(patterns);
  for (const statement of ["CREATE DATABASE made_here", "CREATE DATABASE madeXhere", "DROP DATABASE elsewhere"]) {
    const answer = reachesPeer(statement, { database: RECIPE_DATABASE, patterns });
    expect([statement, answer.reaches]).toEqual([statement, await arrives(statement)]);
  }
  await unlogged(db1, ["DROP DATABASE madeXhere"]);
  await useFilters(PATTERNS);
});

test("patterns match what the server's own comparison matches", async () => {
  const character = fc.constantFrom("a", "B", "b", "_", "%", "\\", ".", "é", "E", "$", "1");
  const text = fc.string({ unit: character, maxLength: 6 });
  // Half of them have a chance: the pattern is the name with some characters put in disguise.
  const disguised = fc
    .array(fc.tuple(character, fc.constantFrom("", "", "_", "%", "\\")), { maxLength: 6 })
    .map((pairs) => [
      `${pairs.map(([plain, mask]) => (mask === "\\" ? mask + plain : mask || plain)).join("")}.%`,
      pairs.map(([plain]) => plain).join(""),
      "t",
    ]);
  const samples = fc.sample(fc.oneof(fc.tuple(text, text, text), disguised), { numRuns: 600, seed: 7 });
  const wanted: unknown[] = [];
  const said: unknown[] = [];
  for (const [pattern, database, table] of samples) {
    const [row] = await db1.session
      .query("SELECT CONVERT(? USING utf8mb3) COLLATE utf8mb3_general_ci LIKE ? AS matches", [
        `${database}.${table}`,
        pattern,
      ])
      .then(([rows]) => rows as { matches: number }[]);
    wanted.push([pattern, database, table, row?.matches === 1]);
    said.push([pattern, database, table, matchesFilter(pattern, database, table)]);
  }
  expect(said).toEqual(wanted);
  expect(wanted.filter((sample) => (sample as unknown[])[3] === true).length).toBeGreaterThan(50);
});

const filters = () => ({ database: RECIPE_DATABASE, patterns: PATTERNS });

/** Runs the statement on db1; true when anything on db2 is then other than before. */
async function arrives(statement: string): Promise<boolean> {
  await setScene();
  const before = await everything(db2);
  await execute(statement);
  return (await everything(db2)) !== before;
}

async function execute(statement: string): Promise<void> {
  await db1.session.query("SET SESSION sql_log_bin = 1");
  await db1.session.query("USE replicated_session_store");
  for (const part of statement.split(/; (?=[A-Z])/)) await db1.session.query(part);
  await db1.session.query("UNLOCK TABLES");
  const [sent] = await db1.rows("SELECT @@GLOBAL.gtid_binlog_pos AS position");
  const [reply] = await db2.rows(`SELECT MASTER_GTID_WAIT('${sent?.["position"]}', 10) AS reply`);
  const [status] = await db2.rows("SHOW SLAVE STATUS");
  expect([reply?.["reply"], status?.["Last_SQL_Error"]]).toEqual([0, ""]);
}

async function setScene(): Promise<void> {
  await Promise.all([unlogged(db1, SCENE), unlogged(db2, SCENE)]);
}

async function unlogged(node: HandMadeNode, statements: readonly string[]): Promise<void> {
  await node.session.query("SET SESSION sql_log_bin = 0");
  for (const statement of statements) await node.session.query(statement);
}

async function useFilters(patterns: readonly string[]): Promise<void> {
  await db2.session.query("STOP SLAVE");
  await db2.session.query("SET GLOBAL replicate_wild_do_table = ?", [patterns.join(",")]);
  await db2.session.query("START SLAVE");
}

/** All that a statement could change on a node: definitions, rows, accounts. */
async function everything(node: HandMadeNode): Promise<string> {
  const ours = (column: string) =>
    `${column} IN ('replicated_session_store', 'elsewhere', 'made_here', 'replicatedXsessionXstore')`;
  const tables = await node.rows(
    `SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE ${ours("TABLE_SCHEMA")} ORDER BY 1, 2`,
  );
  const seen: unknown[] = [tables];
  for (const query of [
    "SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME FROM information_schema.SCHEMATA ORDER BY 1",
    `SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS WHERE ${ours("TABLE_SCHEMA")} ORDER BY 1, 2, 3`,
    `SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME FROM information_schema.STATISTICS WHERE ${ours("TABLE_SCHEMA")} ORDER BY 1, 2, 3`,
    "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS ORDER BY 1",
    "SELECT TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA <> 'sys' ORDER BY 1",
    `SELECT ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ${ours("ROUTINE_SCHEMA")} ORDER BY 1, 2`,
    // By schema too: names that differ in case alone come in any order, as those of information_schema and performance_schema.
    "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_COMMENT FROM information_schema.TABLES ORDER BY 1, 2",
    "SELECT EVENT_NAME, EVENT_COMMENT FROM information_schema.EVENTS ORDER BY 1",
    "SELECT User, Host, Priv FROM mysql.global_priv ORDER BY 1, 2",
    "SELECT * FROM mysql.db ORDER BY User, Host, Db",
    "SELECT User, Db, Table_name, Table_priv FROM mysql.tables_priv ORDER BY 1, 2, 3",
  ]) {
    seen.push(await node.rows(query));
  }
  for (const table of tables.filter((row) => row["TABLE_TYPE"] !== "VIEW")) {
    const history = table["TABLE_TYPE"] === "SYSTEM VERSIONED" ? " FOR SYSTEM_TIME ALL" : "";
    seen.push(await node.rows(`SELECT * FROM \`${table["TABLE_SCHEMA"]}\`.\`${table["TABLE_NAME"]}\`${history}`));
  }
  return JSON.stringify(seen);
}
