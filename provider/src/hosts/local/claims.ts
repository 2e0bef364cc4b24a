import { existsSync } from "node:fs";
import type { Claim } from "../../inputs";
import { recordedFile } from "../recorded";
import { paths, readIfThere, writeWhole } from "./files";

/** Who declares a private server: kept in its directory, so that it goes with it. */

interface Entry extends Claim {
  readonly object: string;
}

/** None: the server is not there, nobody has declared it yet, or nobody can read any more who did. */
export async function read(directory: string): Promise<Entry[]> {
  try {
    return JSON.parse((await readIfThere(paths(directory).claims)) ?? "[]") as Entry[];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** Nothing is written where there is no directory any more. */
export async function write(directory: string, entries: readonly Entry[]): Promise<void> {
  if (!existsSync(directory)) return;
  const file = { path: paths(directory).claims, text: `${JSON.stringify(entries, undefined, 2)}\n`, mode: 0o600 };
  await recordedFile({ host: directory, ...file }, () => writeWhole(file.path, file.text, file.mode));
}
