import { type Readable, Transform, type TransformCallback } from "node:stream";
import { Complaint } from "../outputs";

const HEADER = 8;
const STDERR = 2;

/**
 * What a command writes to its standard output. The engine sends it mixed with the errors, each piece behind a header. (dockerode's own
 * way reads on whether the receiver keeps up or not: a database that is copied would pile up in memory.)
 */
export class Demultiplexer extends Transform {
  private readonly errors = new Complaint();
  private kind: number | undefined;
  private left = 0;
  /** A header that has not arrived whole. */
  private begun: Buffer = Buffer.alloc(0);

  /** @param both passes the errors on too, in their order */
  constructor(private readonly both = false) {
    super();
  }

  /** The end of what it wrote to its standard error. */
  get complaint(): string {
    return `${this.errors}`;
  }

  /** Reads from the engine's stream. */
  of(stream: Readable): this {
    return stream.once("error", (error) => this.destroy(error)).pipe(this);
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
      if (this.kind === STDERR && !this.both) this.errors.add(piece);
      else this.push(piece);
      this.left -= piece.length;
      rest = rest.subarray(piece.length);
    }
    this.begun = rest;
    done();
  }
}
