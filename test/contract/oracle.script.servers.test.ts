import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { text as textFrom } from "node:stream/consumers";
import { promisify } from "node:util";
import { findTool, paths } from "../../provider/src/hosts/local/files";
import { RECIPE_DATABASE, RECIPE_PATTERNS, wildDoTables } from "../../provider/src/recipe/filters";
import { checkScript } from "../../provider/src/recipe/schema/script";
import { scriptSteps } from "../../provider/src/recipe/sql/splitScript";
import { type TestServer, testServer } from "../support/local/testServer";
import { oracleTest } from "../support/oracle";
import { script } from "../support/scripts";

/** The `mariadb` client is the judge of how a script is cut: what it sends, as the server's general log has it, is what we send. */

const run = promisify(execFile);
let folder: string;
let server: TestServer;
const log = () => path.join(folder, "general.log");

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-scripts-"));
  server = await testServer();
  await server.root.query("SET GLOBAL general_log_file = ?", [log()]);
  await server.root.query("SET GLOBAL general_log = ON");
  for (const name of ["one", "two"]) await server.root.query("CREATE DATABASE ??", [name]);
}, 60_000);

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  readonly sent: string[];
  /** What the client itself stops at, in its own words. */
  readonly refused: string[];
}

const MARK = "session_store_mark_";

/** One client after the other, each with as many of the scripts as it gets through. */
async function sentBy(scripts: readonly string[]): Promise<Answer[]> {
  await Promise.all(scripts.map((text, i) => writeFile(path.join(folder, `${i}.sql`), text)));
  const sent: Answer[] = [];
  while (sent.length < scripts.length) {
    sent.push(...(await throughOneClient(sent.length, scripts.length)));
    // A script that ends the client is asked about alone.
    if (sent.length < scripts.length) sent.push(await throughItsOwnClient(sent.length));
  }
  return sent;
}

/** The scripts of these numbers, each of which begins with the client's own delimiter and mode; up to one that ends the client. */
async function throughOneClient(from: number, to: number): Promise<Answer[]> {
  const start = (mark: string) => ["\\c", "DELIMITER ;", "SET SESSION sql_mode = DEFAULT;", `DO '${MARK}${mark}';`];
  const numbers = Array.from({ length: to - from }, (_, i) => from + i);
  const all = numbers.flatMap((number) => [...start("next"), `source ${folder}/${number}.sql`]);
  await writeFile(path.join(folder, "all.sql"), [...all, ...start("next"), ""].join("\n"));
  const { logged, errors } = await client("all.sql");
  const answers: Answer[] = [];
  for (const text of logged) {
    if (text === `DO '${MARK}next'`) answers.push({ sent: [], refused: [] });
    else if (text !== "SET SESSION sql_mode = DEFAULT") answers.at(-1)?.sent.push(text);
  }
  for (const [, number, says = ""] of errors.matchAll(ERROR)) answers[Number(number) - from]?.refused.push(says);
  return answers.slice(0, -1);
}

async function throughItsOwnClient(number: number): Promise<Answer> {
  const { logged, errors } = await client(`${number}.sql`);
  return { sent: logged, refused: [...errors.matchAll(ERROR)].map(([, , says = ""]) => says) };
}

/** What the server logs of a client that reads this file, and the client's own errors. */
async function client(file: string): Promise<{ logged: string[]; errors: string }> {
  const { size } = await stat(log());
  const { host } = server.connection;
  const socket = paths(host.kind === "local" ? host.directory : "").socket;
  const options = ["--no-defaults", `--socket=${socket}`, "--force", "--default-character-set=utf8mb4"];
  // `\e` would wait for an editor.
  const command = `export EDITOR=true VISUAL=true PAGER=cat; exec ${findTool("mariadb")} ${options.join(" ")} < ${file} > /dev/null 2> errors`;
  await run("sh", ["-c", command], { cwd: folder }).catch(() => undefined);
  const entries = (await textFrom(createReadStream(log(), { start: size }))).split(ENTRY).slice(1);
  const logged = entries.flatMap((kind, i) => {
    if (i % 2 === 1) return [];
    const text = entries[i + 1]?.replace(/\n$/, "") ?? "";
    if (kind === "Init DB") return [`USE ${text}`];
    return kind === "Query" && !OF_COMMANDS.test(text) ? [normal(text)] : [];
  });
  return { logged, errors: await readFile(path.join(folder, "errors"), "utf8") };
}

/** What the client says by itself; of a script that it reads by `source`, with its name. */
const ERROR =
  /^ERROR(?: at line \d+)?(?: in file: '[^']*\/(\d+)\.sql')?: (Unknown command|DELIMITER must|DELIMITER cannot|USE must|ASCII '\\0' appeared)/gm;

const ENTRY = /^(?:\d{6} [ \d]\d:\d\d:\d\d)?\t+ *\d+ (Query|Init DB|Quit|Connect|Ping|Statistics|Field List)\t?/m;
/** What the client asks by itself, for `use`, `status`, `help` and `warnings`, also where a script asks the same. */
const OF_COMMANDS =
  /^(?:SELECT DATABASE\(\)$|select @@version_comment limit 1$|select DATABASE\(\), USER\(\) limit 1$|select @@character_set_client, |help '|show warnings$)/;
/** The server cuts blanks and delimiters off before it logs the statement. */
const normal = (text: string): string => text.replace(/^[ \t\n\v\f\r]+|[; \t\n\v\f\r]+$/g, "");

test("a dump by this machine's mariadb-dump is taken once it is made as docs/scripts.md has it, and refused as it comes by default", async () => {
  await server.root.query("CREATE DATABASE replicated_session_store CHARACTER SET utf8mb4");
  await server.root.query("CREATE TABLE replicated_session_store.session (id INT PRIMARY KEY COMMENT ';\\'`', v BLOB)");
  await server.root.query("INSERT INTO replicated_session_store.session VALUES (1, X'27000AFF5C'), (2, 'é;\n--')");
  const { host } = server.connection;
  const socket = paths(host.kind === "local" ? host.directory : "").socket;
  const dump = `${findTool("mariadb-dump")} --no-defaults --socket=${socket}`;
  const [made = "", asItComes = ""] = await Promise.all(
    [
      `${dump} --skip-add-drop-table --skip-triggers --hex-blob replicated_session_store session | sed 's/^CREATE TABLE \`/CREATE TABLE IF NOT EXISTS \`/'`,
      `${dump} --hex-blob replicated_session_store`,
    ].map(async (command) => (await run("sh", ["-c", command])).stdout),
  );
  const filters = { database: RECIPE_DATABASE, patterns: wildDoTables([RECIPE_DATABASE], RECIPE_PATTERNS) };
  const { statements, findings } = checkScript(made, filters);
  expect(findings).toEqual([]);
  expect(statements.flatMap(({ kind, table }) => (kind === "session" ? [] : [`${kind} ${table}`]))).toEqual([
    "create session",
    "insert session",
  ]);
  expect(checkScript(asItComes, filters).findings.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/--skip-add-drop-table$/),
    expect.stringMatching(/sed -E/),
  ]);
});

const EXISTING = ["one", "two"];

oracleTest("a script is cut into what the client sends", {
  cases: script,
  oracle: sentBy,
  ours: (text) => {
    const pieces = [...scriptSteps(text)].map(({ piece }) => piece);
    return {
      sent: pieces.flatMap((piece) => {
        if (piece.kind === "problem") return [];
        if (piece.kind === "use") return EXISTING.includes(piece.database) ? [`USE ${piece.database}`] : [];
        return OF_COMMANDS.test(normal(piece.sent)) ? [] : [normal(piece.sent)];
      }),
      refused: pieces.flatMap((piece) => (piece.kind === "problem" && piece.says !== undefined ? [piece.says] : [])),
    };
  },
});
