import { settingOf } from "./table";
import { isLogPath, type SettingValue } from "./values";

/** The text of option files: ours, written; all of them, read. */

const HEAD = `# Kept by pulumi-replicated-session-store. What is changed here by hand is shown by \`pulumi preview\`
# and put back by \`pulumi up\`; change "settings" in the program instead.
[mariadb]
`;

/** The text of our file. */
export function renderOptionFile(settings: Readonly<Record<string, SettingValue>>): string {
  return (
    HEAD +
    Object.entries(settings)
      .map(([option, value]) => lines(option, value))
      .join("")
  );
}

function lines(option: string, value: SettingValue): string {
  const setting = settingOf(option);
  const comment = setting ? `# ${setting.why}\n` : "";
  if (setting?.kind.is === "log" && !isLogPath(value)) return `${comment}${option}\n`;
  // Servers ignore an unknown option that begins so.
  const name = setting?.since ? `loose_${option}` : option;
  const values = typeof value === "string" ? [value] : value;
  return comment + values.map((one) => `${name}=${quoted(one)}\n`).join("");
}

/** Servers cut a longer line, and take its rest for another. */
const LONGEST = 4093;

/** Why a value can't be written to an option file. Undefined: it can. */
export function unwritable(option: string, value: SettingValue): string | undefined {
  const longest = Math.max(
    ...lines(option, value)
      .split("\n")
      .map((line) => Buffer.byteLength(line)),
  );
  return longest > LONGEST
    ? `makes a line of ${longest} bytes, of which servers read no more than ${LONGEST} in an option file`
    : undefined;
}

function quoted(value: string): string {
  if (/^[\w.,:/-]*$/.test(value)) return value;
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** One option as it stands in a file. */
export interface OptionLine {
  readonly file: string;
  readonly line: number;
  readonly group: string;
  readonly option: string;
  readonly value: string | undefined;
}

/** What one file says, in its order. */
export type OptionFileItem = OptionLine | IncludeLine | BadLine;

/** Another file, or all of a folder, that the server reads at this place. */
export interface IncludeLine extends Place {
  readonly include: string;
  readonly isFolder: boolean;
}

/** Where the server gives a file up: it reads no further, and does not start with one that nobody includes. */
export interface BadLine extends Place {
  readonly problem: string;
}

interface Place {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** Groups that the server reads. One of a certain version, such as `[mariadb-10.11]`, is read by that version only. */
const SERVER_GROUP = /^(server|client-server|galera|(mysqld|mariadb|mariadbd)(-\d+\.\d+)?)$/i;
/** The server takes a line in pieces of this length, each for a line. */
const PIECE = /[^\n]{0,4093}\n|[^\n]{1,4094}/g;

/** Reads a file as the server does, byte by byte. */
export function parseOptionFile(file: string, text: string): OptionFileItem[] {
  const items: OptionFileItem[] = [];
  let group: string | undefined;
  let line = 1;
  for (const piece of toBytes(text).match(PIECE) ?? []) {
    const content = trim(piece);
    const place = { file, line, text: toText(content) };
    if (piece.endsWith("\n")) line++;
    if (content === "" || content.startsWith(";") || content.startsWith("#")) continue;
    if (content.startsWith("!")) {
      // It takes the last character for the end of the line, also where the file ends without one.
      const [, folder, name] = /^[ \t\r\v\f]*![ \t\r\v\f]*include(dir)?[ \t\r\v\f\n](.*)$/s.exec(piece) ?? [];
      if (name === undefined) continue;
      const include = toText(trim(name.slice(0, -1)));
      if (include === "") return [...items, { ...place, problem: "it names nothing" }];
      items.push({ ...place, include, isFolder: folder !== undefined });
    } else if (content.startsWith("[")) {
      const end = content.indexOf("]");
      if (end < 0) return [...items, { ...place, problem: "a group without its ]" }];
      group = content.slice(1, end).trimEnd();
    } else if (group === undefined) return [...items, { ...place, problem: "an option before any group" }];
    else if (SERVER_GROUP.test(group)) items.push({ file, line: place.line, group, ...optionIn(content) });
  }
  return items;
}

function optionIn(content: string): { option: string; value: string | undefined } {
  const [, name = "", value] = /^([^=]*)(?:=(.*))?$/s.exec(withoutComment(content)) ?? [];
  const option = toText(trim(name)).toLowerCase().replaceAll("-", "_");
  return { option, value: value === undefined ? undefined : toText(unquoted(trim(value))) };
}

/** A character for each byte. */
const toBytes = (text: string): string => Buffer.from(text).toString("latin1");
const toText = (bytes: string): string => Buffer.from(bytes, "latin1").toString();

/** Only what the server takes for blanks: the last byte of a letter such as \u00e0 is one. */
const trim = (bytes: string): string => bytes.replace(/^[ \t\r\n\v\f\xa0]+|[ \t\r\n\v\f\xa0]+$/g, "");

/** True when a server of this version, such as `10.11.19`, reads the group of the line. */
export const isReadBy = ({ group }: OptionLine, version: string): boolean =>
  !/\d/.test(group) || version.startsWith(`${group.split("-")[1]}.`);

/** How a preview shows an overriding line: where it stands and what it says. */
export const describeLine = (line: OptionLine): string => `${line.file}:${line.line} ${saying(line)}`;

/** What a line says. */
export const saying = ({ option, value }: OptionLine): string => `${option}${value === undefined ? "" : `=${value}`}`;

/** A # ends the line, except in quotes; there a backslash keeps a quote from ending them. */
function withoutComment(content: string): string {
  let quote = "";
  let escaped = false;
  for (const [index, character] of content.split("").entries()) {
    if (!escaped && (character === '"' || character === "'")) {
      if (quote === "") quote = character;
      else if (quote === character) quote = "";
    }
    if (quote === "" && character === "#") return content.slice(0, index);
    escaped = quote !== "" && character === "\\" && !escaped;
  }
  return content;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", s: " " };

function unquoted(text: string): string {
  const inside = /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text;
  // A backslash before any other character stands for itself.
  return inside.replace(/\\([ntrbs"'\\])/g, (_, character: string) => ESCAPES[character] ?? character);
}
