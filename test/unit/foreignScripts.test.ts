import { RECIPE_DATABASE, RECIPE_PATTERNS, wildDoTables } from "../../provider/src/recipe/filters";
import { checkScript } from "../../provider/src/recipe/schema/script";

/** Scripts that other programs write: each is taken as a server would take it, or refused with the line that is in the way and what repairs it. */

const filters = { database: RECIPE_DATABASE, patterns: wildDoTables([RECIPE_DATABASE], RECIPE_PATTERNS) };
const check = (script: string) => checkScript(script, filters);
const problems = (script: string) => check(script).findings.map(({ line, reason }) => `${line}: ${reason}`);
const run = (script: string) => check(script).statements.map(({ kind, table = "" }) => `${kind} ${table}`.trim());

const HEAD = `
-- MariaDB dump 10.19-11.8.5-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: replicated_session_store
-- ------------------------------------------------------
-- Server version	11.8.5-MariaDB

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;
/*!40101 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
`;
const NOTES = [
  "/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;",
  "/*M!100616 SET @OLD_NOTE_VERBOSITY=@@NOTE_VERBOSITY, NOTE_VERBOSITY=0 */;",
];
const TABLE = (create: string) => `
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
${create} \`session\` (
  \`id\` int(11) NOT NULL COMMENT 'it''s; -- no',
  PRIMARY KEY (\`id\`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

LOCK TABLES \`session\` WRITE;
/*!40000 ALTER TABLE \`session\` DISABLE KEYS */;
set autocommit=0;
INSERT INTO \`session\` VALUES
(1),
(2);
/*!40000 ALTER TABLE \`session\` ENABLE KEYS */;
UNLOCK TABLES;
commit;
`;
const TRIGGER = `
/*!50003 SET sql_mode              = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=\`nevisproxy_user\`@\`%\`*/ /*!50003 TRIGGER IF NOT EXISTS t_session BEFORE INSERT ON session
FOR EACH ROW BEGIN SET @a = 1; /* it's */ SET @b = 2; END */;;
DELIMITER ;
`;
const TAIL = `
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;
/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*M!100616 SET NOTE_VERBOSITY=@OLD_NOTE_VERBOSITY */;
-- Dump completed on 2026-10-07 20:27:20
`;
const WITHOUT_SESSION = (script: string) => run(script).filter((kind) => kind !== "session");

describe("a dump by mariadb-dump", () => {
  test.each(["", "/*!999999\\- enable the sandbox mode */ ", "/*M!999999\\- enable the sandbox mode */ "])(
    "is taken when its tables are made IF NOT EXISTS; it begins with %j",
    (sandbox) => {
      for (const notes of NOTES) {
        const script = sandbox + HEAD + notes + TABLE("CREATE TABLE IF NOT EXISTS") + TRIGGER + TAIL;
        expect(problems(script)).toEqual([]);
        expect(WITHOUT_SESSION(script)).toEqual(["create session", "insert session", "create"]);
        expect(check(script).statements.some(({ text }) => /sandbox|autocommit|KEYS/i.test(text))).toBe(false);
      }
    },
  );

  test("as it comes by default, it is refused with the options and the command that make it fit", () => {
    expect(problems(`${HEAD}DROP TABLE IF EXISTS \`session\`;${TABLE("CREATE TABLE")}`)).toEqual([
      expect.stringMatching(/^17: DROP TABLE .*--skip-add-drop-table$/),
      expect.stringMatching(/^20: CREATE TABLE without IF NOT EXISTS: .*sed -E/),
    ]);
  });
});

test("a dump by mysqldump of MySQL 8: what it says of GTIDs is refused with the option that leaves it out", () => {
  const script = [
    "/*!50503 SET NAMES utf8mb4 */;",
    "/*!40103 SET TIME_ZONE='+00:00' */;",
    "SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN;",
    "SET @@SESSION.SQL_LOG_BIN= 0;",
    "SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '9f3c9b1e-0000-11ee-8c99-0242ac120002:1-5';",
    "/*!50717 SELECT COUNT(*) INTO @rocksdb_has_p_s_session_variables FROM INFORMATION_SCHEMA.TABLES */;",
    "/*!80013 SET SESSION sql_require_primary_key=0 */;",
    "CREATE TABLE IF NOT EXISTS `session` (`id` int NOT NULL /*!80023 INVISIBLE */, PRIMARY KEY (`id`)) /*!50100 TABLESPACE `x` */ ENGINE=InnoDB;",
    "SET @@SESSION.SQL_LOG_BIN = @MYSQLDUMP_TEMP_LOG_BIN;",
  ].join("\n");
  expect(problems(script)).toEqual([
    expect.stringMatching(/^4: SET sql_log_bin .*--set-gtid-purged=OFF$/),
    expect.stringMatching(/^5: SET GLOBAL GTID_PURGED is known to MySQL only.*--set-gtid-purged=OFF$/),
    expect.stringMatching(/^9: SET sql_log_bin /),
  ]);
});

test("an export by phpMyAdmin: all but the keys that it adds to its tables is taken", () => {
  const script = `-- phpMyAdmin SQL Dump
SET SQL_MODE = "NO_AUTO_VALUE_ON_ZERO";
SET AUTOCOMMIT = 0;
START TRANSACTION;
SET time_zone = "+00:00";
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8mb4 */;
CREATE DATABASE IF NOT EXISTS \`replicated_session_store\` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
USE \`replicated_session_store\`;
CREATE TABLE IF NOT EXISTS \`session\` (
  \`id\` int(11) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
ALTER TABLE \`session\`
  ADD PRIMARY KEY (\`id\`);
COMMIT;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
`;
  expect(problems(script)).toEqual([expect.stringMatching(/^13: ALTER TABLE other than ADD ... IF NOT EXISTS/)]);
  expect(WITHOUT_SESSION(script)).toEqual(["create session"]);
});

test("an export by HeidiSQL, with its byte order mark and CRLF, is taken", () => {
  const script = `\uFEFF/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8 */;
/*!50503 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;
CREATE DATABASE IF NOT EXISTS \`replicated_session_store\` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci */;
USE \`replicated_session_store\`;
CREATE TABLE IF NOT EXISTS \`session\` (\`id\` int(11) NOT NULL, PRIMARY KEY (\`id\`)) ENGINE=InnoDB;
/*!40103 SET TIME_ZONE=IFNULL(@OLD_TIME_ZONE, 'system') */;
/*!40101 SET SQL_MODE=IFNULL(@OLD_SQL_MODE, '') */;
/*!40014 SET FOREIGN_KEY_CHECKS=IFNULL(@OLD_FOREIGN_KEY_CHECKS, 1) */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40111 SET SQL_NOTES=IFNULL(@OLD_SQL_NOTES, 1) */;
`.replaceAll("\n", "\r\n");
  expect(problems(script)).toEqual([]);
  expect(WITHOUT_SESSION(script)).toEqual(["create session"]);
});

describe("names in double quotes", () => {
  test.each([
    'CREATE TABLE IF NOT EXISTS "session" (id INT)',
    'CREATE TABLE IF NOT EXISTS replicated_session_store."session" (id INT)',
    'CREATE TABLE IF NOT EXISTS a_conf ("session" INT)',
    'CREATE TABLE IF NOT EXISTS a_conf (id INT, "session" INT)',
    'CREATE TABLE IF NOT EXISTS a_conf (id INT REFERENCES "session" (id))',
    'INSERT INTO "session" VALUES (1)',
  ])("are refused with what they are to the server: %s", (statement) => {
    const [first] = problems(`\n${statement}`);
    expect(first).toMatch(/^2: "session" is a string to the server, not a name. Write `session`, or put SET sql_mode/);
  });

  test("are names after the script has asked for them, in each of the ways in which it can", () => {
    const table = 'CREATE TABLE IF NOT EXISTS "session" ("id;" INT, v CHAR(9) DEFAULT \'"\');';
    for (const mode of [
      "SET sql_mode = 'ANSI_QUOTES';",
      'SET @@session.sql_mode = "STRICT_ALL_TABLES,ansi";',
      "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ANSI' */;",
      "SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES');",
    ]) {
      expect(problems(mode + table)).toEqual([]);
      expect(WITHOUT_SESSION(mode + table)).toEqual(["create session"]);
    }
    const restored = `SET @m = @@sql_mode, sql_mode = 'ANSI'; SET sql_mode = @m;\n${table}`;
    expect(problems(restored)[0]).toMatch(/^2: "session" is a string/);
  });

  test("strings in double quotes are strings", () => {
    expect(
      problems(
        'CREATE TABLE IF NOT EXISTS session (a CHAR(9) DEFAULT "x", b ENUM("y", "z")) COMMENT "c"; INSERT INTO session VALUES ("1", "2")',
      ),
    ).toEqual([]);
  });
});

describe("delimiters", () => {
  test.each(["DELIMITER $$ -- text", "delimiter $$   # text", "DELIMITER '$$'", "\\d $$"])("`%s` means $$", (line) => {
    const script = `${line}\nCREATE TABLE IF NOT EXISTS session (id INT)$$\nCREATE TABLE IF NOT EXISTS conf (id INT)$$\nDELIMITER ;`;
    expect(problems(script)).toEqual([]);
    expect(WITHOUT_SESSION(script)).toEqual(["create session", "create conf"]);
  });

  test("with another delimiter, statements that are sent at once are run one by one", () => {
    const script = "DELIMITER //\n\nCREATE TABLE IF NOT EXISTS session (id INT);\n-- x\nDROP TABLE conf; //";
    expect(problems(script)).toEqual([expect.stringMatching(/^5: DROP TABLE/)]);
    expect(WITHOUT_SESSION(script)).toEqual(["create session"]);
  });

  test.each(["COMMIT", "LOCK TABLES session WRITE", "SELECT 1"])(
    "none of them is taken for a part of another, also where a body follows: %s",
    (left) => {
      const program = "CREATE PROCEDURE IF NOT EXISTS p() BEGIN SELECT 1; SELECT 2; END";
      const script = `DELIMITER //\n${left}; CREATE TABLE IF NOT EXISTS session (id INT);\n${program}; //`;
      expect(problems(script)).toEqual([]);
      expect(check(script).statements.map(({ line, text }) => [line, text])).toEqual([
        [2, "CREATE TABLE IF NOT EXISTS session (id INT)"],
        [3, `${program};`],
      ]);
    },
  );

  test("a long text in one piece is cut in time that grows with its length", () => {
    const rows = "INSERT IGNORE INTO session VALUES (1);\n".repeat(20_000);
    const script = `DELIMITER //\nCREATE TABLE IF NOT EXISTS session (id INT);\n${rows} SELECT 1 AS END${" ".repeat(100_000)}x//`;
    const before = performance.now();
    expect(check(script).statements).toHaveLength(20_001);
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  test("USE without a delimiter is a command of the client: the statement behind it is not a part of it", () => {
    const script = "use replicated_session_store\nCREATE TABLE IF NOT EXISTS session (id INT);\nuse elsewhere\n";
    expect(problems(script)).toEqual([expect.stringMatching(/^3: it goes to the database elsewhere/)]);
    expect(WITHOUT_SESSION(script)).toEqual(["create session"]);
  });
});

test.each([
  ["exit", /exit is a command of the mariadb client, and ends the client/],
  ["SELECT 1 \\c", /clear is a command .* throws away/],
  ["\\! rm x", /system is a command/],
  ["source more.sql", /source is a command .* reads another file/],
  ["SELECT 1 \\x", /\\x outside of quotes is no command/],
  ["DELIMITER", /names no delimiter/],
  ["SELECT '\0'", /NUL/],
  ["/* never closed", /never closes/],
  ["/*!50100 CREATE TABLE IF NOT EXISTS a_conf (id INT); */", /never closes, or a delimiter stands within/],
])("`%s` is refused, since the client would not run the rest as it stands there", (line, reason) => {
  const script = `CREATE TABLE IF NOT EXISTS session (id INT);\n${line}`;
  expect(problems(script)[0]).toMatch(/^2: /);
  expect(problems(script)[0]).toMatch(reason);
});

test("a text that was read in another encoding than its own is refused with what converts the file", () => {
  const script = "CREATE TABLE IF NOT EXISTS session (id INT COMMENT 'é');\n";
  const bigEndian = Buffer.from(`\uFEFF${script}`, "utf16le").swap16();
  for (const [bytes, reason] of [
    [Buffer.from(`\uFEFF${script}`, "utf16le"), /^1: the file is UTF-16.*iconv -f UTF-16 -t UTF-8/],
    [Buffer.from(script, "utf16le"), /^1: the file is UTF-16/],
    [bigEndian, /^1: the file is UTF-16/],
    [Buffer.from(`\n${script}`, "latin1"), /^2: bytes that are not UTF-8.*iconv/],
    [Buffer.from([0x1f, 0x8b, 8, 0, 0]), /^1: the file is compressed by gzip/],
  ] as const) {
    expect(problems(bytes.toString("utf8"))).toEqual([expect.stringMatching(reason)]);
  }
  expect(problems(script)).toEqual([]);
});
