import { createHash } from "node:crypto";
import { recorded } from "../record/recorder";
import type { Host } from "./Host";

/** What changes a machine is in the record: here for all kinds of hosts. */

/** Whose contents could be guessed from a sum. */
const SECRET = /PRIVATE KEY-----|^\s*[\w-]*password\s*=/im;

export function withRecord(host: Host): Host {
  const { name, run, writeFile, openFolder, removeFile, startService, stopService } = host;
  return {
    ...host,
    run: (command, options) =>
      options?.looks
        ? run(command, options)
        : recorded(
            () => ({ event: "command", host: name, command }),
            () => run(command, options),
          ),
    writeFile: (path, text, access) =>
      recordedFile({ host: name, path, text, mode: access.mode }, () => writeFile(path, text, access)),
    openFolder: (path) =>
      recorded(
        () => ({ event: "command", host: name, command: ["install", "-d", path] }),
        () => openFolder(path),
      ),
    removeFile: (path) => recordedRemoval(name, path, () => removeFile(path)),
    startService: () => recorded(() => ({ event: "start service", host: name }), startService),
    stopService: () => recorded(() => ({ event: "stop service", host: name }), stopService),
  };
}

/** A file that is to be written. */
interface Written {
  readonly host: string;
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

export const recordedFile = ({ host, path, text, mode }: Written, work: () => Promise<void>): Promise<void> =>
  recorded(
    () => ({
      event: "write file",
      host,
      path,
      mode: mode.toString(8).padStart(4, "0"),
      bytes: Buffer.byteLength(text),
      ...(!SECRET.test(text) && { sha256: createHash("sha256").update(text).digest("hex") }),
    }),
    work,
  );

export const recordedRemoval = (host: string, path: string, work: () => Promise<void>): Promise<void> =>
  recorded(() => ({ event: "remove file", host, path }), work);
