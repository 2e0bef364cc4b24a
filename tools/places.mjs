// @ts-check
/** Where things are kept: in the repository, in its private folder, in the user's cache. */
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const repository = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** State, passphrase and servers of the stack `local`. Ignored by git, closed to other users. */
export const privateFolder = path.join(repository, ".local");

/** What is made once for all clones of this user. */
export const cacheFolder = path.join(
  process.env["XDG_CACHE_HOME"] || path.join(homedir(), ".cache"),
  "pulumi-replicated-session-store",
);
