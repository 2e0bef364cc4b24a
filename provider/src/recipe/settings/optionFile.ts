import { settingOf } from "./table";
import { isLogPath, type SettingKind, type SettingValue, sameValue, toNumber, toValue } from "./values";

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
const SERVER_GROUP = /^(server|galera|(mysqld|mariadb|mariadbd)(-\d+\.\d+)?)$/i;
/** The server takes a line in pieces of this length, each for a line. */
const PIECE = /[^\n]{0,4093}\n|[^\n]{1,4094}/g;

/** Reads a file as the server does. */
export function parseOptionFile(file: string, text: string): OptionFileItem[] {
  const items: OptionFileItem[] = [];
  let group: string | undefined;
  let line = 1;
  for (const piece of text.match(PIECE) ?? []) {
    const content = trim(piece);
    const place = { file, line, text: content };
    if (piece.endsWith("\n")) line++;
    if (content === "" || content.startsWith(";") || content.startsWith("#")) continue;
    if (content.startsWith("!")) {
      // It takes the last character for the end of the line, also where the file ends without one.
      const [, folder, name] = /^[ \t\r\v\f]*![ \t\r\v\f]*include(dir)?[ \t\r\v\f\n](.*)$/s.exec(piece) ?? [];
      if (name === undefined) continue;
      const include = trim(name.slice(0, -1));
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
  const option = trim(name)
    .toLowerCase()
    .replaceAll("-", "_")
    .replace(/^loose_/, "");
  return { option, value: value === undefined ? undefined : unquoted(trim(value)) };
}

/** Only what the server takes for blanks. */
const trim = (text: string): string => text.replace(/^[ \t\r\n\v\f]+|[ \t\r\n\v\f]+$/g, "");

/** True when a server of this version, such as `10.11.19`, reads the group of the line. */
export const isReadBy = ({ group }: OptionLine, version: string): boolean =>
  !group.includes("-") || version.startsWith(`${group.split("-")[1]}.`);

/** Lines that come after ours and say otherwise: what will run after the next restart is then not what we wrote. */
export function overridingLines(all: readonly OptionLine[], ourFile: string): OptionLine[] {
  const ours = all.filter((line) => line.file === ourFile);
  const lastOfOurs = all.findLastIndex((line) => line.file === ourFile);
  const ourOptions = new Set(ours.map((line) => line.option));
  const agrees = (line: OptionLine) => ours.some((own) => sayTheSame(own, line, ourOptions));
  return all.filter((line, index) => {
    const { option, value } = meaning(line, ourOptions);
    if (line.file === ourFile) return false;
    if (isUnwanted(option, value)) return true;
    if (!(ourOptions.has(option) || placesLog({ option })) || agrees(line)) return false;
    // Further patterns would be added to ours, also from an earlier file. Of all other options the last line wins.
    if (settingOf(option)?.kind.is === "patterns") return true;
    const last = all.findLast((other) => meaning(other, ourOptions).option === option);
    return index > lastOfOurs && last !== undefined && !agrees(last);
  });
}

/** A pair runs without it, wherever it is said. */
export function isUnwanted(option: string, value = "ON"): boolean {
  const setting = settingOf(option);
  if (setting?.only === undefined) return false;
  return !sameValue(setting.kind, toValue(setting.kind, value), setting.only);
}

/** True of options that together say where the binary log is: one that ours leaves out changes what ours says. */
export const placesLog = ({ option }: Pick<OptionLine, "option">): boolean => settingOf(option)?.placesLog === true;

/** Options that name a file, and that a later `log_basename` takes the word from. The service itself says where its pid file is. */
const NAMED_BY_BASENAME = [
  "relay_log",
  "relay_log_index",
  "slow_query_log_file",
  "log_slow_query_file",
  "general_log_file",
  "log_error",
];

/** Lines of others whose log files lie elsewhere from the next start on, because our `log_basename` comes after them. */
export function movedLogs(all: readonly OptionLine[], ourFile: string): OptionLine[] {
  const basename = all.findLastIndex((line) => line.file === ourFile && line.option === "log_basename");
  return all.filter(
    ({ option, value, file }, index) =>
      index < basename &&
      file !== ourFile &&
      value !== undefined &&
      NAMED_BY_BASENAME.includes(option) &&
      all.findLastIndex((line) => line.option === option) === index,
  );
}

/** By file, what others say of our options, where they say the same as ours of any: two places then keep one setting. */
export function repeatingFiles(all: readonly OptionLine[], ourFile: string): Map<string, OptionLine[]> {
  const ours = all.filter((line) => line.file === ourFile);
  const ourOptions = new Set(ours.map((line) => line.option));
  const files = new Map<string, OptionLine[]>();
  for (const line of all) {
    if (line.file === ourFile || !ourOptions.has(meaning(line, ourOptions).option)) continue;
    files.set(line.file, [...(files.get(line.file) ?? []), line]);
  }
  const repeats = (line: OptionLine) => ours.some((own) => sayTheSame(own, line, ourOptions));
  return new Map([...files].filter(([, lines]) => lines.some(repeats)));
}

/** `skip-log-bin` and `disable-log-bin` are other words for `log-bin=OFF`, and `skip-log-bin=0` for ON, where there is no option of that very name. */
function meaning({ option, value }: OptionLine, known: ReadonlySet<string>): { option: string; value: string } {
  const [, prefix, base] = /^(skip|disable|enable)_(.+)$/.exec(option) ?? [];
  if (base && !known.has(option) && known.has(base)) {
    const isOn = (prefix === "enable") !== (value === "0");
    return { option: base, value: isOn ? "ON" : "OFF" };
  }
  // A file of that name in the data directory, even ON.
  if (settingOf(option)?.kind.is === "log" && value && !isLogPath(value)) return { option, value: `datadir/${value}` };
  return { option, value: value || "ON" };
}

function sayTheSame(one: OptionLine, other: OptionLine, known: ReadonlySet<string>): boolean {
  const [a, b] = [meaning(one, known), meaning(other, known)];
  const areNumbers = toNumber(a.value) !== undefined && toNumber(b.value) !== undefined;
  const kind: SettingKind = settingOf(a.option)?.kind ?? { is: areNumbers ? "number" : "text" };
  return a.option === b.option && sameValue(kind, toValue(kind, a.value), toValue(kind, b.value));
}

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

function unquoted(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const inside = /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text;
  // A backslash before any other character stands for itself.
  return inside.replace(/\\([ntrbs"'\\])/g, (_, character: string) => ESCAPES[character] ?? character);
}
