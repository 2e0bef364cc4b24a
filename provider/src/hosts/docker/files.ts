import { posix as path } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { isDeepStrictEqual } from "node:util";
import { extract, type Header, pack } from "tar-stream";
import type { FileAccess, HostFile, HostFolder, Owner, User } from "../Host";
import { readEach } from "../readEach";
import { LONGEST_FILE, whyUnread } from "../unread";
import { run } from "./commands";
import type { DockerContainer } from "./container";
import { layoutOf } from "./layout";

/** The files of a container, which the engine hands out and takes as archives, whether the container runs or not. */

const LINKS = 10;
/** Most that is taken in of one archive, in bytes: the engine sends a folder with all that is below it. */
const MOST = 16 << 20;
const NULL_DEVICE = [1, 3];

interface Entry {
  readonly header: Header;
  /** Of a file that is read as a whole. */
  readonly content: Buffer | undefined;
  readonly isLink: boolean;
}

export async function readFile(container: DockerContainer, file: string): Promise<HostFile | undefined> {
  const [found] = (await entriesAt(container, file)) ?? [];
  return found && fileOf(found);
}

/** All in one archive: for each, the engine starts a process. */
export async function readFolder(
  container: DockerContainer,
  folder: string,
  names: RegExp,
): Promise<HostFolder | undefined> {
  const nameOf = ({ name }: Header) => /^[^/]*\/([^/]+)\/?$/.exec(name)?.[1] ?? "";
  const found = await entriesAt(container, folder, (header) => names.test(nameOf(header)));
  const one = (name: string) => readFile(container, path.join(folder, name));
  if (!found) {
    const [itself, all] = await Promise.all([readFile(container, folder), run(container, ["ls", "-A", "--", folder])]);
    const wanted = all.split("\n").filter((name) => names.test(name));
    return itself && { itself, files: await readEach(wanted, one) };
  }
  const [there, ...below] = found;
  const itself = there && fileOf(there);
  if (!itself?.isFolder) return undefined;
  const entries = new Map(below.map((entry) => [nameOf(entry.header), entry]));
  const files = await readEach([...entries.keys()], async (name) => {
    const entry = entries.get(name);
    return entry?.header.type === "symlink" ? one(name) : entry && fileOf(entry);
  });
  return { itself, files };
}

function fileOf({ header, content, isLink }: Entry): HostFile | undefined {
  const { type, size = 0, mode = 0, uid = 0, gid = 0 } = header;
  // It leads nowhere, or in a circle.
  if (type === "symlink") return undefined;
  const isFolder = type === "directory";
  const isNothing =
    isFolder || (type === "character-device" && isDeepStrictEqual([header.devmajor, header.devminor], NULL_DEVICE));
  const unread = isNothing ? undefined : whyUnread(type ?? "file", size);
  const owner = [uid, gid].map((number) => (number === 0 ? "root" : number)).join(":");
  return {
    text: content?.toString("utf8") ?? "",
    mode: mode & 0o777,
    uid,
    gid,
    owner,
    isFolder,
    isLink,
    ...(unread && { unread }),
  };
}

export const ownerOf = async (container: DockerContainer, { ofServer = false }: FileAccess): Promise<Owner> =>
  ofServer ? ownerInArchive(container) : { uid: 0, gid: 0 };

export async function exists(container: DockerContainer, file: string): Promise<boolean> {
  const answer = await container.askForMaybe((asked) => asked.infoArchive({ path: file }));
  // Nothing follows the answer, but its connection is free again only when that was read.
  (answer as NodeJS.ReadableStream | undefined)?.resume();
  return answer !== undefined;
}

/** Writes a file whole or not at all. Makes the directories above it. */
export async function writeFile(
  container: DockerContainer,
  file: string,
  text: string,
  access: FileAccess,
): Promise<void> {
  // In a container that does not run, nobody reads it meanwhile.
  if (!(await container.state()).isRunning) return putFile(container, file, text, access);
  const unfinished = `${file}.unfinished`;
  await putFile(container, unfinished, text, access);
  await run(container, ["mv", "-fT", unfinished, file]);
}

/** Fails where it could not be written. In a container that does not run, nobody can tell. */
export async function tryToWrite(
  container: DockerContainer,
  file: string,
  text: string,
  access: FileAccess,
): Promise<void> {
  if (!(await container.state()).isRunning) return;
  if ((await readFile(container, file))?.isFolder) throw new Error(`a folder is in the place of ${file}`);
  const unfinished = `${file}.unfinished`;
  await putFile(container, unfinished, text, access);
  await run(container, ["rm", "-f", unfinished]);
}

export async function openFolder(container: DockerContainer, folder: string): Promise<void> {
  if ((await container.state()).isRunning) {
    return void (await run(container, ["install", "-d", "-m", "755", "-o", "root", "-g", "root", "--", folder]));
  }
  const archive = pack();
  archive.entry({ name: path.basename(folder), type: "directory", mode: 0o755 });
  archive.finalize();
  const sent = await buffer(archive);
  await container.ask((asked) => asked.putArchive(sent, { path: path.dirname(folder) }));
}

/** Gone already is fine. */
export async function removeFile(container: DockerContainer, file: string): Promise<void> {
  if ((await container.state()).isRunning) return void (await run(container, ["rm", "-f", file]));
  // The engine takes no file out of a container. To the server, an empty one is none.
  const found = await readFile(container, file);
  if (found) await putFile(container, file, "", found);
}

/** Whoever reads it meanwhile may see half of it. */
async function putFile(
  container: DockerContainer,
  file: string,
  text: string,
  { mode, ofServer = false }: FileAccess,
): Promise<void> {
  const owner = await ownerOf(container, { mode, ofServer });
  const archive = pack();
  let folder = path.dirname(file);
  const missing: string[] = [];
  while (folder !== "/" && !(await exists(container, folder))) {
    missing.unshift(folder);
    folder = path.dirname(folder);
  }
  for (const made of missing) archive.entry({ name: path.relative(folder, made), type: "directory", mode: 0o755 });
  archive.entry({ name: path.relative(folder, file), mode, mtime: new Date(), ...owner }, text);
  archive.finalize();
  const sent = await buffer(archive);
  await container.ask((asked) => asked.putArchive(sent, { path: folder }));
}

/** The user as whom the server starts and runs, by his numbers in that container. One that does not run is asked by its files. */
export const serverUser = async (container: DockerContainer): Promise<User> =>
  (await layoutOf(container)).server ?? readUser(container);

async function readUser(container: DockerContainer): Promise<User> {
  const [accounts, groups] = await Promise.all(
    ["/etc/passwd", "/etc/group"].map(async (file) => (await readFile(container, file))?.text ?? ""),
  );
  const [, uid, gid] = /^mysql:[^:]*:(\d+):(\d+):/m.exec(accounts ?? "") ?? [];
  if (uid === undefined)
    throw new Error(`the container "${container.name}" has no user "mysql", as whom its server could run`);
  const further = [...(groups ?? "").matchAll(/^[^:]*:[^:]*:(\d+):(?:.*,)?mysql(?:,.*)?$/gm)].map(([, id]) =>
    Number(id),
  );
  return { name: "mysql", uid: Number(uid), gids: [Number(gid), ...further] };
}

/** His numbers, as a file in an archive carries them. */
async function ownerInArchive(container: DockerContainer): Promise<Owner> {
  const { uid, gids } = await serverUser(container);
  return { uid, gid: gids[0] ?? 0 };
}

/**
 * What lies at a path, links followed: a file or a directory, and of all below that what is meant. Undefined: more lies there than is taken in.
 * @param isMeant undefined: nothing of what is below
 */
async function entriesAt(
  container: DockerContainer,
  place: string,
  isMeant?: (header: Header) => boolean,
  links = LINKS,
): Promise<Entry[] | undefined> {
  const archive = await container.askForMaybe((asked) => asked.getArchive({ path: place }));
  if (!archive) return [];
  const entries: Entry[] = [];
  const source = Readable.from(archive);
  let taken = 0;
  try {
    for await (const entry of source.pipe(extract())) {
      const { header } = entry;
      const { size = 0 } = header;
      taken += size;
      if (isMeant && taken > MOST) return undefined;
      const isRead = size <= LONGEST_FILE && (entries.length === 0 || isMeant?.(header) === true);
      if (entries.length === 0 || isMeant?.(header))
        entries.push({ header, content: isRead ? await buffer(entry) : undefined, isLink: links < LINKS });
      if (!isRead) entry.resume();
      if (!isMeant) break;
    }
  } finally {
    source.destroy();
  }
  const [first] = entries;
  if (first?.header.type !== "symlink" || links === 0) return entries;
  return entriesAt(container, path.resolve(path.dirname(place), first.header.linkname ?? ""), isMeant, links - 1);
}
