import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { findTool } from "../../provider/src/hosts/local/files";
import { localHost } from "../../provider/src/hosts/local/host";
import { readOptions } from "../../provider/src/mariadb/optionFiles";
import { describeProblem } from "../../provider/src/recipe/settings/includes";
import { isReadBy, parseOptionFile, renderOptionFile } from "../../provider/src/recipe/settings/optionFile";
import { INCLUDE_CASES, makeCase, printDefaults } from "../support/includeCases";
import {
  type AskPrograms,
  argument,
  meaningComparison,
  mistakenNames,
  printDefaultsCommand,
  programs,
  spelled,
  textComparison,
} from "../support/optionFileOracle";
import { oracleTest } from "../support/oracle";
import { optionFile } from "../support/recipeText";

/** MariaDB's own reader of option files is the judge of ours: `mariadbd --print-defaults` says what a server would start with. */

const run = promisify(execFile);
let folder: string;
const said = execFileSync(findTool("mariadbd"), ["--no-defaults", "--version"], { encoding: "utf8" });
const [, version = "", series = ""] = /Ver ((\d+\.\d+)\.\d+)/.exec(said) ?? [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-options-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sh = async (script: string) => (await run("sh", ["-c", script], { maxBuffer: 1e9 })).stdout;
const ask: AskPrograms = (texts, command) => programs(path.join(folder, "texts"), sh)(texts, command);

/** The server's arguments from this text; one per line, since values may hold blanks. */
const server = async (text: string): Promise<string[]> =>
  (await ask([text], printDefaultsCommand(series))).flatMap((printed) => printed.split("\n").slice(0, -1).map(spelled));

const ours = (text: string): string[] =>
  parseOptionFile("my.cnf", text).flatMap((item) =>
    "option" in item && isReadBy(item, version) ? [argument(item)] : [],
  );

test("the groups that are asked for are those that the server itself says it reads, and no others are", async () => {
  const { stdout } = await run(findTool("mariadbd"), ["--no-defaults", "--help", "--verbose"], { maxBuffer: 1e8 });
  const read = /The following groups are read: (.*)/.exec(stdout)?.[1]?.split(" ") ?? [];
  expect(read).toContain("client-server");
  const others = [
    "client",
    "mariadb-10.1",
    "mysqld_safe",
    "mariadb-client",
    "mysqld1",
    `server-${series}`,
    `mysqld-${version}`,
  ];
  const text = [...read, ...others].map((group, i) => `[${group}]\nx${i}=${group}\n`).join("");
  const wanted = read.map((group, i) => `--x${i}=${group}`);
  expect(ours(text)).toEqual(wanted);
  expect(await server(text)).toEqual(wanted);
});

test("the recipe's own file is read alike", async () => {
  const read = await server(optionFile(2));
  expect(read.length).toBeGreaterThan(20);
  expect(ours(optionFile(2))).toEqual(read);
});

test("what we write is what the server reads: quotes, backslashes, blanks and # in values", async () => {
  const value = fc.oneof(fc.stringMatching(/^[ -~]{0,12}$/), fc.stringMatching(/^[\\"'# =;nts]{0,8}$/));
  await fc.assert(
    fc.asyncProperty(fc.array(value, { minLength: 30, maxLength: 30 }), async (patterns) => {
      const read = await server(renderOptionFile({ replicate_wild_do_table: patterns }));
      expect(read).toEqual(patterns.map((pattern) => `--replicate_wild_do_table=${pattern}`));
    }),
    { numRuns: 20 },
  );
});

describe("MariaDB's own programs are asked:", () => {
  test("an option that begins the name of another stands for itself", async () => {
    expect(await mistakenNames(ask)).toEqual([]);
  });
  oracleTest(
    "what others write is read as the server reads it",
    textComparison(series, () => ask),
  );
  oracleTest(
    "lines of others change exactly those of our settings that the server shows as changed",
    meaningComparison(() => ask),
  );
});

describe("files that are included are read where, how often and as far as the server reads them:", () => {
  const local = async (commands: string) => {
    const directory = path.join(folder, "included");
    await run("sh", ["-c", makeCase(directory, commands)]);
    return { host: localHost({ kind: "local", directory }), directory };
  };

  test.each(Object.entries(INCLUDE_CASES))("%s", async (_, commands) => {
    const { host, directory } = await local(commands);
    const { stdout } = await run("sh", ["-c", printDefaults(directory, series)]);
    const { lines, problems } = await readOptions(host);
    expect(lines.map(argument)).toEqual(stdout.split("\n").slice(0, -1).map(spelled));
    expect(problems).toEqual([]);
  });

  test("paths that begin where the server is when it starts", async () => {
    const { host, directory } = await local(
      "file e/1.cnf '[mysqld]' x=1; file d/1.cnf '!include e/1.cnf' '!includedir e' '!includedir d/../e'",
    );
    const { stdout } = await run("sh", ["-c", printDefaults(directory, "1.0")]);
    expect((await readOptions(host)).lines.map(argument)).toEqual(stdout.split("\n").slice(0, -1));
  });

  test.each([
    [
      "a folder that is not there",
      "file my.cnf '[mysqld]' x=1 '!includedir /none' y=1",
      "my.cnf:3 !includedir /none (there is no such folder",
    ],
    ["an option before any group", "file my.cnf x=1 '[mysqld]' y=1", "my.cnf:1 x=1 (an option before any group"],
    ["a group without its end", "file my.cnf '[mysqld' y=1", "my.cnf:1 [mysqld (a group without its ]"],
    [
      "a directive that names nothing",
      "file my.cnf '[mysqld]' '!includedir '",
      "my.cnf:2 !includedir (it names nothing",
    ],
  ])("what no server starts with is named: %s", async (_, commands, problem) => {
    const { host, directory } = await local(commands);
    const start = run(findTool("mariadbd"), [`--defaults-file=${directory}/my.cnf`, "--print-defaults"]);
    await expect(start).rejects.toThrow(/Fatal error in defaults handling/);
    expect((await readOptions(host)).problems.map(describeProblem)).toEqual([
      `${directory}/${problem}; no server starts with that)`,
    ]);
  });

  test("a server that would read for ever is not imitated: what it reads is named", async () => {
    const { host, directory } = await local(`
      for i in $(seq 20); do file d/$i.cnf '[mysqld]' x=$i "!includedir $PWD/d"; done; mkfifo e/fifo; truncate -s 2M e/long
      file d/0.cnf '[mysqld]' "!include $PWD/e/fifo" '!include /dev/zero' "!include $PWD/e/long" '!include ~/1.cnf'`);
    const start = run("timeout", [
      "2",
      findTool("mariadbd"),
      `--defaults-file=${directory}/my.cnf`,
      "--print-defaults",
    ]);
    await expect(start).rejects.toMatchObject({ code: 124 });
    expect((await readOptions(host)).problems.map(describeProblem)).toEqual([
      `${directory}/e/fifo: it is not a file but a fifo`,
      "/dev/zero: it is not a file but a device",
      `${directory}/e/long: it is longer than 1 MiB`,
      "~/1.cnf: which file that is depends on who starts the server; name its whole path",
      expect.stringMatching(
        /\/d\/1\.cnf:3 !includedir \S+ \(more than 1000000 lines, because files include each other/,
      ),
    ]);
  });
});
