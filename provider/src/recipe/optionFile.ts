import { settingOf } from "./settings";
import type { SettingValue } from "./settingValues";

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
  if (setting?.kind.is === "flag") return `${comment}${option}\n`;
  // Servers pass over an unknown option that begins so.
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

/** What one file says, in its order: options of the server, and the files it includes at that place. */
export type OptionFileItem = OptionLine | { readonly include: string } | { readonly includeFolder: string };

/** Groups that every version of the server reads. A group of one version, such as `[mariadb-10.11]`, is matched apart. */
const SERVER_GROUP = /^(mysqld|server|mariadb|mariadbd)(-\d+\.\d+)?$/;

/** Reads a file as the server does. */
export function parseOptionFile(file: string, text: string): OptionFileItem[] {
  const items: OptionFileItem[] = [];
  let group = "";
  for (const [index, raw] of text.split("\n").entries()) {
    const content = raw.trim();
    if (content === "" || content.startsWith("#") || content.startsWith(";")) continue;
    const include = /^!include(dir)?\s+(.+)$/.exec(content);
    if (include) {
      items.push(include[1] ? { includeFolder: String(include[2]) } : { include: String(include[2]) });
      continue;
    }
    const heading = /^\[([^\]]+)\]/.exec(content);
    if (heading) {
      group = String(heading[1]);
      continue;
    }
    if (!SERVER_GROUP.test(group)) continue;
    const assignment = /^([^=#]+?)\s*(?:=\s*(.*))?$/.exec(content);
    if (!assignment) continue;
    const option = String(assignment[1])
      .trim()
      .toLowerCase()
      .replaceAll("-", "_")
      .replace(/^loose_/, "");
    items.push({ file, line: index + 1, group, option, value: unquoted(assignment[2]) });
  }
  return items;
}

/** Lines that come after ours and say otherwise: what will run after the next restart is then not what we wrote. */
export function overridingLines(all: readonly OptionLine[], ourFile: string): OptionLine[] {
  const ours = all.filter((line) => line.file === ourFile);
  const lastOfOurs = all.findLastIndex((line) => line.file === ourFile);
  const ourOptions = new Set(ours.map((line) => line.option));
  // Further patterns would be added to ours, also from an earlier file.
  return all.filter(
    (line, index) =>
      line.file !== ourFile &&
      ourOptions.has(line.option) &&
      (index > lastOfOurs || settingOf(line.option)?.kind.is === "patterns") &&
      !ours.some((own) => own.option === line.option && own.value === line.value),
  );
}

/** How a preview shows an overriding line: where it stands and what it says. */
export const describeLine = ({ file, line, option, value }: OptionLine): string =>
  `${file}:${line} ${option}${value === undefined ? "" : `=${value}`}`;

function unquoted(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const quote = /^(["'])(.*)\1/.exec(text);
  if (quote) return String(quote[2]).replaceAll("\\\\", "\\").replaceAll(`\\${quote[1]}`, String(quote[1]));
  return text.replace(/\s+#.*$/, "").trim();
}
