import { createHash } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519";

/**
 * MariaDB's login method `ed25519`. The server keeps a public key that follows from the password, and a client signs what the server gives it. It is
 * Ed25519 of RFC 8032, except that the password takes the place of the seed, whatever its length: so no library makes the keys as a whole.
 */

export const ED25519 = "ed25519";

/** What the server keeps of a password. */
export const publicKey = (password: string): string =>
  Buffer.from(keysOf(password).publicKey).toString("base64").replace(/=+$/, "");

/** What a client answers to the server's random text. */
export function sign(password: string, text: Buffer): Buffer {
  const { scalar, prefix, publicKey } = keysOf(password);
  const r = reduced(sha512(prefix, text));
  const R = ed25519.Point.BASE.multiply(r).toBytes();
  const k = reduced(sha512(R, publicKey, text));
  return Buffer.concat([R, ed25519.Point.Fn.toBytes(ed25519.Point.Fn.add(r, ed25519.Point.Fn.mul(k, scalar)))]);
}

function keysOf(password: string) {
  const hash = sha512(Buffer.from(password, "utf8"));
  const head = hash.subarray(0, 32);
  head[0] = (head[0] ?? 0) & 0b1111_1000;
  head[31] = ((head[31] ?? 0) & 0b0111_1111) | 0b0100_0000;
  const scalar = reduced(head);
  return { scalar, prefix: hash.subarray(32), publicKey: ed25519.Point.BASE.multiply(scalar).toBytes() };
}

/** A number, lowest byte first, modulo the order of the group. */
const reduced = (bytes: Uint8Array): bigint =>
  ed25519.Point.Fn.create(BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`));

const sha512 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash("sha512");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
