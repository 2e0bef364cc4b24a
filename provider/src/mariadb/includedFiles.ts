import { posix as path } from "node:path";
import { ENTER, keptFrom, READ } from "../hosts/access";
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
  /** Files that the server skips because it may not read them, and why. */
  const hidden = new Map<string, string>();

  const reader = host.optionReader();
  // Whoever needs it is told.
  reader.catch(() => undefined);
  const look = async (place: string) => {
    if (!found.has(place)) found.set(place, await host.readFile(place));
    return found.get(place);
  };
  const keptFromFile = async (file: string): Promise<string | undefined> => {
    const folder = path.dirname(file);
    const isLeftOut = !host.keepsFolders || PLACES_OF_ALL.includes(folder) || path.basename(file).startsWith(".");
    const [one, above] = await Promise.all([look(file), isLeftOut ? found.get(folder) : look(folder)]);
    const reason = one && above && (await keptFrom(await reader, host, folder, above, ENTER));
    if (reason) return `${folder}: ${reason}`;
    // Of ours, previews show the permissions, and `up` puts them right.
    return one && file !== ours?.path ? keptFrom(await reader, host, file, one, READ) : undefined;
  };
  const readFile = async (file: string): Promise<void> => {
    if (file.startsWith("~"))
      throw new Error("which file that is depends on who starts the server; name its whole path");
    const reason = await keptFromFile(file);
    if (reason) return void hidden.set(file, reason);
    const one = found.get(file);
    if (one?.unread) unread.set(file, one.unread);
    files.set(file, itemsOf(host, file, one, ours));
  };
  const readFolder = async (folder: string): Promise<void> => {
    const there = await host.readFolder(folder, /\.cnf$/);
    if (!there) return;
    const reason = await keptFrom(await reader, host, folder, there.itself, READ);
    if (reason) unread.set(folder, `${reason}; no server starts with that`);
    const names = new Set(there.files.keys());
    found.set(folder, there.itself);
    for (const [name, file] of there.files) found.set(path.join(folder, name), file);
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
    const fresh = unique(next).filter((file) => !files.has(file) && !unread.has(file) && !hidden.has(file));
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
  // The server makes nothing of any other that it may not read.
  if (ours && hidden.size > 0 && !files.has(ours.path) && (ours.text !== undefined || (await look(ours.path)))) {
    for (const [file, reason] of hidden) {
      unread.set(file, `${reason}, and the server would start without the settings of the pair`);
    }
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

/** Who can't enter these can do nothing at all. Files with a dot lie in a folder of the user's own. */
const PLACES_OF_ALL = ["/", "/etc"];

const unique = (paths: readonly string[]): string[] => [...new Set(paths)];
