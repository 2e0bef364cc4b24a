import { createHash } from "node:crypto";

/** What a machine and its operator prove themselves with. */

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

/** Reads a line of `ssh_host_*_key.pub`, or of ssh-keyscan, which begins with the machine's name. Throws what is wrong with it. */
export function parseHostKey(line: string): HostKey {
  const words = line.trim().split(/\s+/);
  const [type = "", text = ""] = isKeyType(words[0]) || words.length < 3 ? words : words.slice(1);
  if (!isKeyType(type)) {
    throw new Error(
      `is no host key, or one of an unknown type ("${type.slice(0, 40)}"); known are ${HOST_KEY_TYPES.join(", ")}`,
    );
  }
  const blob = Buffer.from(text, "base64");
  if (keyType(blob) !== type) {
    throw new Error(
      "is cut off or damaged: give the whole line, as `ssh-keyscan` prints it, or as in /etc/ssh/ssh_host_*_key.pub",
    );
  }
  return { type, blob };
}

/** How people compare keys, as `ssh-keygen -l` prints it. */
export const fingerprint = (blob: Buffer): string =>
  `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;

/** The type stands in a key as it travels too, with its length before it. */
export const keyType = (blob: Buffer): string =>
  blob.length > 4 ? blob.subarray(4, 4 + blob.readUInt32BE(0)).toString("latin1") : "";

/** What to ask a machine for, so that it shows a key of one of these types, the first before the others. */
export const hostKeyAlgorithms = (types: readonly string[]): string[] =>
  [...new Set(types)].flatMap((type) => HOST_KEY_ALGORITHMS[type] ?? []);

const isKeyType = (word: string | undefined): boolean => word !== undefined && word in HOST_KEY_ALGORITHMS;

/** What is wrong with a private key, and where to mend it. Neither key nor passphrase is in the answer. */
interface KeyProblem {
  readonly property: "privateKey" | "passphrase";
  readonly reason: string;
}

export function privateKeyProblem(text: string, passphrase: string | undefined): KeyProblem | undefined {
  const { utils } = require("ssh2") as typeof import("ssh2");
  const wrong = (reason: string): KeyProblem => ({ property: "privateKey", reason });
  if (/^[~.]{0,2}\/\S*$/.test(text.trim())) return wrong("is a path; give the text of that file");
  if (/^\s*PuTTY-User-Key-File/.test(text)) {
    return wrong("is in PuTTY's format; convert it: puttygen key.ppk -O private-openssh -o key");
  }
  if (/^\s*(ssh-|ecdsa-|sk-|-+ ?BEGIN [A-Z0-9 ]*PUBLIC KEY)/.test(text)) {
    return wrong("is a public key; give the private one, which begins with -----BEGIN");
  }
  if (/BEGIN (ENCRYPTED )?PRIVATE KEY/.test(text)) {
    return wrong("is in the format PKCS #8; convert it to OpenSSH's own: ssh-keygen -p -f key");
  }
  const key = utils.parseKey(text, passphrase);
  if (!(key instanceof Error)) return key.isPrivateKey() ? undefined : wrong("is a public key; give the private one");
  if (/no passphrase given/i.test(key.message)) {
    return { property: "passphrase", reason: 'is missing: "privateKey" is encrypted' };
  }
  if (passphrase !== undefined && /decrypt|passphrase|integrity|authenticate|bad|malformed/i.test(key.message)) {
    return { property: "passphrase", reason: 'does not decrypt "privateKey"' };
  }
  return wrong(
    "is no private key that can be read. OpenSSH's own format and PEM can be: give the whole text of the file, line breaks included",
  );
}
