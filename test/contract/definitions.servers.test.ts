import { RECIPE_DATABASE, RECIPE_PATTERNS, wildDoTables } from "../../provider/src/recipe/filters";
import { reachesPeer } from "../../provider/src/recipe/schema/reachesPeer";
import { checkScript } from "../../provider/src/recipe/schema/script";
import type { HandMadeNode } from "../support/local/handMadePair";
import { db1, db2, useHandMadePair } from "../support/local/handMadePairOfFile";

/** What the check says of the names in a definition is compared with what becomes of the definition on a peer that lacks them. */

jest.setTimeout(60_000);

useHandMadePair();

const filters = { database: RECIPE_DATABASE, patterns: wildDoTables([RECIPE_DATABASE], RECIPE_PATTERNS) };

const EMPTY = [
  `DROP DATABASE IF EXISTS ${RECIPE_DATABASE}`,
  "DROP DATABASE IF EXISTS elsewhere",
  `CREATE DATABASE ${RECIPE_DATABASE} CHARACTER SET utf8mb4`,
  `USE ${RECIPE_DATABASE}`,
  "CREATE TABLE a_session (id INT PRIMARY KEY, v INT)",
  "CREATE TABLE b_conf (id INT PRIMARY KEY, v INT)",
  "CREATE SEQUENCE s_conf",
];
/** On the first node only, as they are where they don't replicate. */
const ONLY_HERE = [
  "CREATE TABLE notes (id INT PRIMARY KEY, v INT)",
  "CREATE SEQUENCE numbers",
  "CREATE VIEW notes_view AS SELECT * FROM notes",
  "CREATE DATABASE elsewhere CHARACTER SET utf8mb4",
  "CREATE TABLE elsewhere.c_session (id INT PRIMARY KEY, v INT)",
  "CREATE PROCEDURE elsewhere.q() SELECT 1",
  "CREATE FUNCTION elsewhere.f() RETURNS INT DETERMINISTIC NO SQL RETURN 1",
];

/** A definition, and what its users do. */
const CASES: [definition: string, use: string][] = [
  ["CREATE TABLE IF NOT EXISTS n_conf LIKE notes", "INSERT INTO n_conf VALUES (1, 1)"],
  ["CREATE TABLE IF NOT EXISTS n_conf LIKE b_conf", "INSERT INTO n_conf VALUES (1, 1)"],
  ["CREATE TABLE IF NOT EXISTS n_conf (LIKE elsewhere.c_session)", "INSERT INTO n_conf VALUES (1, 1)"],
  ["CREATE TABLE IF NOT EXISTS n_conf AS SELECT * FROM notes", "INSERT INTO n_conf VALUES (1, 1)"],
  ["CREATE TABLE IF NOT EXISTS n_conf (id INT DEFAULT NEXTVAL(numbers), v INT)", "INSERT INTO n_conf (v) VALUES (1)"],
  ["CREATE TABLE IF NOT EXISTS n_conf (id INT DEFAULT NEXTVAL(s_conf), v INT)", "INSERT INTO n_conf (v) VALUES (1)"],
  ["CREATE TABLE IF NOT EXISTS n_conf (id INT REFERENCES notes (id))", "INSERT INTO n_conf VALUES (NULL)"],
  ["CREATE TABLE IF NOT EXISTS n_conf (id INT REFERENCES a_session (id))", "INSERT INTO n_conf VALUES (NULL)"],
  [
    "ALTER TABLE a_session ADD COLUMN IF NOT EXISTS n INT DEFAULT NEXTVAL(numbers)",
    "INSERT INTO a_session (id) VALUES (1)",
  ],
  [
    "ALTER TABLE a_session ADD FOREIGN KEY IF NOT EXISTS (v) REFERENCES notes (id)",
    "INSERT INTO a_session VALUES (1, NULL)",
  ],
  [
    "ALTER TABLE a_session ADD FOREIGN KEY IF NOT EXISTS (v) REFERENCES b_conf (id)",
    "INSERT INTO a_session VALUES (1, NULL)",
  ],
  ["CREATE VIEW IF NOT EXISTS n_conf AS SELECT * FROM notes", "SELECT * FROM n_conf"],
  ["CREATE VIEW IF NOT EXISTS n_conf AS SELECT * FROM notes_view", "SELECT * FROM n_conf"],
  [
    "CREATE VIEW IF NOT EXISTS n_conf AS SELECT id FROM a_session UNION SELECT id FROM elsewhere.c_session",
    "SELECT * FROM n_conf",
  ],
  ["CREATE VIEW IF NOT EXISTS n_conf AS SELECT elsewhere.f() AS x", "SELECT * FROM n_conf"],
  [
    "CREATE VIEW IF NOT EXISTS n_conf AS WITH w AS (SELECT * FROM a_session) SELECT w.id FROM w, b_conf b",
    "SELECT * FROM n_conf",
  ],
  [
    "CREATE TRIGGER IF NOT EXISTS t BEFORE INSERT ON a_session FOR EACH ROW INSERT INTO notes VALUES (NEW.id, 1)",
    "INSERT INTO a_session VALUES (1, 1)",
  ],
  [
    "CREATE TRIGGER IF NOT EXISTS t BEFORE INSERT ON a_session FOR EACH ROW INSERT INTO b_conf VALUES (NEW.id, 1)",
    "INSERT INTO a_session VALUES (1, 1)",
  ],
  [
    "CREATE TRIGGER IF NOT EXISTS t AFTER INSERT ON a_session FOR EACH ROW CALL elsewhere.q()",
    "INSERT INTO a_session VALUES (1, 1)",
  ],
  ["CREATE PROCEDURE IF NOT EXISTS p() UPDATE a_session a JOIN notes n USING (id) SET a.v = 1", "CALL p()"],
  ["CREATE PROCEDURE IF NOT EXISTS p() UPDATE a_session a JOIN b_conf n USING (id) SET a.v = 1", "CALL p()"],
  ["CREATE PROCEDURE IF NOT EXISTS p() EXECUTE IMMEDIATE 'DELETE FROM notes'", "CALL p()"],
  ["CREATE FUNCTION IF NOT EXISTS f() RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM notes)", "SELECT f()"],
];

test.each(CASES)("what is said of `%s` is what becomes of it on the peer", async (definition, use) => {
  await unlogged(db1, [...EMPTY, ...ONLY_HERE]);
  await unlogged(db2, EMPTY);
  const works = await arrivesUsable(definition, use);
  const { findings } = checkScript(`CREATE TABLE IF NOT EXISTS a_session (id INT);\n${definition}`, filters);
  expect({ findings, works }).toEqual({ findings: works ? [] : [expect.anything()], works });
  // `reaches-peer` names it too, unless it can't look into the text.
  const warns = / it names .*, which no pattern covers/.test(reachesPeer(definition, filters).because);
  expect(warns).toBe(!works && !definition.includes("IMMEDIATE"));
});

async function arrivesUsable(definition: string, use: string): Promise<boolean> {
  await db1.session.query("SET SESSION sql_log_bin = 1");
  await db1.session.query(definition);
  const [sent] = await db1.rows("SELECT @@GLOBAL.gtid_binlog_pos AS position");
  const [status] = await db2.rows(`SELECT MASTER_GTID_WAIT('${sent?.["position"]}', 3) AS reply`);
  if (status?.["reply"] === 0) {
    return unlogged(db2, [use]).then(
      () => true,
      () => false,
    );
  }
  const [replica] = await db2.rows("SHOW SLAVE STATUS");
  expect(replica?.["Last_SQL_Errno"]).toBeGreaterThan(0);
  // Past it, for the next definition.
  await db2.session.query("STOP SLAVE");
  await db2.session.query("SET GLOBAL gtid_slave_pos = ?", [sent?.["position"]]);
  await db2.session.query("START SLAVE");
  return false;
}

async function unlogged(node: HandMadeNode, statements: readonly string[]): Promise<void> {
  await node.session.query("SET SESSION sql_log_bin = 0");
  for (const statement of statements) await node.session.query(statement);
}
