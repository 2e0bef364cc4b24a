import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { findTool } from "../../provider/src/hosts/local/files";
import { localHost } from "../../provider/src/hosts/local/host";
import { readOptionLines } from "../../provider/src/mariadb/optionFiles";
import {
  isReadBy,
  type OptionLine,
  parseOptionFile,
  renderOptionFile,
} from "../../provider/src/recipe/settings/optionFile";
import { optionFile } from "../support/recipeText";

/** MariaDB's own reader of option files is the judge of ours: `mariadbd --print-defaults` says what a server would start with. */

const run = promisify(execFile);
let folder: string;
let version: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-options-"));
  const { stdout } = await run(findTool("mariadbd"), ["--no-defaults", "--version"]);
  version = /Ver (\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? "";
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The server's arguments from this text; one per line, since values may hold blanks. */
async function server(text: string): Promise<string[]> {
  const file = path.join(folder, "my.cnf");
  await writeFile(file, text);
  const { stdout } = await run("my_print_defaults", [
    `--defaults-file=${file}`,
    ...["mysqld", "server", "mariadb", "mariadbd", "galera"],
    ...["mysqld", "mariadb", "mariadbd"].map((group) => `${group}-${version.split(".").slice(0, 2).join(".")}`),
  ]);
  return stdout.split("\n").slice(0, -1).map(spelled);
}

const argument = ({ option, value }: OptionLine) => `--${option}${value === undefined ? "" : `=${value}`}`;
/** Names with underscores, as ours are. */
const spelled = (text: string) =>
  text.replace(/^--(loose[-_])?([^=]*)/, (_all, _loose, name: string) => `--${name.replaceAll("-", "_")}`);

const ours = (text: string): string[] =>
  parseOptionFile("my.cnf", text).flatMap((item) =>
    "option" in item && isReadBy(item, version) ? [argument(item)] : [],
  );

test("the groups that were asked for are those of the server itself", async () => {
  const text = [
    "mysqld",
    "server",
    "mariadb",
    "mariadbd",
    "galera",
    "mariadb-10.1",
    "client",
    `mariadbd-${version.split(".").slice(0, 2).join(".")}`,
  ]
    .map((group, i) => `[${group}]\nx${i}=${group}\n`)
    .join("");
  const file = path.join(folder, "groups.cnf");
  await writeFile(file, text);
  const { stdout } = await run(findTool("mariadbd"), [`--defaults-file=${file}`, "--print-defaults"]);
  const read = stdout.trim().split("\n").pop()?.trim().split(" ");
  expect(ours(text)).toEqual(read);
  expect(await server(text)).toEqual(read);
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

test("what others write is read as the server reads it", async () => {
  const name = fc.constantFrom("a", "max-connections", "loose-b", "c_d");
  const value = fc.oneof(fc.stringMatching(/^[ -~]{0,12}$/), fc.stringMatching(/^[\\"'# =;nst]{0,8}$/));
  const line = fc.oneof(
    fc.tuple(name, fc.constantFrom("=", " = ", "= "), value).map((parts) => parts.join("")),
    name,
    fc.constantFrom("# comment", "; comment", "", "[client]", "[mysqld]", "[mariadb-10.1]", "   "),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 40, maxLength: 40 }), async (lines) => {
      const text = `[mariadb]\n${lines.join("\n")}\n`;
      // An escaped line break is in a value; the server prints it as it is.
      expect(
        ours(text)
          .flatMap((one) => one.split("\n"))
          .map(spelled),
      ).toEqual(await server(text));
    }),
    { numRuns: 25 },
  );
});

test("files that are included stand where the server reads them, in its order", async () => {
  const directory = path.join(folder, "included");
  const host = localHost({ kind: "local", directory });
  await mkdir(path.join(directory, "conf.d"), { recursive: true });
  await host.writeFile(path.join(directory, "conf.d", "b.cnf"), "[mysqld]\nmax_connections=2\n", { mode: 0o600 });
  await host.writeFile(path.join(directory, "conf.d", "a.cnf"), "[mysqld]\nmax_connections=1\n", { mode: 0o600 });
  await host.writeFile(path.join(directory, "conf.d", "c.txt"), "[mysqld]\nmax_connections=3\n", { mode: 0o600 });
  await host.writeFile(path.join(directory, "conf.d", "d.cnf"), "[mysqld]\nmax_connections=4\n", { mode: 0o666 });
  await host.writeFile(path.join(directory, "one.cnf"), "[mysqld]\nmax_connections=5\n", { mode: 0o600 });
  const text = `[mariadb]\nport=1\n!includedir ${directory}/conf.d\n!include ${directory}/one.cnf\n[mariadb]\nport=2\n`;
  await host.writeFile(path.join(directory, "my.cnf"), text, { mode: 0o600 });
  const lines = await readOptionLines(host);
  expect(lines.map(argument)).toEqual(await server(text));
  expect(lines.map(({ value }) => value)).toEqual(["1", "1", "2", "5", "2"]);
});
