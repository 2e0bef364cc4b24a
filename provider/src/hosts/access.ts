import type { FileAccess, Host, HostFile, User } from "./Host";

/** Whether files may be read and written by those who are meant to, and nobody else. */

/** The permissions of a file where they are not those of this access, with its owner where he is another. Undefined: all is as meant. */
export async function otherAccess(host: Host, file: HostFile, meant: FileAccess): Promise<string | undefined> {
  const { uid, gid } = await host.ownerOf(meant);
  const mode = file.mode.toString(8);
  const ofGroup = (meant.mode & 0o070) !== 0;
  if (file.uid !== uid || (ofGroup && file.gid !== gid)) return `${mode}, of ${file.owner}`;
  // Where it leads, somebody else may rule, or the server not look.
  if (file.isLink) return `${mode}, behind a link`;
  return file.mode === meant.mode ? undefined : mode;
}

export const READ = 4;
export const ENTER = 1;

/** True when the permissions of a file or folder let a user do all this. An access list may say otherwise. */
export function may(user: Pick<User, "uid" | "gids">, { uid, gid, mode }: HostFile, what: number): boolean {
  if (user.uid === 0) return true;
  const bits = mode >> (uid === user.uid ? 6 : user.gids.includes(gid) ? 3 : 0);
  return (bits & what) === what;
}

/** Why a user may not do this with a file or folder. */
export async function keptFrom(
  user: User,
  host: Host,
  place: string,
  found: HostFile,
  what: number,
): Promise<string | undefined> {
  if (may(user, found, what) || (await hasAccessList(host, place))) return undefined;
  return `its mode is ${found.mode.toString(8)}, of ${found.owner}, so ${user.name} may not read it`;
}

/** Then its permissions are not the whole truth. */
const hasAccessList = (host: Host, place: string): Promise<boolean> =>
  host.run(["ls", "-ld", "--", place], { looks: true }).then(
    (line) => line[10] === "+",
    () => false,
  );
