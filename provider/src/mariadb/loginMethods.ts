import type { ConnectionOptions } from "mysql2/promise";
import { ED25519, sign } from "../recipe/accounts/ed25519";
import type { Authentication } from "../recipe/accounts/password";

/** How a server may check our passwords: by a proof from which nobody can log in elsewhere. */

type AuthPlugins = NonNullable<ConnectionOptions["authPlugins"]>;

/** What else mysql2 knows. With each of these, a server that asks for it gets the password itself, in clear or encrypted with a key of its own. */
const TELLING = ["sha256_password", "caching_sha2_password", "mysql_clear_password"];

const REFUSED: AuthPlugins = Object.fromEntries(
  TELLING.map((method) => [
    method,
    () => {
      throw Object.assign(new Error(`the login method ${method} is not used`), { code: OTHER_METHOD });
    },
  ]),
);

/** For mysql2. What is neither here nor known to mysql2 is refused likewise, under the same code. */
export const authPluginsFor = (authentication: Authentication | undefined): AuthPlugins => ({
  ...REFUSED,
  ...(authentication === ED25519 && {
    client_ed25519:
      ({ connection }) =>
      (text) =>
        sign(passwordOf(connection), text.subarray(0, NONCE)),
  }),
});

/** Length of the server's random text, in bytes. A zero byte follows it. */
const NONCE = 32;

/** mysql2 keeps it there for its own plugins. */
const passwordOf = (connection: unknown): string => (connection as { config: { password: string } }).config.password;

/** The code of errors about a server that asks for another login method. */
export const OTHER_METHOD = "AUTH_SWITCH_PLUGIN_ERROR";

/** The method that such an error is about. */
export const methodIn = (message: string): string =>
  /(?:method|unknown plugin) ([\w-]+)/.exec(message)?.[1] ?? "an unknown one";
