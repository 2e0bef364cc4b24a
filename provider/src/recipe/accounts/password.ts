import { createHash } from "node:crypto";
import { type PasswordState, WORDS } from "../words";
import { ED25519, publicKey } from "./ed25519";
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

/** The server's plugins that an account's password may be checked by. */
export const AUTHENTICATIONS = [NATIVE, ED25519] as const;
export type Authentication = (typeof AUTHENTICATIONS)[number];

/** What the server keeps so that this password lets in. */
export const loginMethod = (plugin: Authentication, password: string): LoginMethod => ({
  plugin,
  hash: plugin === ED25519 ? publicKey(password) : passwordHash(password),
});

const isSame = (one: LoginMethod, other: LoginMethod): boolean =>
  one.plugin === other.plugin && one.hash === other.hash;

/** In words, how the ways in that an account has compare with the wanted ones. That of the newest password comes first. */
export function passwordState(methods: readonly LoginMethod[], wanted: readonly LoginMethod[]): PasswordState {
  const lets = (wanted: LoginMethod) => methods.some((method) => isSame(method, wanted));
  if (lets({ plugin: NATIVE, hash: "" })) return "none";
  const [newest, ...former] = wanted;
  if (!newest || !lets(newest)) {
    const plugin = methods.find((method) => method.plugin !== (newest?.plugin ?? NATIVE))?.plugin;
    return plugin ? `checked by ${plugin}` : "differs";
  }
  if (methods.some((method) => !wanted.some((each) => isSame(each, method)))) return "accepts another one too";
  return former.every(lets) ? AS_CONFIGURED : "does not accept the previous one";
}

export const AS_CONFIGURED = WORDS["SessionStoreUsers.accounts.password"].wanted;

/** Why a text can't be the password of an account. Undefined: it can. The reason never quotes it. */
export function passwordProblem(text: unknown, longest: AccountRow["longestPassword"]): string | undefined {
  if (typeof text !== "string") return NO_PASSWORD;
  if (text === "") return EMPTY_PASSWORD;
  if (/\p{Cc}/u.test(text)) return "must not have a line break or other control characters (does it come from a file?)";
  if (/\p{Cs}/u.test(text)) return "must be text that UTF-8 has: half a character is in it";
  if (longest && /[\u{10000}-\u{10ffff}]/u.test(text))
    return `must have no characters beyond U+FFFF, such as emoji: ${longest.because}`;
  if (longest && Buffer.byteLength(text) > longest.bytes)
    return `must have at most ${longest.bytes} bytes: ${longest.because}`;
  return undefined;
}

export const NO_PASSWORD = "must be given, as text";
export const EMPTY_PASSWORD = "must not be empty: give the account a password";

const EXAMPLES = ["nevisproxypassword", "replicationpassword", "binarylogspassword"];

/** True for the passwords that stand in the recipe, and so are known to everybody. */
export const isExamplePassword = (password: string): boolean => EXAMPLES.includes(password);
