import type { Duplex } from "node:stream";
import type { ClientChannel } from "ssh2";
import { bridgeTo } from "../bridge";
import { HostUnreachable } from "../Host";
import { Complaint } from "../outputs";
import { failure, quoteAll, refusedBySudo, shellText } from "./commands";
import type { SshConnection } from "./connection";
import type { SshMachine } from "./machine";

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
    if (forwarding.has(connection)) throw notListening("ECONNREFUSED", `nothing listens on ${socket}`);
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
  const line = `${who === "as root" ? "s " : ""}${quoteAll(bridgeTo(socket))}`;
  const { channel, errors } = await machine.execute(shellText(machine, line), begin);
  if (errors === undefined) return closing(channel);
  const text = errors.toString();
  if (/No such file or directory/.test(text)) throw notListening("ENOENT", text);
  if (/Connection refused/.test(text)) throw notListening("ECONNREFUSED", text);
  if (/Permission denied/.test(text) && who !== "as root") return bridge(machine, socket, "as root");
  const outcome = { code: undefined, output: "", errors: text };
  throw new Error(
    refusedBySudo(text) === undefined
      ? `${machine.name}: no way to the server's socket ${socket}: ${text.trim() || "the bridge to it ended"}`
      : failure(machine, "perl", outcome),
  );
}

/** Waits until the server greets, or until there is no way to it: then `errors` says why. */
async function begin(channel: ClientChannel): Promise<{ channel: ClientChannel; errors: string | undefined }> {
  const errors = new Complaint();
  channel.stderr.on("data", (chunk: Buffer) => errors.add(chunk));
  const isThere = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(true), PATIENCE);
    channel.once("readable", () => answer(channel.readableLength > 0));
    channel.stderr.once("end", () => answer(false));
    const answer = (there: boolean) => {
      clearTimeout(timer);
      resolve(there);
    };
  });
  return { channel, errors: isThere ? undefined : `${errors}` };
}

const notListening = (code: "ENOENT" | "ECONNREFUSED", message: string): Error =>
  Object.assign(new Error(message.trim()), { code });

/** A server that hangs never confirms an end: whoever is done with the stream is not kept by it. */
function closing(channel: ClientChannel): Duplex {
  channel.once("finish", () => {
    channel.close();
    channel.resume();
  });
  return channel;
}
