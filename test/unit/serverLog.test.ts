import { errorLines, roomLine, shownLine } from "../../provider/src/hosts/serverLog";

/** What of a server's log is shown. */

const WAITS =
  "2026-11-25 15:43:09 6 [Warning] mariadbd: Disk is full writing './mariadbmaster-relay-bin.000002' (Errcode: 28 \"No space left on device\"). " +
  "Waiting for someone to free space... (Expect up to 60 secs delay for server to continue after freeing disk space)";
const REFUSED =
  "2026-11-25 15:43:12 6 [ERROR] mariadbd: Disk got full writing 'information_schema.(temporary)' (Errcode: 28)";
const OTHER = "2026-11-25 15:43:08 6 [Warning] Access denied for user 'a'@'b' (using password: YES)";

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
