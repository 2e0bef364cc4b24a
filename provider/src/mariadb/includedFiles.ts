import { posix as path } from "node:path";
import { type Host, type HostFile, HostUnreachable } from "../hosts/Host";
import { DEEPEST, type FoundFiles } from "../recipe/settings/includes";
import { type IncludeLine, type OptionFileItem, parseOptionFile } from "../recipe/settings/optionFile";

/** The option files on a machine, found from those that its server reads first. */

/** @param ours our option file, with the text that it is about to hold */
type Ours = { readonly path: string; readonly text?: string } | undefined;

/** What these files lead to, as deep as a server goes. Each file and folder is looked at once, however often it is included. */
export async function findIncluded(host: Host, first: readonly string[], ours: Ours): Promise<FoundFiles> {
  const found = new Map<string, HostFile | undefined>();
  const files = new Map<string, readonly OptionFileItem[]>();
  const folders = new Map<string, readonly string[]>();
  const unread = new Map<string, string>();

  const readFile = async (file: string): Promise<void> => {
    if (file.startsWith("~"))
      throw new Error("which file that is depends on who starts the server; name its whole path");
    if (!found.has(file)) found.set(file, await host.readFile(file));
    const reason = found.get(file)?.unread;
    if (reason) unread.set(file, reason);
    files.set(file, itemsOf(host, file, found.get(file), ours));
  };
  const readFolder = async (folder: string): Promise<void> => {
    const inFolder = await host.readFolder(folder, /\.cnf$/);
    if (!inFolder) return;
    const names = new Set(inFolder.keys());
    for (const [name, file] of inFolder) found.set(path.join(folder, name), file);
    // Ours also when it is not there yet.
    if (ours?.text !== undefined && path.join(folder, path.basename(ours.path)) === ours.path)
      names.add(path.basename(ours.path));
    folders.set(
      folder,
      [...names].sort().map((name) => path.join(folder, name)),
    );
  };
  const orSayWhyNot = (read: (place: string) => Promise<void>) => (place: string) =>
    read(place).catch((error: Error) => {
      if (error instanceof HostUnreachable) throw error;
      unread.set(place, error.message);
    });

  let next: readonly string[] = first;
  for (let level = 0; next.length > 0; level++) {
    const fresh = unique(next).filter((file) => !files.has(file) && !unread.has(file));
    await Promise.all(fresh.map(level === 0 ? readFile : orSayWhyNot(readFile)));
    if (level === DEEPEST) break;
    const includes = fresh
      .flatMap((file) => files.get(file) ?? [])
      .filter((item): item is IncludeLine => "include" in item);
    const names = includes.filter(({ isFolder }) => isFolder).map(({ include }) => include);
    await Promise.all(
      unique(names)
        .filter((folder) => !folders.has(folder) && !unread.has(folder))
        .map(orSayWhyNot(readFolder)),
    );
    next = includes.flatMap(({ include, isFolder }) => (isFolder ? (folders.get(include) ?? []) : [include]));
  }
  // Ours by another path, as a linked folder has it, changes with ours.
  const own = ours && found.get(ours.path);
  for (const [file, one] of found) {
    if (own && path.basename(file) === path.basename(ours.path) && one?.text === own.text)
      files.set(file, files.get(ours.path) ?? []);
  }
  return { files, folders, unread };
}

function itemsOf(host: Host, file: string, found: HostFile | undefined, ours: Ours): readonly OptionFileItem[] {
  const own = file === ours?.path ? ours.text : undefined;
  // The server ignores a file that everybody may write.
  const text = own ?? (found && (found.mode & 0o002) === 0 ? found.text : "");
  return parseOptionFile(file, text).map((item) =>
    "include" in item ? { ...item, include: wholePath(host, item) } : item,
  );
}

/** A path as the server takes it, which does not know ~ for folders. */
function wholePath({ startsIn }: Host, { include, isFolder }: IncludeLine): string {
  if (include.startsWith("/") || (include.startsWith("~/") && !isFolder)) return include;
  return `${startsIn}/${include}`;
}

const unique = (paths: readonly string[]): string[] => [...new Set(paths)];
