import { createHash } from "node:crypto";
import { type PasswordState, WORDS } from "../words";
import type { AccountRow } from "./table";

/** What MariaDB stores of a password (`mysql_native_password`). With it no statement needs the password itself. */
export function passwordHash(password: string): string {
  const once = createHash("sha1").update(password, "utf8").digest();
  return `*${createHash("sha1").update(once).digest("hex").toUpperCase()}`;
}

/** A text without such hashes. */
export const withoutHashes = (text: string): string => text.replace(/\*[0-9A-Fa-f]{40}/g, "***");

/** One way to prove who one is, as `mysql.global_priv` holds it. An account may have several; each of them lets in. */
export interface LoginMethod {
  readonly plugin: string;
  readonly hash: string;
}

export const NATIVE = "mysql_native_password";

/** In words, how the ways in that an account has compare with the wanted hashes. The newest password's hash comes first. */
export function passwordState(methods: readonly LoginMethod[], wanted: readonly string[]): PasswordState {
  const lets = (hash: string) => methods.some((method) => method.plugin === NATIVE && method.hash === hash);
  if (lets("")) return "none";
  const [newest = "", ...former] = wanted;
  const others = methods.filter(({ plugin, hash }) => plugin !== NATIVE || !wanted.includes(hash));
  if (!lets(newest)) {
    const plugin = methods.find((method) => method.plugin !== NATIVE)?.plugin;
    return plugin ? `checked by ${plugin}` : "differs";
  }
  if (others.length > 0) return "accepts another one too";
  return former.every(lets) ? AS_CONFIGURED : "does not accept the previous one";
}

export const AS_CONFIGURED = WORDS["SessionStoreUsers.accounts.password"].wanted;

/** Why a text can't be the password of an account. Undefined: it can. The reason never quotes it. */
export function passwordProblem(text: string, longest: AccountRow["longestPassword"]): string | undefined {
  if (text === "") return EMPTY_PASSWORD;
  if (/\p{Cc}/u.test(text)) return "must not have a line break or other control characters (does it come from a file?)";
  if (longest && Buffer.byteLength(text) > longest.bytes)
    return `must have at most ${longest.bytes} bytes: ${longest.because}`;
  return undefined;
}

export const EMPTY_PASSWORD = "must not be empty: give the account a password";

const EXAMPLES = ["nevisproxypassword", "replicationpassword", "binarylogspassword"];

/** True for the passwords that stand in the recipe, and so are known to everybody. */
export const isExamplePassword = (password: string): boolean => EXAMPLES.includes(password);
