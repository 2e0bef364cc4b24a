import { posix as path } from "node:path";
import type { Host, HostFile } from "../hosts/Host";
import {
  describeLine,
  isReadBy,
  isUnwanted,
  movedLogs,
  type OptionLine,
  overridingLines,
  parseOptionFile,
  repeatingFiles,
} from "../recipe/settings/optionFile";
import { progress } from "../run";
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
  /** Files that say the same as ours, as somebody left them who set the pair up by hand. */
  readonly repeating: ReadonlyMap<string, readonly OptionLine[]>;
  /** Lines on log files that ours takes the word from. */
  readonly moved: readonly OptionLine[];
}

/** All options of the server, in the order in which it reads them. */
export async function readOptionLines(host: Host, ours?: OurFile): Promise<OptionLine[]> {
  const files = await host.optionFiles();
  return (await Promise.all(files.map((file) => linesOf(host, file, ours)))).flat();
}

/** Our option file as it is, and what other files say of its options. */
export async function lookAtOptionFiles(host: Host, version: string | undefined) {
  const path = await host.settingsFile();
  const [file, foreign] = await Promise.all([host.readFile(path), foreignLines(host, { path }, version)]);
  return { path, file, foreign };
}

async function foreignLines(host: Host, ours: OurFile, version: string | undefined): Promise<ForeignLines> {
  const all = await readOptionLines(host, ours);
  const lines = version ? all.filter((line) => isReadBy(line, version)) : all;
  return {
    overriding: overridingLines(lines, ours.path),
    repeating: repeatingFiles(lines, ours.path),
    moved: movedLogs(lines, ours.path),
  };
}

/** Lines that would win over ours after the next restart go where the files are ours; elsewhere they are the operator's to remove. */
export async function clearOverrides({ host, name, version }: Server, ours: OurFile): Promise<ForeignLines> {
  const foreign = await foreignLines(host, ours, version.number);
  const overrides = foreign.overriding;
  if (overrides.length === 0) return foreign;
  const list = overrides.map(describeLine).join("; ");
  if (!host.ownsOptionFiles) {
    const keepsBack = overrides.some(({ option, value }) => isUnwanted(option, value));
    throw new Error(
      `${name}: another option file says otherwise and would win after the next restart: ${list}. Nothing was changed. ` +
        (keepsBack
          ? `Remove these lines: rows that they keep back never reach the other node. Then run \`pulumi up\`, which restarts ${name} where that is needed.`
          : 'Remove these lines, or say the same in "settings".'),
    );
  }
  progress(`${name}: disabling what overrides the settings of the pair: ${list}`);
  await disable(host, overrides);
  return foreign;
}

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

/** @param known the file, where it was read already */
async function linesOf(host: Host, file: string, ours?: OurFile, known?: HostFile): Promise<OptionLine[]> {
  const text = file === ours?.path ? ours.text : undefined;
  const found = text === undefined ? (known ?? (await host.readFile(file))) : { text, mode: 0 };
  // The server passes over a file that everybody may write.
  if (!found || (found.mode & 0o002) !== 0) return [];
  const read = parseOptionFile(file, found.text).map((item) => {
    if ("option" in item) return [item];
    return "include" in item ? linesOf(host, item.include, ours) : linesOfFolder(host, item.includeFolder, ours);
  });
  return (await Promise.all(read)).flat();
}

/** Of the option files in a folder, ours among them also when it is not there yet. */
async function linesOfFolder(host: Host, folder: string, ours?: OurFile): Promise<OptionLine[]> {
  const inFolder = await host.readFolder(folder, /\.(cnf|ini)$/);
  const known = new Map([...inFolder].map(([name, file]) => [path.join(folder, name), file]));
  const isIn = ours && path.join(folder, path.basename(ours.path)) === ours.path;
  const files = new Set([...known.keys(), ...(isIn ? [ours.path] : [])]);
  return (await Promise.all([...files].sort().map((file) => linesOf(host, file, ours, known.get(file))))).flat();
}
