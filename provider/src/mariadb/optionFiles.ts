import { posix as path } from "node:path";
import type { Host } from "../hosts/Host";
import { isReadBy, type OptionLine, overridingLines, parseOptionFile } from "../recipe/optionFile";

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

/** Comments out lines of other files, where all files of the server are ours to change. */
export async function disable(host: Host, lines: readonly OptionLine[]): Promise<void> {
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
    await host.writeFile(file, text, found.mode);
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
