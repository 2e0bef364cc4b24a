import { existsSync } from "node:fs";
import type { Claim } from "../../inputs";
import { paths, readIfThere, writeWhole } from "./files";

/** Who declares a private server: kept in its directory, so that it goes with it. */

interface Entry extends Claim {
  readonly object: string;
}

/** None: the server is not there, or nobody has declared it yet. */
export async function read(directory: string): Promise<Entry[]> {
  const text = await readIfThere(paths(directory).claims);
  return text === undefined ? [] : (JSON.parse(text) as Entry[]);
}

/** Nothing is written where there is no directory any more. */
export async function write(directory: string, entries: readonly Entry[]): Promise<void> {
  if (existsSync(directory))
    await writeWhole(paths(directory).claims, `${JSON.stringify(entries, undefined, 2)}\n`, 0o600);
}
