import { posix as path } from "node:path";
import type { Host, HostFile } from "../hosts/Host";
import { isLasting, meaningOf, movedLogs, overridingLines, repeatingFiles } from "../recipe/settings/foreignLines";
import { describeProblem, type OptionProblem, type ReadOptions, readAsServer } from "../recipe/settings/includes";
import { describeLine, isReadBy, type OptionLine } from "../recipe/settings/optionFile";
import { LASTING } from "../recipe/settings/optionNames";
import { overrideRemedies } from "../recipe/settings/overrideRemedies";
import { toNumber } from "../recipe/settings/values";
import { progress } from "../run";
import { findIncluded } from "./includedFiles";
import type { Server } from "./server";

/** Our option file. */
export interface OurFile {
  readonly path: string;
  /** What it is about to hold. @default what it holds */
  readonly text?: string;
}

/** What other files say of our options. */
export interface ForeignLines {
  /** Lines that keep ours from being what the server runs with. */
  readonly overriding: readonly OptionLine[];
  /** Why the next start fails, or why nobody can tell what the server would run with. */
  readonly problems: readonly OptionProblem[];
  /** Files that say the same as ours, as somebody left them who set the pair up by hand. */
  readonly repeating: ReadonlyMap<string, readonly OptionLine[]>;
  /** Lines on log files that ours takes the word from. */
  readonly moved: readonly OptionLine[];
  /** The lines of others that say last what a server can't change and still be found, start, and look at passwords. */
  readonly lasting: readonly OptionLine[];
  /** All lines of others. */
  readonly others: readonly OptionLine[];
  /** Lines that say what is meant, of which the server that runs has read others. */
  readonly unread: readonly { readonly line: OptionLine; readonly running: string }[];
}

/** All that the server reads in its option files, as it reads it. What is wrong with ours itself is left out: it is written again. */
export async function readOptions(host: Host, ours?: OurFile): Promise<ReadOptions> {
  const first = await host.optionFiles();
  const { lines, problems } = readAsServer(first, await findIncluded(host, first, ours));
  return { lines, problems: problems.filter(({ file }) => file !== ours?.path) };
}

/** Our option file as it is, and what other files say of its options. */
export async function lookAtOptionFiles(host: Host, version: string | undefined) {
  const path = await host.settingsFile();
  const [file, foreign] = await Promise.all([host.readFile(path), foreignLines(host, { path }, version)]);
  return { path, file, foreign };
}

async function foreignLines(host: Host, ours: OurFile, version: string | undefined): Promise<ForeignLines> {
  const all = await readOptions(host, ours);
  // What counts of a line is the last time that it is read.
  const unique = [...new Set(all.lines.toReversed())].toReversed();
  const lines = version ? unique.filter((line) => isReadBy(line, version)) : unique;
  return {
    overriding: overridingLines(lines, ours.path),
    problems: all.problems,
    // Where all files are the library's, nobody set the pair up by hand.
    repeating: host.ownsOptionFile(ours.path) ? new Map() : repeatingFiles(lines, ours.path),
    moved: movedLogs(lines, ours.path),
    lasting: LASTING.flatMap((name) => lines.findLast((line) => meaningOf(line).option === name) ?? []).filter(
      ({ file }) => file !== ours.path,
    ),
    others: lines.filter(({ file }) => file !== ours.path),
    unread: [],
  };
}

const isSameNumber = (value: string, running: string): boolean => toNumber(value) === Number(running);
// One that is not absolute is below where the server runs.
const isSamePath = (value: string, running: string): boolean =>
  !value.startsWith("/") || path.resolve(value) === path.resolve(running);

/** When a line says the same as the running server. */
const SAYS_THE_SAME: Readonly<Record<(typeof LASTING)[number], (value: string, running: string) => boolean>> = {
  // Without a network it listens on none.
  port: (value, running) => running === "0" || isSameNumber(value, running),
  socket: isSamePath,
  datadir: isSamePath,
  innodb_page_size: isSameNumber,
  innodb_data_file_path: (value, running) => value === running,
  lower_case_table_names: isSameNumber,
  skip_grant_tables: (value) => /^(0|off|false)$/i.test(value),
};

/** What a server runs with, of what lasts. */
export type Lasting = Readonly<Record<string, string>>;

export async function runningLasting(server: Server): Promise<Lasting> {
  const names = LASTING.filter((name) => name !== "skip_grant_tables");
  const row = await server.row(`SELECT ${names.map((name) => `@@GLOBAL.${name} AS ${name}`).join(", ")}`);
  return Object.fromEntries(names.map((name) => [name, String(row?.[name])]));
}

/** The same, with the lines that would take the server elsewhere, or have it not start. */
export async function withOtherLasting(
  { host, port }: Meant,
  foreign: ForeignLines,
  running: Lasting,
): Promise<ForeignLines> {
  const others = foreign.lasting.filter((line) => {
    const { option, value } = meaningOf(line);
    return isLasting(option) && !SAYS_THE_SAME[option](value, running[option] ?? "");
  });
  if (others.length === 0) return foreign;
  const first = await host.optionFiles();
  // Where the program says, and what the library itself wrote to begin with, is right: it is the server that is elsewhere.
  const isMeant = (line: OptionLine) =>
    (host.ownsOptionFile(line.file) && first.includes(line.file)) ||
    (meaningOf(line).option === "port" && isSameNumber(meaningOf(line).value, String(port)));
  return {
    ...foreign,
    overriding: [...foreign.overriding, ...others.filter((line) => !isMeant(line))],
    unread: others.filter(isMeant).map((line) => {
      const { option } = meaningOf(line);
      return { line, running: `${option}=${running[option]}` };
    }),
  };
}

/** Where a server is meant to be. */
interface Meant {
  readonly host: Host;
  readonly port: number;
}

/** Lines that would win over ours after the next restart go where the files are ours; elsewhere they are the operator's to remove. */
export async function clearOverrides(server: Server, ours: OurFile): Promise<ForeignLines> {
  const { host, name, version } = server;
  const foreign = await withOtherLasting(
    { host, port: server.connection.port },
    await foreignLines(host, ours, version.number),
    await runningLasting(server),
  );
  refuseProblems(name, foreign.problems);
  refuseUnread(name, foreign);
  const overrides = foreign.overriding;
  if (overrides.length === 0) return foreign;
  const list = overrides.map(describeLine).join("; ");
  // Without its line, the server would take MariaDB's own port, for instance.
  if (
    !overrides.every(({ file }) => host.ownsOptionFile(file)) ||
    overrides.some((line) => isLasting(meaningOf(line).option))
  ) {
    throw new Error(
      `${name}: another option file says otherwise and would win after the next restart: ${list}. Nothing was changed. ` +
        `${overrideRemedies(overrides)} Then run \`pulumi up\`, which restarts ${name} where that is needed.`,
    );
  }
  progress(`${name}: disabling what overrides the settings of the pair: ${list}`);
  await disable(host, overrides);
  return foreign;
}

/** Refuses to change a server that its next start takes elsewhere, though that is where it should be. */
function refuseUnread(name: string, { unread }: ForeignLines): void {
  if (unread.length === 0) return;
  throw new Error(
    `${name} still runs with ${unread.map(({ running }) => running).join(", ")}, as an option file said when it was started. Its files are right now ` +
      `(${unread.map(({ line }) => describeLine(line)).join("; ")}), and nothing was changed. Stop this server by hand, then run \`pulumi up\`, which starts it with them.`,
  );
}

/** Refuses to change or start a server of which nobody can tell with what it would start. */
export function refuseProblems(name: string, problems: readonly OptionProblem[]): void {
  if (problems.length === 0) return;
  throw new Error(
    `${name}: its option files can't be read as its server would read them: ${problems.map(describeProblem).join("; ")}. Nothing was changed or started, ` +
      "because nobody can tell with what the next start would be. Correct these files, then run `pulumi up` again.",
  );
}

/** What keeps our settings from being what the server runs with after its next start, as previews show it. */
export const inTheWay = ({ overriding, problems, unread }: ForeignLines): string[] => [
  ...problems.map(describeProblem),
  ...overriding.map(describeLine),
  ...unread.map(({ line, running }) => `${describeLine(line)} (the server still runs with ${running})`),
];

/** Comments lines out. */
async function disable(host: Host, lines: readonly OptionLine[]): Promise<void> {
  for (const file of new Set(lines.map((line) => line.file))) {
    const found = await host.readFile(file);
    if (!found) continue;
    const numbers = new Set(lines.filter((line) => line.file === file).map((line) => line.line));
    const text = found.text
      .split("\n")
      .map((line, index) =>
        numbers.has(index + 1) ? `# disabled, the session store's settings say otherwise: ${line}` : line,
      )
      .join("\n");
    await host.writeFile(file, text, { mode: found.mode });
  }
}

/** Puts an option file back as it was. @param former undefined: there was none */
export async function putBack(
  { host }: Pick<Server, "host">,
  path: string,
  former: HostFile | undefined,
): Promise<void> {
  if (former) await host.writeFile(path, former.text, { mode: former.mode });
  else await host.removeFile(path);
}
