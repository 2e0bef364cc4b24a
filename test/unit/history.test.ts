import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { entries, survey } from "../../provider/src/commands/recordReader";
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
  [
    ["--since", "2026-11-26 12:12+0200", "--node", "db2"],
    [SET, COPY],
  ],
  [["--since", "2026-11-26T10:13:00Z", "--node", "m1"], [FILE]],
])("%s", async (args, expected) => {
  expect(await history(RECORD, ...args)).toMatchObject({ code: 0, said: expected });
});

test("--json gives the lines as they are", async () => {
  const { out } = await history(RECORD, "--json", "--node", "db1", "--run", "aaaa");
  expect(out.split("\n").slice(0, -1)).toEqual([RECORD[1], RECORD[3], RECORD[4], RECORD[5], RECORD[6], RECORD[7]]);
});

test("lines of others are left out, what syslog puts before ours too, and blank ones", async () => {
  const lines = RECORD.flatMap((line) => ["sshd: {}", "", `Nov 26 10:10:00 ops1 session-store: ${line}`, "null"]);
  expect(await history(lines)).toMatchObject({
    code: 0,
    err: `${file}: 18 lines are not of this library's record\n`,
    said: [BEGINS, USER, SET, FILE, COPY],
  });
});

test("so is one of 200 MB, in no more time than it takes to read it", async () => {
  expect(await history([...RECORD.slice(0, 4), "x".repeat(200 << 20), ...RECORD.slice(4)])).toMatchObject({
    code: 0,
    err: `${file}: 1 line is not of this library's record\n`,
    said: [BEGINS, USER, SET, FILE, COPY],
  });
}, 20_000);

const FOREIGN = [
  '{"run":"abc","n":1,"event":"statement","time":"2026-01-01T00:00:00Z"}',
  '{"run":"abc","n":"2","time":5,"event":{}}',
  '{"run":1}',
  ...[
    { run: 7 },
    { n: 0 },
    { time: "yesterday" },
    { operation: "rename" },
    { event: "reboot" },
    { statement: 5 },
    { values: "a" },
    { host: undefined },
  ].map((wrong) => JSON.stringify({ ...head(A, 2, 10), ...sql, statement: "FLUSH SSL", ...wrong })),
];
test.each(FOREIGN)("a line that only looks like ours is left out and counted: %s", async (line) => {
  const former = RECORD.flatMap((own) => [own, line]);
  expect(await history(former)).toMatchObject({
    code: 0,
    err: `${file}: 9 lines are not of this library's record\n`,
    said: [BEGINS, USER, SET, FILE, COPY],
  });
});

test("a line of a later version, with further fields, is shown", async () => {
  const later = RECORD.map((line) => JSON.stringify({ ...JSON.parse(line), ticket: "A-1" }));
  expect(await history(later)).toMatchObject({ code: 0, err: "", said: [BEGINS, USER, SET, FILE, COPY] });
});

test("what is no record is told, and how to read one that is compressed", async () => {
  const none = { code: 1, out: "", err: `no line of this library's record is in ${file}\n` };
  expect(await history(["{", '  "name": "x"', "}"])).toMatchObject(none);
  writeFileSync(file, gzipSync(RECORD.join("\n")));
  expect(await sessionStore("history", file)).toEqual({
    code: 1,
    out: "",
    err: `no line of this library's record is in ${file}; it is compressed: zcat ${file} | session-store history -\n`,
  });
});

test.each([[[]], [["", "  ", ""]]])("an empty record is told to be empty: %j", async (lines) => {
  expect(await history(lines)).toMatchObject({ code: 0, out: "", err: `${file} is empty\n` });
});

test.each([
  ["--run", "zz"],
  ["--node", "db9"],
  ["--since", "2026-11-27"],
])("%s %s fits nothing, which is told with what there is", async (...args) => {
  expect(await history(RECORD, ...args)).toMatchObject({
    code: 0,
    out: "",
    err: `${file}: nothing in it fits these options. Its runs: aaaaaaaa, bbbbbbbb. Its nodes: db1, db2. Its machines: m1, m2\n`,
  });
});

describe("a record that was rotated within a run", () => {
  const [former, missing] = [path.join(folder, "record.1"), path.join(folder, "record.0")];
  const over = (...files: string[]) => {
    writeFileSync(former, `${RECORD.slice(0, 3).join("\n")}\n`);
    writeFileSync(file, `${RECORD.slice(3).join("\n")}\n`);
    return sessionStore("history", ...files);
  };
  const whole = async () => (await history(RECORD)).out;

  test("is whole over its files, the oldest first", async () => {
    const expected = { code: 0, out: await whole(), err: "" };
    expect(await over(former, file)).toEqual(expected);
  });

  test("is not whole without its former file, which is told", async () => {
    expect(await over(file)).toMatchObject({
      code: 1,
      err: `${file}: run ${A}: without its lines 1-2 (if the file was rotated, name the former one first)\n`,
    });
  });

  test("is told to be out of order, or there twice, and each change is shown once", async () => {
    const twice = await over(former, file, file);
    expect(twice).toMatchObject({ code: 1, out: await whole() });
    expect(twice.err).toMatch(/run aaaaaaaa-1111: its line 3 comes after its line 8: .* the oldest first, each once\n/);
    expect(await over(file, former)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/line 1 comes after its line 8/),
    });
  });

  test("is shown as far as it can be read", async () => {
    const all = await over(missing, former, file);
    expect(all).toMatchObject({ code: 1, out: await whole() });
    expect(all.err).toMatch(/^\S+record\.0: ENOENT/);
  });
});

test("values are shown whole whatever ends a line elsewhere, without what would turn the direction of writing", async () => {
  const [first = "", ...rest] = RECORD;
  const steering = JSON.stringify({
    ...head(A, 2, 11),
    ...sql,
    statement: "SET GLOBAL x = ?",
    values: ["a\u202eb\u2066c\u2028d\u200fe\u009b31mf"],
  });
  const { code, err, said } = await history([first, steering, ...rest.slice(1)]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(said[1]).toBe('db1, as admin: SET GLOBAL x = "abc def" | ok, 3 ms');
});

test("a long record is read without having it in memory: all entries that are over are told while it is read", async () => {
  const changes = 3000;
  let asked = 0;
  const source = {
    name: "long",
    *lines() {
      for (let change = 0; change < changes; change++) {
        asked = change;
        yield JSON.stringify({ ...head(A, 2 * change + 1, 10), ...sql, statement: `SET GLOBAL x = ${change}` });
        yield JSON.stringify({
          ...head(A, 2 * change + 2, 10),
          event: "outcome",
          of: 2 * change + 1,
          outcome: "ok",
          ms: 1,
        });
      }
      // What was begun by a process that was killed holds nothing up.
      yield JSON.stringify({ ...head(B, 1, 10), ...sql, statement: "killed" });
    },
  };
  const begun = { name: "first", lines: () => [JSON.stringify({ ...head("c", 1, 10), event: "begin" })] };
  const sources = [begun, source];
  const seen = await survey(sources);
  asked = 0;
  const behind: number[] = [];
  let told = 0;
  for await (const _ of entries(sources, seen)) behind.push(asked - told++);
  expect(told).toBe(changes + 2);
  expect(Math.max(...behind)).toBeLessThan(3);
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
  [["syslog:"], 1, /^syslog: .*journalctl -t session-store -o cat \| session-store history -/],
  ...["yesterday", "2026-02-30", "2026-13-01", "2026-01-31T25:00", "2026-02-29T10:00", "2026"].map(
    (time): [string[], number, RegExp] => [["--since", time, "x"], 2, new RegExp(`"${time}" is no time`)],
  ),
  [[], 2, /set SESSION_STORE_RECORD/],
])("history %s ends with %d and says why", async (args, code, reason) => {
  expect(await sessionStore("history", ...args)).toEqual({ code, out: "", err: expect.stringMatching(reason) });
});
