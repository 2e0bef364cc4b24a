import { posix as path } from "node:path";
import type { Host } from "../hosts/Host";
import { describeLine, isReadBy, type OptionLine, overridingLines, parseOptionFile } from "../recipe/optionFile";
import { progress } from "../waiting";
import type { Server } from "./server";

/** All options of the server, in the order in which it reads them. */
export async function readOptionLines(host: Host): Promise<OptionLine[]> {
  const lines: OptionLine[] = [];
  for (const file of await host.optionFiles()) lines.push(...(await linesOf(host, file)));
  return lines;
}

/** Lines of other files that keep ours from being what the server runs with. */
export async function findOverrides(host: Host, ourFile: string, version: string | undefined): Promise<OptionLine[]> {
  const lines = await readOptionLines(host);
  return overridingLines(version ? lines.filter((line) => isReadBy(line, version)) : lines, ourFile);
}

/** Lines that would win over ours after the next restart go where the files are ours; elsewhere they are the operator's to remove. */
export async function clearOverrides({ host, name, version }: Server, ourFile: string): Promise<void> {
  const overrides = await findOverrides(host, ourFile, version.number);
  if (overrides.length === 0) return;
  const list = overrides.map(describeLine).join("; ");
  if (!host.ownsOptionFiles) {
    throw new Error(
      `${name}: another option file says otherwise and would win after the next restart: ${list}. Nothing was changed. ` +
        'Remove these lines, or say the same in "settings".',
    );
  }
  progress(`${name}: disabling what overrides the settings of the pair: ${list}`);
  await disable(host, overrides);
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

async function linesOf(host: Host, file: string): Promise<OptionLine[]> {
  const found = await host.readFile(file);
  // The server passes over a file that everybody may write.
  if (!found || (found.mode & 0o002) !== 0) return [];
  const lines: OptionLine[] = [];
  for (const item of parseOptionFile(file, found.text)) {
    if ("option" in item) lines.push(item);
    else if ("include" in item) lines.push(...(await linesOf(host, item.include)));
    else {
      for (const name of await host.listFiles(item.includeFolder)) {
        if (/\.(cnf|ini)$/.test(name)) lines.push(...(await linesOf(host, path.join(item.includeFolder, name))));
      }
    }
  }
  return lines;
}
