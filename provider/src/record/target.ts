import * as path from "node:path";
import { appendToFile } from "./file";
import { sendToSyslog } from "./syslog";

/** Where a record goes, as SESSION_STORE_RECORD says. */
export const VARIABLE = "SESSION_STORE_RECORD";
const SYSLOG = "syslog:";

/** Hands on one line, whole or not at all, before it returns. Throws where that is not possible. @param room bytes that have to be free */
export type Target = (line: string, room: number) => void;

/** The target of that name. Touches nothing. */
export function targetOf(name: string): Target {
  if (name.startsWith(SYSLOG)) {
    const socket = name.slice(SYSLOG.length);
    if (socket === "" || path.isAbsolute(socket)) return (line) => sendToSyslog(line, socket);
  }
  if (path.isAbsolute(name)) return (line, room) => appendToFile(line, name, room);
  throw new Error(
    "is neither the whole path of a file (/var/log/session-store.jsonl) nor syslog: nor syslog:/path/of/its/socket",
  );
}
