import { Duplex } from "node:stream";
import type { ClientChannel } from "ssh2";
import { bridgeTo } from "../bridge";
import { HostUnreachable } from "../Host";
import { shown } from "../outputs";
import { AS_ROOT_READING, commandLine, quoteAll, toBegin } from "./commands";
import type { SshConnection } from "./connection";
import { failure, ownWords, stoppedBySudo } from "./failure";
import { Mark } from "./loginShell";
import type { SshMachine } from "./machine";
import { ShellCommand } from "./shellCommand";

/** A server that is there greets at once. One that does not is the caller's to wait for. */
const PATIENCE = 3_000;

/** Connections through which sshd has made a stream to a socket: what fails there now, does because nothing listens. */
const forwarding = new WeakSet<SshConnection>();

/** A stream to the server's socket, as the user who logs in. */
export async function openStream(machine: SshMachine, socket: string): Promise<Duplex> {
  const connection = await machine.connect();
  try {
    const channel = await machine.socketStream(socket);
    forwarding.add(connection);
    return closing(channel);
  } catch (error) {
    if (error instanceof HostUnreachable) throw error;
    if (forwarding.has(connection)) throw notListening("ECONNREFUSED", "nothing listens on it");
  }
  // sshd has one answer for "nothing listens", "you may not" and "I was told not to".
  return bridge(machine, socket);
}

/** The same as root. */
export const openStreamAsRoot = (machine: SshMachine, socket: string): Promise<Duplex> =>
  bridge(machine, socket, "as root");

async function bridge(
  machine: SshMachine,
  socket: string,
  who: "as root" | "as we are" = "as we are",
): Promise<Duplex> {
  const command = quoteAll(bridgeTo(socket));
  const mark = new Mark();
  const line = commandLine(machine, mark, who === "as root" ? `${AS_ROOT_READING} ${command}` : command);
  const errors = await machine.execute(line, (channel) => begin(machine, channel, mark));
  if (errors instanceof Duplex) return errors;
  if (stoppedBySudo(errors)) throw failure(machine, "perl", { code: undefined, output: "", errors });
  const said = ownWords(errors).replace(/ at -e line \d+\.$/, "");
  if (/No such file or directory/.test(said)) throw notListening("ENOENT", said);
  if (/Connection refused/.test(said)) throw notListening("ECONNREFUSED", said);
  if (/Permission denied/.test(said) && who !== "as root") return bridge(machine, socket, "as root");
  const reason = shown(said) || "the bridge to it ended";
  const remedy = /perl: .*not found/.test(said)
    ? ". Install perl there (docs/hosts.md has what a host needs), in a folder of sudo's secure_path."
    : "";
  throw new Error(`${machine.name}: no way to the server's socket ${socket}: ${reason}${remedy}`);
}

/** A stream once the server greets, or does not for a while. Where there is no way to it, what was said about that. */
async function begin(machine: SshMachine, channel: ClientChannel, mark: Mark): Promise<Duplex | string> {
  const command = new ShellCommand(machine.name, channel, mark, true);
  const { output } = command;
  await toBegin(machine, command, channel);
  const isThere = await new Promise<boolean>((resolve, reject) => {
    const timer = setTimeout(() => resolve(true), PATIENCE);
    const answer = (there: boolean) => {
      clearTimeout(timer);
      resolve(there);
    };
    // It is readable also at its end.
    output.on("readable", () => output.readableLength > 0 && answer(true)).on("error", reject);
    command.exitCode().then(() => answer(false), reject);
  });
  output.removeAllListeners("readable");
  if (isThere) return Duplex.from({ writable: closing(channel), readable: output });
  output.resume();
  return command.errors;
}

const notListening = (code: "ENOENT" | "ECONNREFUSED", message: string): Error =>
  Object.assign(new Error(message), { code });

/** A server that hangs never confirms an end: whoever is done with the stream is not kept by it. */
function closing(channel: ClientChannel): Duplex {
  channel.once("finish", () => {
    channel.close();
    channel.resume();
  });
  return channel;
}
