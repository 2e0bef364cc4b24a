// @ts-check
/** Finds neighbouring ports of this machine that nobody listens on. */
import net from "node:net";

/**
 * @param {number} first where to begin
 * @param {number} [count]
 * @returns {Promise<number>} the lowest of them
 */
export async function freePorts(first, count = 2) {
  const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)));
  return free.every(Boolean) ? first : freePorts(first + 100, count);
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
const isFree = (port) =>
  new Promise((resolve) => {
    const probe = net.createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
