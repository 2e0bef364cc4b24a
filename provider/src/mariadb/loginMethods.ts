import type { ConnectionOptions } from "mysql2/promise";

/** How a server may check our passwords: by a proof of `mysql_native_password`, from which nobody can log in elsewhere. */

/** What else mysql2 knows. With each of these, a server that asks for it gets the password itself, in clear or encrypted with a key of its own. */
const TELLING = ["sha256_password", "caching_sha2_password", "mysql_clear_password"];

/** For mysql2. What is neither here nor known to mysql2 is refused likewise, under the same code. */
export const authPlugins: NonNullable<ConnectionOptions["authPlugins"]> = Object.fromEntries(
  TELLING.map((method) => [
    method,
    () => {
      throw Object.assign(new Error(`the login method ${method} is not used`), { code: OTHER_METHOD });
    },
  ]),
);

/** The code of errors about a server that asks for another login method. */
export const OTHER_METHOD = "AUTH_SWITCH_PLUGIN_ERROR";

/** The method that such an error is about. */
export const methodIn = (message: string): string =>
  /(?:method|unknown plugin) ([\w-]+)/.exec(message)?.[1] ?? "an unknown one";
