import { Duplex } from "node:stream";
import { bridgeTo } from "../bridge";
import { greets } from "../greets";
import type { DockerContainer } from "./container";
import { layoutOf } from "./layout";
import { Demultiplexer } from "./outputs";

/** A server that is there greets at once. One that does not is the caller's to wait for. */
const PATIENCE = 3_000;

/** A byte stream to a unix socket in a container, as root. It fails as a connection of this machine would. */
export async function openStream(container: DockerContainer, socket: string): Promise<Duplex> {
  const { stream, ended } = await container.begin(bridgeTo(socket), true);
  const outputs = new Demultiplexer();
  const received = outputs.of(stream);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, PATIENCE);
    const answer = () => {
      clearTimeout(timer);
      resolve();
    };
    received.once("readable", answer).once("close", answer);
  });
  const first = received.read() as Buffer | null;
  // What keeps perl from running at all, the engine says on its standard output. The fourth byte of a server's first packet is 0.
  const refusal = first && first[3] !== 0 ? first.toString() : undefined;
  if (refusal !== undefined || (first === null && received.writableEnded)) {
    stream.destroy();
    throw noWay(container, socket, (refusal ?? outputs.complaint).trim(), await ended());
  }
  if (first) received.unshift(first);
  const both = Duplex.from({ writable: stream, readable: received });
  both.once("close", () => stream.destroy());
  return both;
}

/** A byte stream to the socket of the server in a container. */
export const openToServer = async (container: DockerContainer): Promise<Duplex> =>
  openStream(container, (await layoutOf(container)).socket);

/** Whether the server in a container greets on its socket. A connection is taken before, by the operating system. */
export const serverGreets = (container: DockerContainer): Promise<boolean> =>
  openToServer(container).then(greets, () => false);

function noWay({ name }: DockerContainer, socket: string, complaint: string, code: number): Error {
  if (/No such file or directory/.test(complaint)) return Object.assign(new Error(complaint), { code: "ENOENT" });
  if (/Connection refused/.test(complaint)) return Object.assign(new Error(complaint), { code: "ECONNREFUSED" });
  const NOT_FOUND = 127;
  if (code !== NOT_FOUND) {
    return new Error(
      `no way to the server's socket ${socket} in the container "${name}": ${complaint || `perl ended with ${code}`}`,
    );
  }
  return new Error(
    `the container "${name}" has no perl, which connects to its server's socket: take an image that has it, as the official one does`,
  );
}
