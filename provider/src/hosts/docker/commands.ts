import { type Duplex, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { RunOptions } from "../Host";
import { Result } from "../outputs";
import type { DockerContainer } from "./container";
import { Demultiplexer } from "./outputs";

/** Runs a command in a container, as root, to its end. */
export async function run(
  container: DockerContainer,
  command: readonly string[],
  { input, output }: RunOptions = {},
): Promise<string> {
  const { stream, ended } = await container.begin(command, input !== undefined);
  const outputs = new Demultiplexer();
  const received = output
    ? pipeline(stream, outputs, output).then(() => "")
    : resultOf(stream, outputs, `${command[0]}`);
  // A command that ends before it has read all tells by its exit code why; the broken pipe adds nothing to that.
  const source = typeof input === "string" ? Readable.from([input]) : input;
  const sent = source && pipeline(source, stream).catch(() => undefined);
  const [written] = await Promise.all([received, sent]);
  const code = await ended();
  // What keeps a command from running at all, the engine says on its standard output.
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}: ${(outputs.complaint || written).trim()}`);
  return written;
}

async function resultOf(stream: Duplex, outputs: Demultiplexer, command: string): Promise<string> {
  const result = new Result(command, (error) => {
    stream.destroy();
    outputs.destroy(error);
  });
  for await (const piece of outputs.of(stream)) result.add(piece as Buffer);
  return `${result}`;
}
