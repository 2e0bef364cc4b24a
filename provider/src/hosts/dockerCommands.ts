import { Duplex, Readable, Transform, type TransformCallback } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { DockerContainer } from "./dockerContainer";
import type { RunOptions } from "./Host";

/** Runs a command in a container, as root, to its end. */
export async function run(
  container: DockerContainer,
  command: readonly string[],
  { input, output }: RunOptions = {},
): Promise<string> {
  const { stream, ended } = await container.begin(command, input !== undefined);
  const outputs = new Demultiplexer();
  const received = output ? pipeline(stream, outputs, output).then(() => "") : text(pipe(stream, outputs));
  // A command that ends before it has read all tells by its exit code why; the broken pipe adds nothing to that.
  const sent = input === undefined ? undefined : pipeline(Readable.from(input), stream).catch(() => undefined);
  const [written] = await Promise.all([received, sent]);
  const code = await ended();
  // What keeps a command from running at all, the engine says on its standard output.
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}: ${(outputs.complaint || written).trim()}`);
  return written;
}

const pipe = (from: Readable, to: Transform): Readable => from.once("error", (error) => to.destroy(error)).pipe(to);

const HEADER = 8;
const STDERR = 2;
const KEPT = 4096;

/** What a command writes to its standard output. The engine sends it mixed with the errors, each piece behind a header. */
export class Demultiplexer extends Transform {
  /** The last of what it wrote to its standard error. */
  complaint = "";
  private kind: number | undefined;
  private left = 0;
  /** A header that has not arrived whole. */
  private begun: Buffer = Buffer.alloc(0);

  /** @param both passes the errors on too, in their order */
  constructor(private readonly both = false) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let rest = this.begun.length > 0 ? Buffer.concat([this.begun, chunk]) : chunk;
    while (rest.length >= (this.left > 0 ? 1 : HEADER)) {
      if (this.left === 0) {
        this.kind = rest[0];
        this.left = rest.readUInt32BE(4);
        rest = rest.subarray(HEADER);
        continue;
      }
      const piece = rest.subarray(0, this.left);
      if (this.kind === STDERR && !this.both) this.complaint = (this.complaint + piece.toString()).slice(-KEPT);
      else this.push(piece);
      this.left -= piece.length;
      rest = rest.subarray(piece.length);
    }
    this.begun = rest;
    done();
  }
}

/** A byte stream to a unix socket in a container, as root. It fails as a connection of this machine would. */
export async function openStream(container: DockerContainer, socket: string): Promise<Duplex> {
  const { stream, ended } = await container.begin(bridgeCommand(socket), true).catch((error) => {
    throw isNotRunning(error) ? refused(`the container "${container.name}" does not run`) : error;
  });
  const outputs = new Demultiplexer();
  const received = pipe(stream, outputs);
  const both = Duplex.from({ writable: stream, readable: received });
  both.once("close", () => stream.destroy());
  return both;
}

function isNotRunning(error: unknown): boolean {
  return (error as { statusCode?: number }).statusCode === 409;
}

const refused = (reason: string): Error => Object.assign(new Error(reason), { code: "ECONNREFUSED" });

const bridgeCommand = (socket: string) => [
  "perl",
  "-MIO::Socket::UNIX",
  "-MIO::Select",
  "-e",
  `
my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or do { print STDERR "$!"; exit 1 };
my $sel = IO::Select->new(*STDIN, $s);
while (1) { for my $r ($sel->can_read) { my $n = sysread($r, my $b, 65536); my $w = $r == $s ? *STDOUT : $s;
 if (!$n) { if ($r == $s) { exit 0 } $sel->remove($r); shutdown($s, 1); next }
 my $o = 0; while ($o < $n) { my $k = syswrite($w, $b, $n - $o, $o); exit 2 unless defined $k; $o += $k } } }`,
  socket,
];
