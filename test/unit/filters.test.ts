import fc from "fast-check";
import {
  matchesFilter,
  RECIPE_DATABASE,
  RECIPE_PATTERNS,
  validatePattern,
  wildDoTables,
} from "../../provider/src/recipe/filters";
import { reachesPeer } from "../../provider/src/recipe/schema/reachesPeer";

/** That patterns and answers agree with real servers is proved in contract/filters.servers.test.ts. */

const filters = { database: RECIPE_DATABASE, patterns: wildDoTables([RECIPE_DATABASE], RECIPE_PATTERNS) };
const reaches = (text: string) => reachesPeer(text, filters).reaches;

const name = fc.string({ unit: fc.constantFrom(..."abcXYZ019_$%\\é"), minLength: 1, maxLength: 8 });
const escaped = (text: string) => text.replace(/[\\%_]/g, "\\$&");

test("a name with its wildcards escaped matches that name, in any case, and no longer one", () => {
  fc.assert(
    fc.property(name, name, (database, table) => {
      const pattern = `${escaped(database)}.${escaped(table)}`;
      expect(matchesFilter(pattern, database, table)).toBe(true);
      expect(matchesFilter(pattern.toLowerCase(), database.toUpperCase(), table)).toBe(true);
      expect(matchesFilter(pattern, database, `${table}x`)).toBe(false);
    }),
  );
});

test("% stands for any characters and _ for exactly one", () => {
  fc.assert(
    fc.property(name, name, (database, table) => {
      expect(matchesFilter("%.%", database, table)).toBe(true);
      expect(matchesFilter(`%.${"_".repeat([...table].length)}`, database, table)).toBe(true);
      expect(matchesFilter(`${escaped(database)}.${"_".repeat([...table].length + 1)}`, database, table)).toBe(false);
    }),
  );
});

test.each([
  ["", "is empty"],
  ["%session", "database.table"],
  ["db.", "database.table"],
  [".session", "database.table"],
  ["a.b.c", "more than one dot"],
  ["db.%session ", "blank"],
  ["db.%session,db.%conf", "comma"],
  ['db."session', "option file"],
  ["db.#session", "option file"],
  ["d\\b.session", "backslash"],
  ["db.session\\", "backslash"],
])("the pattern `%s` is refused, because it %s", (pattern, reason) => {
  expect(validatePattern(pattern)).toContain(reason);
});

test.each([...filters.patterns, "replicated\\_session\\_store.%session", "my-db.%", "d%.a\\%b"])(
  "the pattern `%s` is taken",
  (pattern) => expect(validatePattern(pattern)).toBeUndefined(),
);

test.each([
  ["session", true],
  ["`my session`", true],
  ["replicated_session_store.http_attribute", true],
  ["elsewhere.session", false],
  ["session_backup", false],
])("of the table %s it says %s", (table, expected) => expect(reaches(table)).toBe(expected));

test.each([
  ["SET STATEMENT sql_mode='' FOR INSERT INTO a_session VALUES (1)", true],
  ["SET STATEMENT max_statement_time=1 FOR DELETE FROM notes", false],
  ["EXECUTE IMMEDIATE 'UPDATE a_session SET v = 1'", true],
  ["PREPARE s FROM 'UPDATE a_session SET v = 1'", false],
  ["UPDATE notes n JOIN a_session a USING (id) SET n.v = a.v", false],
  ["UPDATE notes n JOIN a_session a USING (id) SET n.v = 1, a.v = 2", true],
  ["DELETE n.* FROM notes n JOIN a_session a USING (id)", false],
  ["DELETE notes, a.* FROM notes JOIN a_session a USING (id)", true],
  ["SET @x = NEXTVAL(a_conf)", true],
  ["INSERT INTO notes VALUES (NEXTVAL(a_conf))", true],
  ["WITH w AS (SELECT 1) SELECT * FROM w, a_session", false],
  ["SET @x = 1; INSERT INTO a_session VALUES (1)", true],
  ["SET sql_log_bin = 0; CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END", false],
  ["CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END;", true],
  ["DELIMITER //\nDROP TABLE a_session//", true],
])("of `%s` it says %s", (statement, expected) => expect(reaches(statement)).toBe(expected));

test.each([
  "CALL p()",
  "DROP TRIGGER a_session",
  "BEGIN NOT ATOMIC INSERT INTO a_session VALUES (1); END",
  "EXECUTE s",
  "OPTIMIZE TABLE a_session",
  "CREATE SERVER user FOREIGN DATA WRAPPER mysql OPTIONS (USER 'x')",
  "/*M!110800 CREATE */ TABLE a_session (id INT)",
  "CREATE TABLE a_session (id INT) COMMENT 'never closed",
  "INSERT INTO a_session VALUES (1); INSERT INTO notes VALUES (1)",
  "",
])("of `%s` it says that it can't be told", (statement) => {
  expect(reachesPeer(statement, filters)).toEqual({ reaches: undefined, because: expect.any(String) });
});

test("LOAD DATA is judged by the table that it fills", () => {
  expect(reaches("LOAD DATA LOCAL INFILE '/tmp/a_session' IGNORE INTO TABLE notes")).toBe(false);
  expect(reaches("LOAD DATA INFILE '/tmp/notes' INTO TABLE a_session")).toBe(true);
});

test("accounts are left open when a pattern covers MariaDB's own tables", () => {
  expect(reachesPeer("CREATE USER u", { database: "db", patterns: ["mysql.%"] }).reaches).toBeUndefined();
  expect(reachesPeer("CREATE USER u", { database: "db", patterns: ["db.%"] }).reaches).toBe(false);
});

test("the answer names the pattern that matches, or all that don't", () => {
  expect(reachesPeer("a_session", filters).because).toBe(
    'replicated_session_store.a_session matches "replicated_session_store.%session"',
  );
  expect(reachesPeer("notes", filters).because).toContain(filters.patterns.join(" "));
});

test("a rename of what the peer may not have is said to stop it", () => {
  const because = (statement: string) => reachesPeer(statement, filters).because;
  expect(because("RENAME TABLE notes TO new_session")).toMatch(/concerns .*notes on the peer too: where .*it stops/);
  expect(because("RENAME TABLE IF EXISTS notes TO new_session")).not.toMatch(/it stops/);
  expect(because("DROP TABLE a_session, notes")).not.toMatch(/it stops/);
});

test.each([
  "ALTER TABLE b_conf EXCHANGE PARTITION p0 WITH TABLE notes",
  "ALTER TABLE b_conf CONVERT TABLE notes TO PARTITION p0 VALUES LESS THAN (5)",
  "ALTER TABLE b_conf ADD FOREIGN KEY (a) REFERENCES notes (a)",
  "CREATE TABLE b_conf (a INT REFERENCES notes (a)) WITH SYSTEM VERSIONING",
])("another table that the peer needs for `%s` is named", (statement) => {
  expect(reachesPeer(statement, filters)).toEqual({
    reaches: true,
    because: expect.stringMatching(/it names replicated_session_store\.notes, which no pattern covers/),
  });
});
