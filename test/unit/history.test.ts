import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { sessionStore } from "../support/sessionStore";

/** What `session-store history` makes of a record, also of one that is not whole. */

const folder = mkdtempSync(path.join(tmpdir(), "session-store-history-"));
const file = path.join(folder, "record.jsonl");
afterAll(() => rmSync(folder, { recursive: true }));

const head = (runId: string, n: number, minute: number) => ({
  run: runId,
  n,
  time: `2026-11-26T10:${minute}:00.000Z`,
  user: "alice",
  machine: "ops1",
  pid: 7,
  version: "0.1.0",
  operation: "update",
  id: "db1:3306",
  stack: "acme/proxy/prod",
  resource: "MariaDbNode store-db1",
});
const sql = { event: "statement", host: "m1", node: "db1", as: "admin" };
const [A, B] = ["aaaaaaaa-1111", "bbbbbbbb-2222"];
const RECORD = [
  { ...head(A, 1, 10), event: "begin" },
  { ...head(A, 2, 11), ...sql, statement: "CREATE USER ?@?\n  USING ?", values: ["a?", "%", "***"] },
  { ...head(B, 1, 12), ...sql, node: "db2", host: "m2", statement: "SET GLOBAL ?? = ?", values: ["back_log", 80] },
  { ...head(A, 3, 13), event: "outcome", of: 2, outcome: "ok", ms: 3 },
  { ...head(A, 4, 14), event: "write file", host: "m1", path: "/etc/x.cnf", mode: "0644", bytes: 12, sha256: "ab" },
  { ...head(A, 5, 15), event: "outcome", of: 4, outcome: "failed", ms: 9, error: "no room" },
  { ...head(A, 6, 16), event: "copy", host: "m1", node: "db1", as: "load", from: "db2", databases: ["store"] },
  { ...head(A, 7, 17), event: "outcome", of: 6, outcome: "ok", ms: 80, rows: { "store.session": 5 } },
  { ...head(A, 8, 18), event: "end", of: 1, outcome: "failed", ms: 99, error: "no room" },
].map((line) => JSON.stringify(line));

async function history(lines: readonly string[], ...args: string[]) {
  writeFileSync(file, lines.join("\n"));
  const { code, out, err } = await sessionStore("history", file, ...args);
  // Time, run, person and operation are the same in all of them.
  return {
    code,
    err,
    said: out
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split(" | ").slice(4).join(" | ")),
    out,
  };
}

const BEGINS = "begins | failed: no room, 99 ms";
const USER = 'db1, as admin: CREATE USER "a?"@"%" USING "***" | ok, 3 ms';
const SET = "db2, as admin: SET GLOBAL `back_log` = 80 | outcome not known";
const FILE = "m1: writes /etc/x.cnf, mode 0644, 12 bytes, sha256 ab | failed: no room, 9 ms";
const COPY = "db1, as load: copies store from db2 | ok, 80 ms, rows: store.session 5";

test("each change is a line with its outcome, the newest last", async () => {
  const { code, said, out, err } = await history(RECORD);
  expect({ code, err, said }).toEqual({ code: 0, err: "", said: [BEGINS, USER, SET, FILE, COPY] });
  expect(out.split("\n")[1]).toBe(
    `2026-11-26T10:11:00.000Z | aaaaaaaa | alice@ops1 | update MariaDbNode store-db1 of acme/proxy/prod | ${USER}`,
  );
});

test.each([
  [["--run", "bbbb"], [SET]],
  [
    ["--node", "db1"],
    [USER, FILE, COPY],
  ],
  [["--node", "m1"], [FILE]],
  [
    ["--node", "db2"],
    [SET, COPY],
  ],
  [["--failed"], [BEGINS, SET, FILE]],
  [
    ["--since", "2026-11-26T10:13"],
    [FILE, COPY],
  ],
  [
    ["--since", "2026-11-26T12:12+02:00", "--node", "db2"],
    [SET, COPY],
  ],
  [["--since", "2026-11-27"], []],
])("%s", async (args, expected) => {
  expect(await history(RECORD, ...args)).toMatchObject({ code: 0, said: expected });
});

test("--json gives the lines as they are", async () => {
  const { out } = await history(RECORD, "--json", "--node", "db1", "--run", "aaaa");
  expect(out.split("\n").slice(0, -1)).toEqual([RECORD[1], RECORD[3], RECORD[4], RECORD[5], RECORD[6], RECORD[7]]);
});

test("lines of others are left out, what syslog puts before ours too, and blank ones", async () => {
  const lines = RECORD.flatMap((line) => ["sshd: {}", "", `Nov 26 10:10:00 ops1 session-store: ${line}`, "null"]);
  expect(await history(lines)).toMatchObject({ code: 0, err: "", said: [BEGINS, USER, SET, FILE, COPY] });
});

test("a line that is cut off, and lines that are missing, are told; the rest is shown", async () => {
  const lines = RECORD.filter((_, index) => index !== 3 && index !== 6);
  const cut = [...lines.slice(0, -1), lines.at(-1)?.slice(0, 60) ?? ""];
  expect(await history(cut)).toMatchObject({
    code: 1,
    err: `${file}: line 7 is cut off\n${file}: run ${A}: without its lines 3, 6\n`,
    said: ["begins | outcome not known", USER.replace("ok, 3 ms", "outcome not known"), SET, FILE],
  });
});

test.each([
  [["/nowhere/record"], 1, /^\/nowhere\/record: ENOENT/],
  [["syslog:"], 1, /^syslog:: .*journalctl -t session-store -o cat \| session-store history -/],
  [["--since", "yesterday", "x"], 2, /"yesterday" is no time/],
  [[], 2, /set SESSION_STORE_RECORD/],
])("history %s ends with %d and says why", async (args, code, reason) => {
  expect(await sessionStore("history", ...args)).toEqual({ code, out: "", err: expect.stringMatching(reason) });
});
