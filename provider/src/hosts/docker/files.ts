import { posix as path } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract, type Header, pack } from "tar-stream";
import type { FileAccess, HostFile } from "../Host";
import { readEach } from "../readEach";
import { run } from "./commands";
import type { DockerContainer } from "./container";

/** The files of a container, which the engine hands out and takes as archives, whether the container runs or not. */

const LINKS = 10;

interface Entry {
  readonly header: Header;
  readonly content: Buffer;
}

export async function readFile(container: DockerContainer, file: string): Promise<HostFile | undefined> {
  const [found] = await entriesAt(container, file);
  return found && fileOf(found);
}

/** All in one archive: for each, the engine starts a process. */
export async function readFolder(
  container: DockerContainer,
  folder: string,
  names: RegExp,
): Promise<ReadonlyMap<string, HostFile>> {
  const entries = new Map(
    (await entriesAt(container, folder)).flatMap((entry) => {
      const [, name = "", ...deeper] = entry.header.name.split("/");
      return deeper.length === 0 && names.test(name) ? [[name, entry]] : [];
    }),
  );
  return readEach([...entries.keys()], async (name) => {
    const entry = entries.get(name);
    return entry?.header.type === "symlink" ? readFile(container, path.join(folder, name)) : entry && fileOf(entry);
  });
}

function fileOf({ header, content }: Entry): HostFile | undefined {
  return header.type === "file" ? { text: content.toString("utf8"), mode: (header.mode ?? 0) & 0o777 } : undefined;
}

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
  const owner = ofServer ? await serverUser(container) : { uid: 0, gid: 0 };
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

/** The user as whom the server runs, by his numbers in that container. */
async function serverUser(container: DockerContainer): Promise<{ uid: number; gid: number }> {
  const users = (await readFile(container, "/etc/passwd"))?.text ?? "";
  const [, uid, gid] = /^mysql:[^:]*:(\d+):(\d+):/m.exec(users) ?? [];
  if (uid === undefined)
    throw new Error(`the container "${container.name}" has no user "mysql", as whom its server could run`);
  return { uid: Number(uid), gid: Number(gid) };
}

/** What lies at a path, links followed: one file, or a directory and all below it. */
async function entriesAt(container: DockerContainer, place: string, links = LINKS): Promise<Entry[]> {
  const archive = await container.askForMaybe((asked) => asked.getArchive({ path: place }));
  if (!archive) return [];
  const entries: Entry[] = [];
  const reader = Readable.from(archive).pipe(extract());
  for await (const entry of reader) entries.push({ header: entry.header, content: await buffer(entry) });
  const [first] = entries;
  if (first?.header.type !== "symlink" || links === 0) return entries;
  return entriesAt(container, path.resolve(path.dirname(place), first.header.linkname ?? ""), links - 1);
}
