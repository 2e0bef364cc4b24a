import fc from "fast-check";
import { RECIPE_DATABASE, RECIPE_PATTERNS, wildDoTables } from "../../provider/src/recipe/filters";
import { checkScript, tablesOf } from "../../provider/src/recipe/schema/script";
import { splitScript } from "../../provider/src/recipe/sql/splitScript";

const filters = { database: RECIPE_DATABASE, patterns: wildDoTables([RECIPE_DATABASE], RECIPE_PATTERNS) };
const check = (script: string) => checkScript(script, filters);
const TABLE = "CREATE TABLE IF NOT EXISTS session (id INT PRIMARY KEY);\n";
const problemsOf = (statement: string) => check(TABLE + statement).findings.map(({ reason }) => reason);

describe("the script is cut into the statements that a client would send", () => {
  test("strings, names and comments hide delimiters and quotes", () => {
    const script = [
      "# it's; a comment",
      "create table a (x char(9) default ';it''s\\';'); -- c;omment",
      "",
      "create table `b;``'` /* ; ' */ (y int); /*!50100 select 1 */;",
      "select 1--1; select '--';",
    ].join("\r\n");
    expect(splitScript(script).statements.map(({ line, text }) => [line, text])).toEqual([
      [2, "create table a (x char(9) default ';it''s\\';')"],
      [4, "create table `b;``'` /* ; ' */ (y int)"],
      [4, "/*!50100 select 1 */"],
      [5, "select 1--1"],
      [5, "select '--'"],
    ]);
  });

  test("DELIMITER holds until the next one", () => {
    const script = "delimiter $$\ncreate trigger t begin a; b; end$$\nDELIMITER //\nc;d//\nDelimiter ;\ne;f";
    expect(splitScript(script).statements.map(({ line, text }) => [line, text])).toEqual([
      [2, "create trigger t begin a; b; end"],
      [4, "c"],
      [4, "d"],
      [6, "e"],
      [6, "f"],
    ]);
  });

  test("what is put together from statements comes apart into them, each with its line", () => {
    const piece = fc.constantFrom(
      "a",
      "'x;''\\'#'",
      "`;--`",
      '"/*"',
      "/* ; */",
      "# it's\n",
      "-- ;\n",
      "\n",
      "(",
      "1-1",
    );
    const statement = fc.array(piece, { maxLength: 5 }).map((pieces) => `SELECT ${pieces.join(" ")} z`);
    const gap = fc.constantFrom("", "\n", " -- ;'\n", "/* \n ; */", "#`\n", ";", "/*M!999999\\- x */");
    fc.assert(
      fc.property(fc.array(fc.tuple(gap, statement)), (parts) => {
        let script = "";
        const wanted = parts.map(([before, text]) => {
          script += before;
          const line = script.split("\n").length;
          script += `${text};`;
          return [line, text];
        });
        expect(splitScript(script).statements.map(({ line, text }) => [line, text])).toEqual(wanted);
      }),
    );
  });
});

test("a script as the proxy brings it is taken, without what others own", () => {
  const script = `
-- Session store
/*!40101 SET NAMES utf8mb4 */;
CREATE DATABASE IF NOT EXISTS replicated_session_store;
USE \`replicated_session_store\`;
SET @old = @@foreign_key_checks, FOREIGN_KEY_CHECKS = 0, SESSION sql_mode = 'STRICT_ALL_TABLES';
CREATE TABLE IF NOT EXISTS \`session\` (id INT PRIMARY KEY) ENGINE=InnoDB;
CREATE TABLE IF NOT EXISTS replicated_session_store.attribute (id INT REFERENCES session (id));
ALTER TABLE attribute ADD COLUMN IF NOT EXISTS v INT, ADD INDEX IF NOT EXISTS (v, id);
CREATE INDEX IF NOT EXISTS by_v ON attribute (v);
CREATE TABLE IF NOT EXISTS conf (CACHENAME CHAR(9), PARAMETER CHAR(9), VALUE CHAR(9), PRIMARY KEY (CACHENAME, PARAMETER));
DELIMITER //
CREATE PROCEDURE IF NOT EXISTS clean() BEGIN DELETE FROM session; END//
DELIMITER ;
LOCK TABLES conf WRITE;
INSERT INTO conf (CACHENAME, PARAMETER, VALUE) VALUES ('session','REAPER','0');
UNLOCK TABLES;
COMMIT;
SELECT 'done';
`;
  const { statements, findings } = check(script);
  expect(findings).toEqual([]);
  expect(statements.map(({ line, kind, table }) => [line, kind, table])).toEqual([
    [3, "session", undefined],
    [6, "session", undefined],
    [7, "create", "session"],
    [8, "create", "attribute"],
    [9, "alter", "attribute"],
    [10, "create", undefined],
    [11, "create", "conf"],
    [13, "create", undefined],
    [16, "insert", "conf"],
  ]);
  expect(tablesOf(statements)).toEqual(["session", "attribute", "conf"]);
});

test.each([
  ["CREATE TABLE a_conf (id INT)", /without IF NOT EXISTS: the peer replays it as CREATE OR REPLACE/],
  ["CREATE OR REPLACE TABLE a_conf (id INT)", /destroys what is there/],
  ["/*!50100 CREATE TABLE a_conf (id INT) */", /without IF NOT EXISTS/],
  ["CREATE VIEW a_conf AS SELECT 1", /can't be run a second time/],
  ["CREATE TABLE IF NOT EXISTS notes (id INT)", /replicated_session_store\.notes matches no filter/],
  ["CREATE VIEW IF NOT EXISTS notes AS SELECT 1", /matches no filter/],
  ["CREATE SEQUENCE IF NOT EXISTS notes", /matches no filter/],
  ["CREATE TRIGGER IF NOT EXISTS a_session BEFORE INSERT ON notes FOR EACH ROW SET @a = 1", /notes matches no filter/],
  ["CREATE TABLE IF NOT EXISTS a_conf (id INT REFERENCES notes (id))", /notes, which matches no filter/],
  ["CREATE TABLE IF NOT EXISTS elsewhere.a_session (id INT)", /another database/],
  ["CREATE PROCEDURE IF NOT EXISTS elsewhere.p() SELECT 1", /another database/],
  ["CREATE TEMPORARY TABLE IF NOT EXISTS a_session (id INT)", /temporary/],
  ["USE elsewhere", /goes to the database elsewhere/],
  ["/*!50100 USE elsewhere */", /goes to the database elsewhere/],
  ["CREATE DATABASE replicated_session_store", /SessionStoreDatabase/],
  ["CREATE DATABASE IF NOT EXISTS elsewhere", /SessionStoreDatabase/],
  ["DROP DATABASE IF EXISTS elsewhere", /SessionStoreDatabase/],
  ["CREATE USER IF NOT EXISTS u IDENTIFIED BY 'geheim'", /SessionStoreUsers/],
  ["GRANT ALL ON *.* TO u", /SessionStoreUsers/],
  ["SET PASSWORD = PASSWORD('geheim')", /SessionStoreUsers/],
  ["DROP TABLE IF EXISTS session", /^DROP TABLE changes or destroys/],
  ["TRUNCATE session", /destroys/],
  ["RENAME TABLE session TO b_session", /destroys/],
  ["DELETE FROM session", /destroys/],
  ["UPDATE conf SET VALUE = 0", /destroys/],
  ["REPLACE INTO conf VALUES (1)", /destroys/],
  ["ALTER TABLE session DROP COLUMN id", /Run it by hand on one node/],
  ["ALTER TABLE session ADD COLUMN IF NOT EXISTS a INT, DROP COLUMN b", /Run it by hand on one node/],
  ["ALTER TABLE session ADD COLUMN a INT", /Run it by hand on one node/],
  ["ALTER TABLE notes ADD COLUMN IF NOT EXISTS a INT", /matches no filter/],
  ["INSERT INTO notes VALUES (1)", /matches no filter/],
  ["INSERT INTO elsewhere.conf VALUES (1)", /another database/],
  ["INSERT INTO conf VALUES (1) ON DUPLICATE KEY UPDATE VALUE = 1", /ON DUPLICATE KEY/],
  ["SET GLOBAL max_connections = 5", /MariaDbNode/],
  ["SET @@global.max_connections = 5", /MariaDbNode/],
  ["SET @a = 1, GLOBAL event_scheduler = ON", /MariaDbNode/],
  ["SET sql_log_bin = 0", /keep the tables from the peer/],
  ["SET @@session.sql_log_bin = OFF", /keep the tables from the peer/],
  ["SET NAMES latin1", /utf8mb4/],
  ["SET sql_mode = 'ORACLE'", /with ORACLE the server reads another language/],
  ["SET @m = 'ANSI', sql_mode = CONCAT(@m, ',DB2')", /with DB2/],
  ["SET sql_mode = (SELECT 'ANSI')", /can't be told/],
  ["/*M!110800 SET sql_mode = 'ANSI' */", /depends on its version/],
  ["SET sql_safe_updates = 1", /not among/],
  ["STOP SLAVE", /not among/],
  ["START SLAVE", /not among/],
  ["PREPARE s FROM 'DROP TABLE session'", /not among/],
  ["SELECT 1 INTO OUTFILE '/tmp/x'", /not among/],
  ["SOURCE other.sql", /^source is a command of the mariadb client, and reads another file/],
  ["INSERT INTO conf VALUES ('never closed)", /never closes/],
  ["/*M!110800 CREATE TABLE IF NOT EXISTS a_conf (id INT) */", /version/],
  ["/*M!110800 DROP TABLE session */", /^DROP TABLE changes or destroys/],
  ["DO SETVAL(notes, 5)", /matches no filter/],
  ["DO SLEEP(5)", /^DO is not among/],
  ["INSERT DELAYED INTO conf VALUES (1)", /^INSERT DELAYED is not for InnoDB/],
  ["CREATE TABLE IF NOT EXISTS a_conf (id INT) TYPE=InnoDB", /^TYPE= is how MySQL 4/],
  ["CREATE VIEW IF NOT EXISTS elsewhere.a_conf AS SELECT 1", /another database/],
  [
    "CREATE DEFINER=root@localhost VIEW IF NOT EXISTS a_conf AS SELECT 1",
    /^DEFINER=root@localhost would let it run with all/,
  ],
  ["CREATE DEFINER = 'mariadb.sys' PROCEDURE IF NOT EXISTS p() SELECT 1", /^DEFINER=mariadb\.sys@% would/],
  [
    "CREATE DEFINER=`root`@db1.example.org EVENT IF NOT EXISTS e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
    /^DEFINER=root@db1\.example\.org /,
  ],
  [
    "CREATE FUNCTION IF NOT EXISTS f() RETURNS INT RETURN 1",
    /^CREATE FUNCTION without DETERMINISTIC, NO SQL or READS SQL DATA/,
  ],
  [
    "CREATE FUNCTION IF NOT EXISTS f() RETURNS INT NOT DETERMINISTIC MODIFIES SQL DATA RETURN 1",
    /without DETERMINISTIC/,
  ],
  ["CREATE FUNCTION IF NOT EXISTS f RETURNS INT SONAME 'f.so'", /^SONAME loads a library/],
])("`%s` is refused with its line and a reason", (statement, reason) => {
  expect(problemsOf(statement)).toEqual([expect.stringMatching(reason)]);
  expect(check(`${TABLE}\n\n${statement}`).findings.map(({ line }) => line)).toEqual([4]);
  expect(check(TABLE + statement).statements.map(({ line }) => line)).toEqual([1]);
});

test("no password of a refused statement is shown", () => {
  expect(JSON.stringify(check("CREATE USER u IDENTIFIED BY 'geheim'; SET PASSWORD = 'geheim'").findings)).not.toContain(
    "geheim",
  );
});

test("the value of a sequence is set, as each mariadb-dump writes it", () => {
  for (const text of ["DO SETVAL(session, 5, 1)", "SELECT SETVAL(session, 5, 1)"]) {
    expect(check(TABLE + text).statements[1]).toEqual({
      line: 2,
      kind: "alter",
      table: "session",
      text: "DO SETVAL(session, 5, 1)",
    });
  }
});

test.each([
  "CREATE TABLE IF NOT EXISTS a_conf (type INT, t INT AS (type = 1))",
  "CREATE DEFINER=CURRENT_USER() VIEW IF NOT EXISTS a_conf AS SELECT 1",
  "CREATE DEFINER=proxy@`%` VIEW IF NOT EXISTS a_conf AS SELECT 1",
  "CREATE FUNCTION IF NOT EXISTS f() RETURNS INT NO SQL RETURN 1",
  "CREATE FUNCTION IF NOT EXISTS f() RETURNS INT READS SQL DATA RETURN 1",
])("`%s` is taken", (statement) => expect(problemsOf(statement)).toEqual([]));

test.each([
  ["", /^the text is empty\. .*readFileSync/],
  ["\uFEFF \n", /^the text is empty/],
  ["-- nothing\n/* */", /^there is no statement in it, only comments$/],
  ["SELECT 1", /^it makes no table, view or sequence.* Give the script that has CREATE TABLE/],
  ["INSERT INTO conf VALUES (1)", /^it makes no table, .*mariadb-dump leaves that out with --no-create-info/],
  ["sql/sessionStoreSetup.sql", /^this is the name of a file/],
  ["C:\\scripts\\my setup", /^this is the name of a file/],
  ["/opt/nevisproxy/setup", /^this is the name of a file/],
  ["https://example.org/setup.sql", /^this is an address/],
  [JSON.stringify({ sql: TABLE }), /^this is JSON/],
  [JSON.stringify(TABLE), /^this is JSON, not SQL\. Where the script is a text in it, JSON\.parse/],
  ["[object Object]", /^this is what a program makes of a value/],
  ["Calling [toString] on an [Output<T>] is not supported.\n", /^this is what Pulumi makes of an output/],
  ['<?xml version="1.0"?><mysqldump>', /^this is XML/],
  [Buffer.from(TABLE).toString("base64"), /^this is Base64/],
])("what is given in the place of a script is told for what it is: %j", (text, reason) => {
  expect(check(text).findings).toEqual([{ line: 1, reason: expect.stringMatching(reason) }]);
});

test("a message of the program that wrote the file is told with its line, also one that would open a quote", () => {
  for (const message of [
    "mysqldump: [Warning] Using a password on the command line interface can be insecure.",
    'mariadb-dump: Couldn\'t find table: "x"',
  ]) {
    expect(check(`${TABLE}${message}\n${TABLE}`).findings).toEqual([
      { line: 2, reason: expect.stringMatching(/^this is a message of the program .*2>&1/) },
    ]);
  }
});

test.each([
  ["(id INT) ENGINE=MEMORY", /ENGINE=MEMORY does not keep/],
  ["(id INT) engine 'heap'", /ENGINE=HEAP does not keep/],
  ["(id INT) /*!50100 ENGINE = `BLACKHOLE` */", /ENGINE=BLACKHOLE/],
  ["(id INT) PARTITION BY HASH (id) (PARTITION a ENGINE=MEMORY, PARTITION b ENGINE=MEMORY)", /ENGINE=MEMORY/],
  ["ENGINE=Spider AS SELECT 1", /ENGINE=SPIDER/],
])("an engine that does not keep its rows is refused: %s", (definition, reason) => {
  expect(problemsOf(`CREATE TABLE IF NOT EXISTS a_session ${definition}`)).toEqual([expect.stringMatching(reason)]);
});

test.each(["ENGINE=InnoDB", "ENGINE=MyISAM", "ENGINE=Aria", ""])("%j is taken for an engine that does", (engine) => {
  expect(problemsOf(`CREATE TABLE IF NOT EXISTS a_session (engine CHAR(9), ENGINES INT) ${engine}`)).toEqual([]);
});

test.each([
  ["CREATE TABLE IF NOT EXISTS a_conf (id INT) DATA DIRECTORY='/ssd'", /^DATA DIRECTORY is a place/],
  ["CREATE TABLE IF NOT EXISTS a_conf (t TEXT, FULLTEXT KEY (t) WITH PARSER ngram)", /plugin/],
  [
    "ALTER TABLE session ADD PARTITION IF NOT EXISTS (PARTITION p VALUES LESS THAN (9) INDEX DIRECTORY '/ssd')",
    /^INDEX DIR/,
  ],
])("`%s` is refused for what it needs of the machine", (statement, reason) => {
  expect(problemsOf(statement)).toEqual([expect.stringMatching(reason)]);
});

/** Each names `notes`, or what is in another database: the peer has neither. */
test.each([
  ["CREATE TABLE IF NOT EXISTS a_conf LIKE notes", /^LIKE replicated_session_store\.notes, .*Write the columns out/],
  ["CREATE TABLE IF NOT EXISTS a_conf (LIKE elsewhere.conf)", /^LIKE elsewhere\.conf, .*another database/],
  ["CREATE TABLE IF NOT EXISTS a_conf (id INT, FOREIGN KEY (id) REFERENCES `notes`(id))", /^REFERENCES/],
  ["CREATE TABLE IF NOT EXISTS a_conf (id INT DEFAULT NEXTVAL(notes))", /^NEXTVAL/],
  ["CREATE TABLE IF NOT EXISTS a_conf (id INT DEFAULT (NEXT VALUE FOR notes))", /^VALUE FOR/],
  ["ALTER TABLE session ADD FOREIGN KEY IF NOT EXISTS f (id) REFERENCES notes (id)", /^REFERENCES/],
  ["ALTER TABLE session ADD COLUMN IF NOT EXISTS n INT DEFAULT NEXTVAL(notes)", /^NEXTVAL/],
  ["CREATE VIEW IF NOT EXISTS a_conf AS SELECT * FROM notes", /^FROM/],
  ["CREATE VIEW IF NOT EXISTS a_conf AS SELECT * FROM session s, (SELECT 1 AS x) d, `notes` n", /^FROM/],
  ["CREATE VIEW IF NOT EXISTS a_conf AS SELECT * FROM (session s JOIN notes n ON n.id = s.id)", /^JOIN/],
  ["CREATE VIEW IF NOT EXISTS a_conf AS SELECT * FROM ((notes))", /^FROM/],
  ["CREATE VIEW IF NOT EXISTS a_conf AS SELECT (SELECT MAX(id) FROM notes) AS x", /^FROM/],
  ["CREATE VIEW IF NOT EXISTS a_conf AS WITH c AS (SELECT * FROM notes) SELECT * FROM c", /^FROM/],
  ["CREATE VIEW IF NOT EXISTS a_conf AS SELECT 1 AS x UNION SELECT id FROM elsewhere.conf", /^FROM elsewhere/],
  ["CREATE VIEW IF NOT EXISTS a_conf AS SELECT elsewhere.f(1) AS x", /^a call of elsewhere\.f/],
  ["CREATE VIEW IF NOT EXISTS a_conf AS SELECT NEXTVAL(notes) AS x", /^NEXTVAL/],
  ["CREATE TRIGGER IF NOT EXISTS t BEFORE INSERT ON session FOR EACH ROW INSERT INTO notes VALUES (NEW.id)", /^INSERT/],
  ["CREATE TRIGGER IF NOT EXISTS t AFTER UPDATE ON session FOR EACH ROW UPDATE notes SET id = 1", /^UPDATE/],
  ["CREATE TRIGGER IF NOT EXISTS t AFTER DELETE ON session FOR EACH ROW DELETE FROM notes", /^FROM/],
  ["CREATE PROCEDURE IF NOT EXISTS p() REPLACE INTO notes (id) VALUES (1)", /^REPLACE/],
  ["CREATE PROCEDURE IF NOT EXISTS p() TRUNCATE TABLE notes", /^TRUNCATE/],
  ["CREATE PROCEDURE IF NOT EXISTS p() DROP TABLE IF EXISTS session, notes", /^FROM/],
  ["CREATE PROCEDURE IF NOT EXISTS p() ALTER TABLE notes ADD x INT", /^ALTER TABLE/],
  ["CREATE PROCEDURE IF NOT EXISTS p() LOAD DATA INFILE 'x' INTO TABLE notes", /^INTO TABLE/],
  ["CREATE PROCEDURE IF NOT EXISTS p() CREATE INDEX IF NOT EXISTS i ON notes (id)", /^INDEX ON/],
  ["CREATE PROCEDURE IF NOT EXISTS p() BEGIN DECLARE a ROW TYPE OF notes; END", /^TYPE OF/],
  ["CREATE PROCEDURE IF NOT EXISTS p() BEGIN DECLARE a TYPE OF notes.id; END", /^TYPE OF/],
  ["CREATE PROCEDURE IF NOT EXISTS p() CALL elsewhere.q", /^a call of/],
  ["CREATE PROCEDURE IF NOT EXISTS p() EXECUTE IMMEDIATE 'SELECT * FROM notes'", /put together/],
  ["CREATE FUNCTION IF NOT EXISTS f() RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM notes)", /^FROM/],
  ["CREATE EVENT IF NOT EXISTS e ON SCHEDULE EVERY 1 DAY DO DELETE FROM notes WHERE id < 5", /^FROM/],
])("`%s` is refused for what it names", (statement, reason) => {
  expect(problemsOf(`DELIMITER //\n${statement}`)).toEqual([expect.stringMatching(reason)]);
});

test.each([
  "CREATE TABLE IF NOT EXISTS a_conf LIKE session",
  "CREATE TABLE IF NOT EXISTS a_conf AS SELECT * FROM notes",
  "CREATE TABLE IF NOT EXISTS a_conf (likes INT, v INT DEFAULT (TRIM(LEADING 'x' FROM 'notes')), `from` INT)",
  "CREATE VIEW IF NOT EXISTS a_conf AS SELECT EXTRACT(YEAR FROM now()) AS y, s.id FROM session AS s, conf WHERE s.id IN (1, 2)",
  "CREATE VIEW IF NOT EXISTS a_conf AS WITH a (x, y) AS (SELECT 1, 2), b AS (SELECT * FROM a) SELECT * FROM a, b",
  "CREATE VIEW IF NOT EXISTS a_conf AS SELECT * FROM information_schema.TABLES",
  "CREATE VIEW IF NOT EXISTS a_conf AS SELECT * FROM JSON_TABLE('[]', '$[*]' COLUMNS (a INT PATH '$')) AS t",
  "CREATE VIEW IF NOT EXISTS a_conf AS SELECT INSERT('a', 1, 1, 'b') AS x, TRUNCATE(1.5, 1) AS y FROM dual",
  "CREATE VIEW IF NOT EXISTS a_conf AS SELECT id FROM session GROUP BY id, id HAVING 1 ORDER BY id, id LIMIT 1, 2",
  "CREATE TRIGGER IF NOT EXISTS t BEFORE UPDATE ON session FOR EACH ROW SET NEW.id = OLD.id, @x = 1",
  `CREATE PROCEDURE IF NOT EXISTS p()
   BEGIN
     DECLARE v, w INT;
     DECLARE c CURSOR FOR SELECT id, id FROM session FOR UPDATE;
     CREATE TEMPORARY TABLE IF NOT EXISTS scratch (id INT);
     OPEN c; FETCH c INTO v, w; FETCH NEXT FROM c INTO v, w; CLOSE c;
     SELECT id, id INTO v, w FROM conf WHERE id IN (SELECT id FROM scratch);
     INSERT INTO scratch VALUES (1) ON DUPLICATE KEY UPDATE id = 2;
     CALL q(1, 2);
   END`,
])("`%s` names nothing that the peer lacks", (statement) => {
  expect(problemsOf(`DELIMITER //\n${statement}`)).toEqual([]);
});

test("a script whose text is too much for a state is refused, with the way in which rows come", () => {
  const rows = `INSERT INTO session VALUES (1, '${"x".repeat(5e6)}');`;
  expect(problemsOf(rows)).toEqual([
    expect.stringMatching(/^the script has 5 MB, .* up to 4 MB\. .*--no-data.*`mariadb DATABASE < FILE` on one node/s),
  ]);
});

describe("an INSERT without names of columns, and a column that is added to its table later:", () => {
  const widened = "ALTER TABLE session ADD COLUMN IF NOT EXISTS b INT NOT NULL DEFAULT 3;";
  test.each(["VALUES (1)", "SELECT 1", "(SELECT 1)", "VALUE (1)"])("INSERT INTO session %s is refused", (rows) => {
    expect(problemsOf(`INSERT INTO session ${rows};\n${widened}`)).toEqual([
      expect.stringMatching(/^INSERT without names of columns, and line 3 adds a column/),
    ]);
  });

  test.each([
    ["with names", `INSERT INTO session (id) VALUES (1); ${widened}`],
    ["with SET", `INSERT INTO session SET id = 1; ${widened}`],
    ["after it", `${widened} INSERT INTO session VALUES (1, 2);`],
    ["an index alone", "INSERT INTO session VALUES (1); ALTER TABLE session ADD INDEX IF NOT EXISTS i (id);"],
  ])("%s it is taken", (_what, statements) => {
    expect(problemsOf(statements)).toEqual([]);
  });
});
