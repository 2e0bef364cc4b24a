import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { findTool, paths } from "../../provider/src/hosts/local/files";
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

/** All scripts in one client, which starts each with its own delimiter, database and mode. One that ends the client is followed by another client. */
async function sentBy(scripts: readonly string[]): Promise<Answer[]> {
  await Promise.all(scripts.map((text, i) => writeFile(path.join(folder, `${i}.sql`), text)));
  const sent: Answer[] = [];
  while (sent.length < scripts.length) {
    const { size } = await stat(log());
    const lines = scripts.slice(sent.length).flatMap((_, i) => {
      const number = sent.length + i;
      return [
        "\\c",
        "DELIMITER ;",
        "SET SESSION sql_mode = DEFAULT;",
        `DO '${MARK}${number}';`,
        `source ${folder}/${number}.sql`,
      ];
    });
    await writeFile(path.join(folder, "all.sql"), [...lines, "\\c", "DELIMITER ;", `DO '${MARK}end';`, ""].join("\n"));
    const { socket } = paths(server.connection.host.kind === "local" ? server.connection.host.directory : "");
    const client = [
      findTool("mariadb"),
      "--no-defaults",
      `--socket=${socket}`,
      "--force",
      "--default-character-set=utf8mb4",
    ];
    await run("sh", ["-c", `exec ${client.join(" ")} < ${folder}/all.sql > /dev/null 2> ${folder}/errors`]).catch(
      () => undefined,
    );
    const entries = (await readFile(log())).subarray(size).toString("utf8").split(ENTRY).slice(1);
    let done = sent.length;
    for (let i = 0; i + 1 < entries.length; i += 2) {
      const [kind = "", text = ""] = [entries[i], entries[i + 1]?.replace(/\n$/, "")];
      const mark = /^DO 'session_store_mark_(\w+)'$/.exec(text)?.[1];
      if (mark !== undefined) {
        if (mark !== "end") done = sent.push({ sent: [], refused: [] }) - 1;
      } else if (kind === "Query" && !OF_COMMANDS.test(text)) sent[done]?.sent.push(normal(text));
      else if (kind === "Init DB") sent[done]?.sent.push(`USE ${text}`);
    }
    for (const [, number, says = ""] of (await readFile(path.join(folder, "errors"), "utf8")).matchAll(ERROR)) {
      sent[Number(number)]?.refused.push(says);
    }
  }
  return sent;
}

const ERROR =
  /^ERROR at line \d+ in file: '[^']*\/(\d+)\.sql': (Unknown command|DELIMITER must|DELIMITER cannot|USE must|ASCII '\\0' appeared)/gm;

const ENTRY = /^(?:\d{6} [ \d]\d:\d\d:\d\d)?\t+ *\d+ (Query|Init DB|Quit|Connect|Ping|Statistics|Field List)\t?/m;
/** What the client asks for itself: for `use`, `status` and `help`. */
const OF_COMMANDS =
  /^(?:SET SESSION sql_mode = DEFAULT$|SELECT DATABASE\(\)$|select @@version_comment limit 1$|select DATABASE\(\), USER\(\) limit 1$|select @@character_set_client, |help '|show warnings$)/;
/** The server cuts blanks and delimiters off before it logs the statement. */
const normal = (text: string): string => text.replace(/^[ \t\n\v\f\r]+|[; \t\n\v\f\r]+$/g, "");

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
        return [normal(piece.sent)];
      }),
      refused: pieces.flatMap((piece) => (piece.kind === "problem" && piece.says !== undefined ? [piece.says] : [])),
    };
  },
});
