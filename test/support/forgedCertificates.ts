import { type KeyObject, randomBytes, sign } from "node:crypto";

/** Certificates of every kind, also of those that no authority signs: written byte by byte, in this process. */

export type Digest = "md5" | "sha1" | "sha256" | "sha512" | "pss-sha1" | "pss-sha256";

export interface Keys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface Extension {
  readonly id: string;
  readonly critical?: boolean;
  readonly value: Buffer;
}

export interface CertificateSpec {
  /** Common name of the subject. */
  readonly name: string;
  readonly keys: Keys;
  /** @default it signs itself */
  readonly issuer?: { readonly name: string; readonly keys: Keys };
  readonly digest?: Digest;
  /** Days from now on until it begins, and until it ends. @default -1, 365 */
  readonly begins?: number;
  readonly days?: number;
  /** @default 3 */
  readonly version?: 1 | 3;
  readonly extensions?: readonly Extension[];
}

export const pem = (label: string, der: Buffer, width = 64): string =>
  `-----BEGIN ${label}-----\n${der.toString("base64").replace(new RegExp(`(.{${width}})(?=.)`, "g"), "$1\n")}\n-----END ${label}-----\n`;

/** The certificate as DER. */
export function forge(spec: CertificateSpec): Buffer {
  const { name, keys, issuer = spec, digest = "sha256", begins = -1, days = 365, version = 3, extensions = [] } = spec;
  const algorithm = algorithmOf(issuer.keys.privateKey, digest);
  const body = sequence(
    ...(version === 3 ? [tagged(0xa0, integer(Buffer.from([2])))] : []),
    integer(Buffer.concat([Buffer.from([0x40]), randomBytes(8)])),
    algorithm,
    nameOf(issuer.name),
    sequence(time(begins), time(days)),
    nameOf(name),
    publicDer(keys),
    ...(version === 3 && extensions.length > 0 ? [tagged(0xa3, sequence(...extensions.map(encoded)))] : []),
  );
  return sequence(body, algorithm, bits(signed(body, issuer.keys.privateKey, digest)));
}

const publicDers = new WeakMap<KeyObject, Buffer>();

/** Remembered: to export a key takes longer than all the rest. */
function publicDer({ publicKey }: Keys): Buffer {
  const der = publicDers.get(publicKey) ?? publicKey.export({ type: "spki", format: "der" });
  publicDers.set(publicKey, der);
  return der;
}

export const constraints = (isAuthority: boolean, length?: number): Extension => ({
  id: "2.5.29.19",
  critical: true,
  value: sequence(...(isAuthority ? [boolean] : []), ...(length === undefined ? [] : [integer(Buffer.from([length]))])),
});

/** @param used bits, from `digitalSignature` on (0) */
export const keyUsage = (...used: number[]): Extension => {
  const byte = used.reduce((all, bit) => all | (0x80 >> bit), 0);
  return { id: "2.5.29.15", critical: true, value: tagged(0x03, Buffer.from([0, byte])) };
};

export const extendedUsage = (...ids: string[]): Extension => ({
  id: "2.5.29.37",
  value: sequence(...ids.map(identifier)),
});

export const alternativeNames = (...names: readonly (readonly ["dns" | "ip", string])[]): Extension => ({
  id: "2.5.29.17",
  value: sequence(...names.map(generalName)),
});

export const nameConstraints = (kind: "permitted" | "excluded", domain: string): Extension => ({
  id: "2.5.29.30",
  critical: true,
  value: sequence(tagged(kind === "permitted" ? 0xa0 : 0xa1, sequence(generalName(["dns", domain])))),
});

export const unknownExtension = (critical: boolean): Extension => ({
  id: "1.3.6.1.4.1.99999.1",
  critical,
  value: tagged(0x04, Buffer.from("?")),
});

const generalName = ([kind, value]: readonly ["dns" | "ip", string]): Buffer =>
  kind === "dns" ? tagged(0x82, Buffer.from(value)) : tagged(0x87, Buffer.from(value.split(".").map(Number)));

function tagged(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: Buffer[]): Buffer => tagged(0x30, ...parts);
const integer = (value: Buffer): Buffer => tagged(0x02, value);
const bits = (value: Buffer): Buffer => tagged(0x03, Buffer.from([0]), value);
const boolean = tagged(0x01, Buffer.from([0xff]));
const nothing = tagged(0x05);

function identifier(id: string): Buffer {
  const [first = 0, second = 0, ...rest] = id.split(".").map(Number);
  const bytes = rest.flatMap((part) => {
    const septets = [part & 127];
    for (let left = part >> 7; left > 0; left >>= 7) septets.unshift((left & 127) | 128);
    return septets;
  });
  return tagged(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

const nameOf = (name: string): Buffer =>
  sequence(tagged(0x31, sequence(identifier("2.5.4.3"), tagged(0x0c, Buffer.from(name)))));

const time = (days: number): Buffer =>
  tagged(
    0x18,
    Buffer.from(`${new Date(Date.now() + days * 86_400_000).toISOString().replace(/\D/g, "").slice(0, 14)}Z`),
  );

const encoded = ({ id, critical, value }: Extension): Buffer =>
  sequence(identifier(id), ...(critical ? [boolean] : []), tagged(0x04, value));

const RSA = {
  md5: "1.2.840.113549.1.1.4",
  sha1: "1.2.840.113549.1.1.5",
  sha256: "1.2.840.113549.1.1.11",
  sha512: "1.2.840.113549.1.1.13",
};
const EC = { md5: undefined, sha1: "1.2.840.10045.4.1", sha256: "1.2.840.10045.4.3.2", sha512: "1.2.840.10045.4.3.4" };
const DSA = { md5: undefined, sha1: "1.2.840.10040.4.3", sha256: "2.16.840.1.101.3.4.3.2", sha512: undefined };
const PLAIN: Readonly<Record<string, string>> = { ed25519: "1.3.101.112", ed448: "1.3.101.113" };
const HASHES: Readonly<Record<string, string>> = { sha1: "1.3.14.3.2.26", sha256: "2.16.840.1.101.3.4.2.1" };

type Hash = keyof typeof RSA;

const isPss = (digest: Digest): boolean => digest.startsWith("pss-");
const hashOf = (digest: Digest): Hash => digest.replace("pss-", "") as Hash;

/** Whether such a key can sign so. */
export const canSign = ({ privateKey }: Keys, digest: Digest): boolean => {
  const type = privateKey.asymmetricKeyType ?? "";
  if (type in PLAIN) return digest === "sha256";
  if (type === "rsa-pss") return isPss(digest);
  if (type === "rsa") {
    const size = privateKey.asymmetricKeyDetails?.modulusLength ?? 0;
    return size > 600 || (!isPss(digest) && digest !== "sha512");
  }
  return !isPss(digest) && (type === "ec" ? EC : DSA)[hashOf(digest)] !== undefined;
};

function algorithmOf(key: KeyObject, digest: Digest): Buffer {
  const type = key.asymmetricKeyType ?? "";
  const plain = PLAIN[type];
  if (plain) return sequence(identifier(plain));
  const hash = hashOf(digest);
  if (isPss(digest)) {
    const ofHash = sequence(identifier(HASHES[hash] ?? ""), nothing);
    const mask = sequence(identifier("1.2.840.113549.1.1.8"), ofHash);
    const salt = integer(Buffer.from([hash === "sha1" ? 20 : 32]));
    const parameters = sequence(tagged(0xa0, ofHash), tagged(0xa1, mask), tagged(0xa2, salt));
    return sequence(identifier("1.2.840.113549.1.1.10"), parameters);
  }
  if (type === "rsa") return sequence(identifier(RSA[hash]), nothing);
  return sequence(identifier((type === "ec" ? EC : DSA)[hash] ?? ""));
}

function signed(body: Buffer, key: KeyObject, digest: Digest): Buffer {
  if ((key.asymmetricKeyType ?? "") in PLAIN) return sign(null, body, key);
  if (!isPss(digest)) return sign(hashOf(digest), body, key);
  const saltLength = hashOf(digest) === "sha1" ? 20 : 32;
  return sign(hashOf(digest), body, { key, padding: 6, saltLength });
}
