import { createRequire } from "node:module";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { refused } from "./refused";

/** Whether the engine's process for dynamic providers will find this package. */

const PACKAGE = "pulumi-replicated-session-store";

/** A program may go elsewhere later. */
const folderAtStart = process.cwd();

/**
 * Refuses a program that has this package from another package only: its resources are run by a process of their own, which loads it from the
 * program's folder.
 */
export function refuseUnloadable(): void {
  // Tests with mocks, and programs within another process, don't say where theirs is.
  const root = pulumi.runtime.getRootDirectory?.();
  if (!root || [process.cwd(), folderAtStart, root].some(isLoadable)) return;
  throw refused(
    `${PACKAGE} is installed behind another package, where the engine does not find it: add it as a direct dependency of this program ` +
      `(\`npm install ${PACKAGE}\` in ${folderAtStart}). Its resources are run from there, and later deleted from there too. Nothing of them was changed.`,
  );
}

function isLoadable(folder: string): boolean {
  try {
    createRequire(path.join(folder, "index.js")).resolve(`${PACKAGE}/provider`);
    return true;
  } catch {
    return false;
  }
}
