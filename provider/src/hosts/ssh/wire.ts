/** Keys as they travel: fields one after the other, each after its length. */

/** The fields of a text of bytes. Undefined: it ends within one. */
export function fields(bytes: Buffer, most = Number.POSITIVE_INFINITY): { found: Buffer[]; rest: Buffer } | undefined {
  const found: Buffer[] = [];
  let at = 0;
  while (found.length < most && at < bytes.length) {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return undefined;
    found.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return { found, rest: bytes.subarray(at) };
}

export const field = (value: Buffer | string): Buffer => {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([number(bytes.length), bytes]);
};

export const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** What each type of key has after its own name. */
const SHAPES: Readonly<Record<string, (found: readonly Buffer[]) => boolean>> = {
  "ssh-ed25519": ([key, ...more]) => more.length === 0 && key?.length === 32,
  "ssh-rsa": ([exponent, modulus, ...more]) =>
    more.length === 0 && isNumber(exponent) && isNumber(modulus) && bitsOf(modulus) >= SMALLEST_RSA,
  "ecdsa-sha2-nistp256": (found) => isPoint(found, "nistp256", 65),
  "ecdsa-sha2-nistp384": (found) => isPoint(found, "nistp384", 97),
  "ecdsa-sha2-nistp521": (found) => isPoint(found, "nistp521", 133),
};

/** Bits of the shortest RSA key that OpenSSH takes. */
export const SMALLEST_RSA = 1024;

const isNumber = (bytes: Buffer | undefined): bytes is Buffer =>
  bytes !== undefined && bytes.length > 0 && (bytes[0] ?? 0) < 0x80;

const bitsOf = (bytes: Buffer): number => BigInt(`0x${bytes.toString("hex")}`).toString(2).length;

const isPoint = ([curve, point, ...more]: readonly Buffer[], name: string, length: number): boolean =>
  more.length === 0 && `${curve}` === name && point?.length === length && point[0] === 4;

/** True for a whole public key of a type that is known here. */
export function isWhole(blob: Buffer): boolean {
  const [type, ...rest] = fields(blob)?.found ?? [];
  return type !== undefined && (SHAPES[`${type}`]?.(rest) ?? false);
}

/** The type stands in a key as it travels too, with its length before it. */
export const keyType = (blob: Buffer): string => fields(blob, 1)?.found[0]?.toString("latin1") ?? "";
