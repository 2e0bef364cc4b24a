import type { Duplex } from "node:stream";

const PATIENCE = 1000;

/**
 * True when the server at the other end greets. A connection is taken before, by the operating system, and a SIGTERM in between hangs
 * mariadbd for ever. The stream is closed.
 */
export function greets(stream: Duplex): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (greeted: boolean) => {
      clearTimeout(timer);
      stream.destroy();
      resolve(greeted);
    };
    const timer = setTimeout(() => answer(false), PATIENCE);
    stream.once("data", () => answer(true));
    stream.once("close", () => answer(false));
    stream.on("error", () => answer(false));
  });
}
