import { spawnSync } from "node:child_process";

/** How long the syslog of this machine may take for a line, in milliseconds. */
const DEADLINE = 10_000;

/** Sends a line to this machine's syslog, by the program that every Linux has for it: Node has no sockets of that kind. */
export function sendToSyslog(line: string, socket: string): void {
  const args = ["--socket-errors=on", "--tag=session-store", "--priority=authpriv.notice"];
  // A longer message would be cut into several.
  args.push(`--size=${Buffer.byteLength(line)}`, ...(socket === "" ? [] : [`--socket=${socket}`]));
  const { error, status, stderr } = spawnSync("logger", args, {
    input: `${line}\n`,
    encoding: "utf8",
    timeout: DEADLINE,
    // Nothing of ours, such as the passphrase of the state.
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") {
    throw new Error("needs the program logger of util-linux, which is not on PATH: install it, or name a file");
  }
  // Of a message that was not taken, it complains and ends well. It may end before it has read the line.
  if (error || status !== 0 || stderr !== "") {
    throw new Error(`is not reached (${stderr?.trim() || error?.message || `logger ended with ${status}`})`);
  }
}
