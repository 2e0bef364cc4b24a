import { ADMIN_PASSWORD } from "../mariadb/connection";
import { ConnectionError, isTrouble, type Trouble } from "../mariadb/connectionError";
import { progress } from "../run";

const SKIP = "SESSION_STORE_SKIP_UNREACHABLE";

/** Takes something off a server. A server that is gone stops a `destroy` only until its operator says that it may be skipped. */
export async function removeUnlessUnreachable(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    // Gone already, with all that was on it.
    if (error.problem === "no data") return;
    if (process.env[SKIP] === "1") {
      progress(`${name}: skipped, nothing was removed there (${error.message})`);
      return;
    }
    const remedy =
      error.problem === "login refused" ? `Give the admin's password in ${ADMIN_PASSWORD}` : "Start the server";
    throw new Error(
      `${error.message}. Nothing was removed there. ${remedy} and try again; if it is gone for good, ` +
        `run the command with ${SKIP}=1 to leave it as it is.`,
    );
  }
}

/** For `catch`: errors of this kind are an answer. */
export const unless =
  <E extends Error>(kind: new (...args: never[]) => E) =>
  (error: unknown): E => {
    if (error instanceof kind) return error;
    throw error;
  };

/** For `catch`: what is wrong with a server is an answer. */
export function asTrouble(error: unknown): Trouble {
  if (isTrouble(error)) return error;
  throw error;
}
