import { utils } from "ssh2";

interface KeyPair {
  readonly private: string;
  readonly public: string;
}

/** Bytes of a public key as it travels: its type and 32 bytes, each after its length. */
const WHOLE = 51;

/** A new key. Of 256 that ssh2 makes, one begins with a zero that it drops, which no sshd takes: then another is made. */
export function newKey(encryption?: { passphrase: string; cipher: string }): KeyPair {
  for (;;) {
    const key = utils.generateKeyPairSync("ed25519", encryption && { ...encryption, rounds: 16 });
    if (Buffer.from(key.public.split(" ")[1] ?? "", "base64").length === WHOLE) return key;
  }
}
