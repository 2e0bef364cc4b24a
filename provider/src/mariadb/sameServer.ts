import { machineOf } from "../hosts/defaults";
import type { Connection } from "../inputs";
import { identityAt, NEW } from "./register";

/** Whether two connections lead to the same server: its address, port and machine may be spelled in several ways. */

/**
 * True where another server than before is meant. Where that can't be told, the answer is false: what is updated in place is never torn down.
 * @param identity that of the server before; undefined: it had none, or it is not known
 */
export async function isOtherServer(
  last: Connection,
  wanted: Connection,
  identity: string | undefined,
): Promise<boolean> {
  // Statements go through the machine to the server's socket, whatever its address and port.
  if (machineOf(last.host) === machineOf(wanted.host)) return false;
  const found = await identityAt(wanted);
  if (found === undefined) return false;
  const known = identity ?? (await identityAt(last)) ?? NEW;
  // Two without an identity may be one.
  return found === NEW ? known !== NEW : found !== known;
}
