import { createReadStream } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { text as textFrom } from "node:stream/consumers";
import { scriptSteps } from "../../provider/src/recipe/sql/splitScript";
import type { Comparison } from "./oracle";
import { script } from "./scripts";

/** The `mariadb` client is the judge of how a script is cut: what it sends, as the server's general log has it, is what we send. */

export interface Asked {
  /** Seen under the same name from here and where the client and the server run. */
  readonly folder: string;
  /** The client, with how it logs in as root. */
  readonly client: string;
  /** Runs a line where the client is, in that folder. It may fail. */
  sh(line: string): Promise<unknown>;
}

export const generalLog = (folder: string): string => path.join(folder, "general.log");

/** What the server needs before it is asked. */
export const sceneFor = (folder: string): string[] => [
  `SET GLOBAL general_log_file = '${generalLog(folder)}'`,
  "SET GLOBAL general_log = ON",
  ...EXISTING.map((name) => `CREATE DATABASE ${name}`),
];

const EXISTING = ["one", "two"];

interface Answer {
  readonly sent: string[];
  /** What the client itself stops at, in its own words. */
  readonly refused: string[];
}

const MARK = "session_store_mark_";

/** One client after the other, each with as many of the scripts as it gets through. */
async function sentBy(asked: Asked, scripts: readonly string[]): Promise<Answer[]> {
  await Promise.all(scripts.map((text, i) => writeFile(path.join(asked.folder, `${i}.sql`), text)));
  const sent: Answer[] = [];
  while (sent.length < scripts.length) {
    sent.push(...(await throughOneClient(asked, sent.length, scripts.length)));
    // A script that ends the client is asked about alone.
    if (sent.length < scripts.length) sent.push(await throughItsOwnClient(asked, sent.length));
  }
  return sent;
}

/** The scripts of these numbers, each of which begins with the client's own delimiter and mode; up to one that ends the client. */
async function throughOneClient(asked: Asked, from: number, to: number): Promise<Answer[]> {
  const start = (mark: string) => ["\\c", "DELIMITER ;", "SET SESSION sql_mode = DEFAULT;", `DO '${MARK}${mark}';`];
  const numbers = Array.from({ length: to - from }, (_, i) => from + i);
  const all = numbers.flatMap((number) => [...start("next"), `source ${asked.folder}/${number}.sql`]);
  await writeFile(path.join(asked.folder, "all.sql"), [...all, ...start("next"), ""].join("\n"));
  const { logged, errors } = await client(asked, "all.sql");
  const answers: Answer[] = [];
  for (const text of logged) {
    if (text === `DO '${MARK}next'`) answers.push({ sent: [], refused: [] });
    else if (text !== "SET SESSION sql_mode = DEFAULT") answers.at(-1)?.sent.push(text);
  }
  for (const [, number, says = ""] of errors.matchAll(ERROR)) answers[Number(number) - from]?.refused.push(says);
  return answers.slice(0, -1);
}

async function throughItsOwnClient(asked: Asked, number: number): Promise<Answer> {
  const { logged, errors } = await client(asked, `${number}.sql`);
  return { sent: logged, refused: [...errors.matchAll(ERROR)].map(([, , says = ""]) => says) };
}

/** What the server logs of a client that reads this file, and the client's own errors. */
async function client(
  { folder, client: program, sh }: Asked,
  file: string,
): Promise<{ logged: string[]; errors: string }> {
  const log = generalLog(folder);
  const { size } = await stat(log);
  // `\\e` would wait for an editor.
  const command = `export EDITOR=true VISUAL=true PAGER=cat; exec ${program} --force --default-character-set=utf8mb4 < ${file} > /dev/null 2> errors`;
  await sh(command).catch(() => undefined);
  const entries = (await textFrom(createReadStream(log, { start: size }))).split(ENTRY).slice(1);
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

/** @param asked known when the first case is asked about */
export const scriptComparison = (asked: () => Asked): Comparison<string, Answer> => ({
  cases: script,
  oracle: (scripts) => sentBy(asked(), scripts),
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
