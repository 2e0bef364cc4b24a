import { createHash } from "node:crypto";
import { isBase64 } from "../../recipe/pem";
import { isWhole, keyType } from "./wire";

/** What a machine proves itself with. */

/** The kinds of host keys that are known here, as sshd writes them, the preferred first; and as the handshake calls them. */
const HOST_KEY_ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
};

export const HOST_KEY_TYPES = Object.keys(HOST_KEY_ALGORITHMS);

export interface HostKey {
  /** Such as `ssh-ed25519`. */
  readonly type: string;
  /** As it travels in the handshake. */
  readonly blob: Buffer;
}

const HOW = "`ssh-keyscan ADDRESS` prints the keys of a machine, and there /etc/ssh/ssh_host_*_key.pub has them";

/**
 * Reads what ssh-keyscan prints, lines of known_hosts, a file `ssh_host_*_key.pub`, or the key alone. Throws what is wrong with it, as it reads
 * after the property's name.
 */
export function parseHostKeys(text: string): HostKey[] {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  const keys = lines.filter((line) => line !== "" && !line.startsWith("#"));
  if (keys.length === 0) throw new Error(text.trim() === "" ? `is empty: ${HOW}` : `has comment lines only: ${HOW}`);
  const notKeys = inOtherFormat(text);
  if (notKeys) throw new Error(notKeys);
  return keys.map(parseLine);
}

function parseLine(line: string): HostKey {
  const words = line.split(/\s+/);
  const at = words.slice(0, 2).findIndex(isKeyType);
  if (at < 0) return parseBare(words);
  const [type = "", text = ""] = words.slice(at);
  const blob = Buffer.from(text, "base64");
  if (isBase64(text) && isWhole(blob) && keyType(blob) === type) return { type, blob };
  const [own] = [keyType(blob)].filter(isKeyType);
  if (own && own !== type) throw new Error(`says ${type}, but the key after it is one of ${own}: ${HOW}`);
  throw new Error(`has a key of ${type} that is cut off, damaged or too short: give the whole line. ${HOW}`);
}

/** A key alone, without its type. */
function parseBare(words: readonly string[]): HostKey {
  const [text = ""] = words;
  const blob = Buffer.from(text, "base64");
  const type = keyType(blob);
  if (isKeyType(type) && isBase64(text) && isWhole(blob)) return { type, blob };
  if (isKeyType(type)) throw new Error(`has a key of ${type} that is cut off, damaged or too short. ${HOW}`);
  const named = words.slice(0, 2).find((word) => /^(ssh|ecdsa|sk)-/.test(word)) ?? type;
  throw new Error(
    `is no host key${named ? `, or one of an unknown type ("${named.slice(0, 40)}")` : ""}; known are ${HOST_KEY_TYPES.join(", ")}. ${HOW}`,
  );
}

/** What operators have at hand in place of a key. */
function inOtherFormat(text: string): string | undefined {
  if (/PRIVATE KEY/.test(text)) return `is a private key; give the public one, which ends in .pub. ${HOW}`;
  if (/^\s*-+ ?BEGIN SSH2 PUBLIC KEY/m.test(text))
    return "is in the format of RFC 4716: `ssh-keygen -i -f FILE` converts it";
  if (/^\s*-----BEGIN /m.test(text)) return "is in PEM format: `ssh-keygen -i -m PKCS8 -f FILE` converts it";
  if (/^\s*@cert-authority\s/m.test(text)) {
    return `has the key of an authority that signs host keys (@cert-authority); give the machine's own key. ${HOW}`;
  }
  if (/^\s*@revoked\s/m.test(text)) return `has a key that was revoked (@revoked): leave it out. ${HOW}`;
  if (/(^|\s)(SHA256:[A-Za-z0-9+/]{20}|(MD5:)?([0-9a-f]{2}:){15}[0-9a-f]{2}(\s|$))/m.test(text)) {
    return "is the fingerprint of a key, and the key itself is needed: `ssh-keyscan ADDRESS | tee KEYS | ssh-keygen -lf -` writes the keys to KEYS and shows their fingerprints to compare";
  }
  if (/^\s*[~.]{0,2}\/\S*\s*$/.test(text)) return `is a path; give the text of that file. ${HOW}`;
  return undefined;
}

/** How people compare keys, as `ssh-keygen -l` prints it. */
export const fingerprint = (blob: Buffer): string =>
  `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;

/** What to ask a machine for, so that it shows a key of one of these types, the first before the others. */
export const hostKeyAlgorithms = (types: readonly string[]): string[] =>
  [...new Set(types)].flatMap((type) => HOST_KEY_ALGORITHMS[type] ?? []);

const isKeyType = (word: string | undefined): word is string => word !== undefined && word in HOST_KEY_ALGORITHMS;
