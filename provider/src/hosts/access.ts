import type { FileAccess, Host, HostFile, Owner } from "./Host";

/** Whether files may be read and written by those who are meant to, and nobody else. */

/** The permissions of a file where they are not those of this access, with its owner where he is another. Undefined: all is as meant. */
export async function otherAccess(host: Host, file: HostFile, meant: FileAccess): Promise<string | undefined> {
  const { uid, gid } = await host.ownerOf(meant);
  const mode = file.mode.toString(8);
  const ofGroup = (meant.mode & 0o070) !== 0;
  if (file.uid !== uid || (ofGroup && file.gid !== gid)) return `${mode}, of ${file.owner}`;
  return file.mode === meant.mode ? undefined : mode;
}

/** True when a user may look for files in a folder. */
export function mayEnter({ uid, gid }: Owner, folder: HostFile): boolean {
  if (folder.uid === uid) return (folder.mode & 0o100) !== 0;
  return (folder.mode & (folder.gid === gid ? 0o010 : 0o001)) !== 0;
}
