import type { HostFile } from "./Host";

/** The files of a folder that are still there when they are read, by name, sorted. */
export async function readEach(
  names: readonly string[],
  read: (name: string) => Promise<HostFile | undefined>,
): Promise<ReadonlyMap<string, HostFile>> {
  const files = await Promise.all([...names].sort().map(async (name) => [name, await read(name)] as const));
  return new Map(files.flatMap(([name, file]) => (file && !file.isFolder ? [[name, file]] : [])));
}
