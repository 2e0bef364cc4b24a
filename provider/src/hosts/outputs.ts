import { shownLine } from "./errorLog";

/** What commands on a machine write is somebody else's: it is taken in within bounds. */

/** Longest result of a command, in bytes. Option files, lists and logs are far shorter. */
const LONGEST = 16 << 20;
/** How much of a complaint is kept: its end. */
const KEPT = 4096;
/** How many lines of it a message has. */
const SHOWN_LINES = 15;

/** The standard output of a command whose result is wanted as a whole. */
export class Result {
  private readonly pieces: Buffer[] = [];
  private length = 0;

  /**
   * @param end ends the command, which writes more than anybody asked for
   * @param longest what was asked for, in bytes
   */
  constructor(
    private readonly command: string,
    private readonly end: (error: Error) => void,
    private readonly longest = LONGEST,
  ) {}

  add(piece: Buffer): void {
    this.length += piece.length;
    if (this.length <= this.longest) this.pieces.push(piece);
    else this.end(new Error(`"${this.command}" was ended, because it wrote more than ${this.limit}`));
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }

  toString(): string {
    return this.bytes.toString();
  }

  private get limit(): string {
    return this.longest < 1 << 20 ? `${this.longest} bytes` : `${this.longest >> 20} MiB`;
  }
}

/** The standard error of a command. Only its end is kept. */
export class Complaint {
  private kept: Buffer = Buffer.alloc(0);

  add(piece: Buffer): void {
    const all = Buffer.concat([this.kept, piece.subarray(-KEPT)]);
    this.kept = all.length > KEPT ? Buffer.from(all.subarray(-KEPT)) : all;
  }

  toString(): string {
    return this.kept.toString();
  }
}

/** The end of what a machine said, as a message may show it. */
export const shown = (text: string): string =>
  text
    .split("\n")
    .map(shownLine)
    .filter((line) => line !== "")
    .slice(-SHOWN_LINES)
    .join("\n");
