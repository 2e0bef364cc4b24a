import { errorLines, roomLine, saidSince, shownLine } from "../../provider/src/hosts/errorLog";
import { withoutUsersData } from "../../provider/src/hosts/serverText";

/** What of a server's log is shown. */

const WAITS =
  "2026-11-25 15:43:09 6 [Warning] mariadbd: Disk is full writing './mariadbmaster-relay-bin.000002' (Errcode: 28 \"No space left on device\"). " +
  "Waiting for someone to free space... (Expect up to 60 secs delay for server to continue after freeing disk space)";
const REFUSED =
  "2026-11-25 15:43:12 6 [ERROR] mariadbd: Disk got full writing 'information_schema.(temporary)' (Errcode: 28)";
const OTHER = "2026-11-25 15:43:08 6 [Warning] Access denied for user 'a'@'b' (using password: YES)";

test("of a log that was read before, only what came since is quoted", () => {
  const old = ["1 [Note] starting", "2 [ERROR] unknown variable 'a'", "2 [ERROR] Aborting", "3 [Note] ended"];
  const fresh = ["4 [Note] starting", "5 [ERROR] unknown variable 'b'", "5 [ERROR] Aborting"];
  const said = "[ERROR] unknown variable 'b'\n[ERROR] Aborting";
  const told = (before: readonly string[], now: readonly string[]) => saidSince(before.join("\n"), now.join("\n"));
  expect(told(old, [...old, ...fresh])).toBe(said);
  // Only so many lines of its end are read.
  expect(told(old, [...old.slice(2), ...fresh])).toBe(said);
  expect(told(old, fresh)).toBe(said);
  expect(told([], fresh)).toBe(said);
  expect(told(old, old)).toBe("(nothing since it was started)");
  expect(told(["1 [Note] x", "2 [Note] x"], ["2 [Note] x", "3 [ERROR] y"])).toBe("[ERROR] y");
});

test("a line that says that the server waits is preferred to a newer one of what it refused since", () => {
  expect(roomLine([OTHER, WAITS, REFUSED, OTHER].join("\n"))).toEqual({
    text: WAITS.slice(WAITS.indexOf("[Warning]")),
    waits: true,
    folder: undefined,
  });
  expect(roomLine([REFUSED, OTHER].join("\n"))).toMatchObject({ waits: false });
});

test.each([
  ["[ERROR] InnoDB: preallocating 98304 bytes for file ./a/session.ibd failed with error 28"],
  ["[ERROR] [FATAL] InnoDB: Error (Out of disk space) in rollback."],
  ["[ERROR] InnoDB: Could not set the file size of './ibtmp1'. Probably out of disk space"],
  ["[ERROR] mariadbd: The table 'session' is full"],
  [
    "[Warning] mariadbd: Disk is full writing './a' (Errcode: 122 \"Disk quota exceeded\"). Waiting for someone to free space...",
  ],
])("is about room: %s", (line) => {
  expect(roomLine(`${OTHER}\n${line}\n`)?.text).toBe(line);
});

test("a log without such a line says nothing about room", () => {
  expect(roomLine(OTHER)).toBeUndefined();
  expect(roomLine("")).toBeUndefined();
  expect(roomLine("42 Query INSERT INTO session VALUES ('No space left')")).toBeUndefined();
  expect(roomLine("[Note] InnoDB: Physically writing the file full; Please wait ... error 280")).toBeUndefined();
});

test("the folder of a file that is not in the data directory is told", () => {
  expect(roomLine(WAITS.replace("./maria", "/logs/relay/maria"))?.folder).toBe("/logs/relay");
});

test("statements, which hold users' data, terminal escapes and long lines are not shown whole", () => {
  const line =
    "[ERROR] Slave SQL: Error 'Disk full' on query. Default database: 'a'. Query: 'INSERT INTO session VALUES (\"secret-id\")'";
  expect(shownLine(line)).not.toContain("secret-id");
  expect(shownLine("[ERROR] \u001b[31mred\u001b[0m \u0007 \u001b]0;title\u0007 end")).toBe("[ERROR] red end");
  expect(shownLine(`[ERROR] ${"x".repeat(5000)}`).length).toBeLessThan(400);
});

test("the errors that came before a crash are shown once each, without the crash's dump, with what to do", () => {
  const error = "[ERROR] InnoDB: preallocating 98304 bytes for file ./a/session.ibd failed with error 28";
  const dump = Array.from({ length: 60 }, (_, index) => `/usr/sbin/mariadbd(+0x${index})`);
  const shown = errorLines([...Array(10).fill(`2026-11-25 15:42:38 0 ${error}`), ...dump].join("\n"));
  expect(shown.split("\n")).toEqual([error, expect.stringContaining("Make room")]);
});

test.each([
  [
    "Could not execute Write_rows_v1 event on table a.session; Duplicate entry 'secret' for key 'x' for key 'PRIMARY', Error_code: 1062; handler error HA_ERR_FOUND_DUPP_KEY; the event's master log db1-bin.000001, end_log_pos 777",
    "Could not execute Write_rows_v1 event on table a.session; Duplicate entry '...' for key 'PRIMARY', Error_code: 1062; handler error HA_ERR_FOUND_DUPP_KEY; the event's master log db1-bin.000001, end_log_pos 777",
  ],
  [
    "Error 'Duplicate entry 'secret' for key 'PRIMARY'' on query. Default database: 'a'. Query: 'INSERT INTO t VALUES ('secret')'",
    "Error 'Duplicate entry '...' for key 'PRIMARY'' on query. Default database: 'a'",
  ],
  [
    "Could not execute Update_rows_v1 event on table a.b; Can't find record in 'b', Error_code: 1032; handler error HA_ERR_KEY_NOT_FOUND; the event's master log l.1, end_log_pos 5",
    "Could not execute Update_rows_v1 event on table a.b; Can't find record in 'b', Error_code: 1032; handler error HA_ERR_KEY_NOT_FOUND; the event's master log l.1, end_log_pos 5",
  ],
  [
    "Could not execute Write_rows_v1 event on table a.b; secret, Error_code: 1644; handler error x; the event's master log l.1, end_log_pos 5",
    "Could not execute Write_rows_v1 event on table a.b; ...",
  ],
  [
    "Duplicate entry 'secret' for key 'PRIMARY', Error_code: 1062; Truncated incorrect DOUBLE value: 'secret'",
    "Duplicate entry '...'",
  ],
  ["Column 1 of table 'a.b' cannot be converted from type 'varchar(9)' to type 'int(11)'", undefined],
  [
    "Error 'Table 'a.b' doesn't exist' on query. Default database: 'a'. Query: 'UPDATE b SET c = \"secret\"'",
    "Error 'Table 'a.b' doesn't exist' on query. Default database: 'a'",
  ],
  [
    "Error in the events: 'You have an error in your SQL syntax near 'secret' at line 1'",
    "Error in the events: 'You have an error in your SQL syntax ...",
  ],
])("what a replica says is shown without rows and statements: %s", (text, shown = text) => {
  expect(withoutUsersData(text)).toBe(shown);
});

test.each([
  "[ERROR] Slave SQL: Could not execute Write_rows_v1 event on table a.b; Duplicate entry 'secret' for key 'PRIMARY', Error_code: 1062; handler error H; the event's master log l.1, end_log_pos 5, Gtid 1-1-5, Internal MariaDB error code: 1062",
  "[ERROR] Slave SQL: Error 'secret' on query. Default database: 'a'. Query: 'x', Internal MariaDB error code: 1644",
  "[ERROR] Event Scheduler: [root@localhost][a.e] Duplicate entry 'secret' for key 'PRIMARY'",
  "[Warning] Unsafe statement written to the binary log using statement format. Statement: INSERT INTO t VALUES ('secret')",
  "Query (0x7f1c): INSERT INTO t VALUES ('secret')",
  "  12 Query\tINSERT INTO t VALUES ('secret')",
  " 0: len 6; hex 736563726574; asc secret;;",
])("a line of a log is shown without them too: %s", (line) => {
  expect(shownLine(line)).not.toMatch(/secret|736563726574/);
});

test("what a log says of settings is shown whole", () => {
  const line = "[ERROR] mariadbd: Error while setting value 'abc' to 'innodb_flush_method'";
  expect(shownLine(line)).toBe(line);
});
