import fc from "fast-check";
import { DumpReader } from "../../provider/src/recipe/sql/dumpReader";

/** Reads a dump that arrives in pieces of a size. */
function read(dump: string, size = dump.length, longest = 1 << 20): { statements: string[]; reader: DumpReader } {
  const reader = new DumpReader(longest);
  const bytes = Buffer.from(dump);
  const statements: string[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    for (const { text, rowsOf } of reader.read(bytes.subarray(at, at + size))) {
      statements.push(`${rowsOf === undefined ? "" : `${rowsOf}: `}${text}`);
    }
  }
  reader.end();
  return { statements, reader };
}

const POSITION = "-- SET GLOBAL gtid_slave_pos='1-1-5,2-2-7';\n";

test("statements come without their delimiters, rows with their table; what is for the client is left out", () => {
  const dump = `/*M!999999\\- enable the sandbox mode */ 
-- MariaDB dump 10.19
${POSITION}
/*!40101 SET NAMES utf8mb4 */;
USE \`db\`;
CREATE TABLE \`a\` (
  \`id\` int COMMENT 'x;\\ny'
) ENGINE=InnoDB;
INSERT INTO \`a\` VALUES
(1,'x);\\n'),
(2,';');
INSERT INTO \`b\`\`c.d\` VALUES (1),(2);
/*!50003 SET sql_mode = '' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 trigger t before insert on a for each row begin
  set new.id = 1; -- it's ;;
end */;;
DELIMITER ;
`;
  const { statements, reader } = read(dump);
  expect(statements).toEqual([
    "/*!40101 SET NAMES utf8mb4 */",
    "USE `db`",
    "CREATE TABLE `a` (\n  `id` int COMMENT 'x;\\ny'\n) ENGINE=InnoDB",
    "a: INSERT INTO `a` VALUES\n(1,'x);\\n'),\n(2,';')",
    "b`c.d: INSERT INTO `b``c.d` VALUES (1),(2)",
    "/*!50003 SET sql_mode = '' */ ",
    "/*!50003 CREATE*/ /*!50003 trigger t before insert on a for each row begin\n  set new.id = 1; -- it's ;;\nend */",
  ]);
  expect([reader.position, reader.database]).toEqual(["1-1-5,2-2-7", "db"]);
});

test("a dump reads the same in pieces of any size", () => {
  const row = fc.string({ unit: fc.constantFrom("a", ";", "'", "\\", "\n", "é", ",", ")", "--", "`"), maxLength: 12 });
  const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n")}'`;
  const rows = fc
    .array(row, { minLength: 1, maxLength: 5 })
    .map((values) => values.map((value) => `(${quoted(value)})`));
  const statement = fc.oneof(
    rows.map((values) => `INSERT INTO \`t\` VALUES\n${values.join(",\n")};\n`),
    rows.map((values) => `INSERT INTO \`t\` VALUES ${values.join(",")};\n`),
    row.map(
      (text) =>
        `DELIMITER ;;\nCREATE PROCEDURE p() BEGIN SELECT ${quoted(text)}; -- ${text.replaceAll("\n", " ")}\nEND ;;\nDELIMITER ;\n`,
    ),
    row.map((text) => `CREATE TABLE t (a INT COMMENT ${quoted(text)});\n`),
    fc.constant("-- a comment; with a semicolon\n"),
  );
  fc.assert(
    fc.property(fc.array(statement, { maxLength: 8 }), fc.integer({ min: 1, max: 40 }), (parts, size) => {
      const dump = parts.join("") + POSITION;
      const whole = read(dump);
      const inPieces = read(dump, size);
      expect(inPieces.statements).toEqual(whole.statements);
      expect(inPieces.reader.position).toBe("1-1-5,2-2-7");
      expect(whole.statements).toHaveLength(parts.filter((part) => !part.startsWith("--")).length);
    }),
    { numRuns: 1000 },
  );
});

test.each([
  ["in a row", "INSERT INTO `t` VALUES\n('\\n-- SET GLOBAL gtid_slave_pos=\\'9-9-9\\';\\n');\n"],
  ["in a body", `DELIMITER ;;\nCREATE PROCEDURE p() BEGIN\n${POSITION}SELECT 1;\nEND ;;\nDELIMITER ;\n`],
  [
    "in a comment of a body, after what looks like its end",
    `DELIMITER ;;\nCREATE PROCEDURE p() BEGIN /*\nEND ;;\nDELIMITER ;\n${POSITION}*/ SELECT 1;\nEND ;;\nDELIMITER ;\n`,
  ],
])("a position %s is not the dump's", (_, text) => {
  expect(() => read(text).reader.position).toThrow("tells its GTID position 0 times");
  expect(read(text + POSITION).reader.position).toBe("1-1-5,2-2-7");
});

test("two positions are refused", () => {
  expect(() => read(POSITION + POSITION).reader.position).toThrow("tells its GTID position 2 times");
});

test.each([
  "INSERT INTO `t` VALUES\n(1),\n",
  "CREATE TABLE t (a INT",
  "DELIMITER ;;\nCREATE PROCEDURE p() BEGIN END ;\n",
])("a dump that is cut off is refused: %j", (dump) => {
  expect(() => read(dump)).toThrow("the dump ends within a statement");
});

test.each([
  ["a line that never ends", "-- ", "x".repeat(64), "a statement of the dump"],
  ["a definition that never ends", "CREATE TABLE t (a INT COMMENT '", "x\n", "a statement of the dump"],
  ["a body that never ends", "DELIMITER ;;\nCREATE PROCEDURE p() BEGIN /*\n", "SELECT 1;\n", "a statement of the dump"],
  ["rows that never end", "INSERT INTO `t` VALUES\n", "(1),\n", "a row of t"],
  ["a row that never ends", "INSERT INTO `t` VALUES\n('", "x".repeat(64), "a row of t"],
])("%s is gathered only up to what the server takes at once", (_, begin, more, what) => {
  const reader = new DumpReader(1000);
  let taken = 0;
  const take = (text: string) => {
    for (const statement of reader.read(Buffer.from(text))) throw new Error(`a statement: ${statement.text}`);
    taken += text.length;
  };
  expect(() => {
    take(begin);
    while (taken < 10_000) take(more);
  }).toThrow(`${what} is longer than 1000 bytes`);
  expect(taken).toBeLessThanOrEqual(1000 + begin.length);
});

test("any number of statements is read that are not longer than that", () => {
  const dump = "INSERT INTO `t` VALUES\n(1);\nCREATE TABLE t (a INT);\n-- a comment\n".repeat(100);
  expect(read(dump, 7, 100).statements).toHaveLength(200);
});
