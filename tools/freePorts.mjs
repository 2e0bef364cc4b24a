// @ts-check
/** Finds two neighbouring ports of this machine that nobody listens on. */
import net from "node:net";

/**
 * @param {number} first where to begin
 * @returns {Promise<number>} the lower of the two
 */
export async function freePorts(first) {
  const free = await Promise.all([isFree(first), isFree(first + 1)]);
  return free.every(Boolean) ? first : freePorts(first + 100);
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
