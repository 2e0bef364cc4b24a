import * as net from "node:net";

/** Below what operating systems give to outgoing connections: a port from there may be taken while its server restarts. */
const [FIRST, LAST] = [15_000, 31_999];

/** A TCP port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
  return (await isFree(port)) ? port : freePort();
}

/** Two of them, for the two servers of a pair. */
export const freePorts = (): Promise<[number, number]> => Promise.all([freePort(), freePort()]);

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
