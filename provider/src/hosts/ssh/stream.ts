import { once } from "node:events";
import { Duplex } from "node:stream";
import type { ClientChannel } from "ssh2";
import { bridgeTo } from "../bridge";
import { HostUnreachable } from "../Host";
import { Complaint, shown } from "../outputs";
import { commandLine, quoteAll } from "./commands";
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
  const line = commandLine(machine, mark, who === "as root" ? `s ${command}` : command);
  const begun = await machine.execute(line, (channel) => begin(machine, channel, mark));
  if (begun instanceof Duplex) return begun;
  const errors = `${begun}`;
  if (stoppedBySudo(errors)) throw failure(machine, "perl", { code: undefined, output: "", errors });
  const said = ownWords(errors).replace(/ at -e line \d+\.$/, "");
  if (/No such file or directory/.test(said)) throw notListening("ENOENT", said);
  if (/Connection refused/.test(said)) throw notListening("ECONNREFUSED", said);
  if (/Permission denied/.test(said) && who !== "as root") return bridge(machine, socket, "as root");
  const reason = shown(said) || "the bridge to it ended";
  throw new Error(`${machine.name}: no way to the server's socket ${socket}: ${reason}`);
}

/** A stream once the server greets, or does not for a while. Where there is no way to it, what was said about that. */
async function begin({ name }: SshMachine, channel: ClientChannel, mark: Mark): Promise<Duplex | Complaint> {
  const command = new ShellCommand(name, channel, mark, true);
  const { output } = command;
  const errors = new Complaint();
  command.errors.on("data", (chunk: Buffer) => errors.add(chunk));
  const ended = once(command.errors, "end");
  await command.begun;
  const isThere = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(true), PATIENCE);
    const answer = (there: boolean) => {
      clearTimeout(timer);
      resolve(there);
    };
    // It is readable also at its end.
    output.on("readable", () => output.readableLength > 0 && answer(true));
    ended.then(() => answer(false));
  });
  output.removeAllListeners("readable");
  if (isThere) return Duplex.from({ writable: closing(channel), readable: output });
  channel.close();
  output.resume();
  return errors;
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
