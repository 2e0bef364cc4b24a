import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { sessionStore } from "../support/sessionStore";

test.each([
  [["session"], 0, /^yes: .* matches "replicated_session_store\.%session"\n$/],
  [["notes"], 1, /^no: no pattern matches replicated_session_store\.notes/],
  [["DROP TABLE notes, a_session"], 0, /^yes: .*notes on the peer too/],
  [["CALL p()"], 2, /^can't tell: CALL/],
  [["--database", "shop", "shop.a_conf"], 0, /matches "shop\.%conf"/],
  [["--pattern", "s%", "--pattern", "elsewhere.%", "elsewhere.notes"], 0, /matches "elsewhere\.%"/],
  [["--pattern", "s%", "a_conf"], 1, /\(patterns: replicated_session_store\.s%\)/],
])("`reaches-peer %s` ends with %d and says why", async (args, code, out) => {
  expect(await sessionStore("reaches-peer", ...args)).toEqual({ code, out: expect.stringMatching(out), err: "" });
});

test.each([
  [[], /^Usage: session-store/],
  [["reaches-peer"], /missing required argument/],
  [["reaches-peer", "--patern", "x", "t"], /unknown option/],
  [["reaches-peer", "--pattern", "a b", "t"], /contains a blank/],
  [["check-script", "/nowhere/a.sql"], /ENOENT.*\/nowhere\/a\.sql/],
  [["check-script", "/"], /^\/ is a folder: name the file in it/],
  [["what"], /unknown command/],
])("`%s` is wrong usage: code 2, and standard error says what is wrong", async (args, err) => {
  expect(await sessionStore(...args)).toEqual({ code: 2, out: "", err: expect.stringMatching(err) });
});

test("--help is no error", async () => {
  expect(await sessionStore("--help")).toEqual({ code: 0, out: expect.stringContaining("check-script"), err: "" });
});

describe("check-script", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "commands-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  test("prints each finding with file and line, and ends with 1", async () => {
    const file = path.join(directory, "bad.sql");
    await writeFile(file, "CREATE TABLE session (id INT);\n\nDROP TABLE conf;\n");
    const { code, out } = await sessionStore("check-script", file);
    expect(code).toBe(1);
    expect(out.split("\n")).toEqual([
      expect.stringContaining(`${file}:1: CREATE TABLE without IF NOT EXISTS`),
      expect.stringContaining(`${file}:3: DROP TABLE`),
      "",
    ]);
  });

  test("of a script that is fit it names the tables, and ends with 0", async () => {
    const file = path.join(directory, "good.sql");
    await writeFile(file, "CREATE TABLE IF NOT EXISTS session (id INT);\nCREATE TABLE IF NOT EXISTS conf (id INT);\n");
    expect(await sessionStore("check-script", file)).toEqual({
      code: 0,
      out: `${file}: fit; it makes session, conf\n`,
      err: "",
    });
  });
});
