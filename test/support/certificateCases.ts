import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import type { Digest } from "./forgedCertificates";

/** Certificates and keys as operators have them, good ones and all that may be wrong with them. */

export const KEYS = {
  "P-256": () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  "P-384": () => generateKeyPairSync("ec", { namedCurve: "P-384" }),
  "P-521": () => generateKeyPairSync("ec", { namedCurve: "P-521" }),
  "P-224": () => generateKeyPairSync("ec", { namedCurve: "secp224r1" }),
  "P-192": () => generateKeyPairSync("ec", { namedCurve: "prime192v1" }),
  secp256k1: () => generateKeyPairSync("ec", { namedCurve: "secp256k1" }),
  brainpool: () => generateKeyPairSync("ec", { namedCurve: "brainpoolP256r1" }),
  ed25519: () => generateKeyPairSync("ed25519"),
  ed448: () => generateKeyPairSync("ed448"),
  rsa512: () => generateKeyPairSync("rsa", { modulusLength: 512 }),
  rsa1024: () => generateKeyPairSync("rsa", { modulusLength: 1024 }),
  rsa2048: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  rsa3072: () => generateKeyPairSync("rsa", { modulusLength: 3072 }),
  pss2048: () => generateKeyPairSync("rsa-pss", { modulusLength: 2048 }),
  dsa1024: () => generateKeyPairSync("dsa", { modulusLength: 1024, divisorLength: 160 }),
} satisfies Record<string, () => unknown>;
export type KeyName = keyof typeof KEYS;

export interface OneSpec {
  readonly key?: KeyName;
  /** What it is signed with. */
  readonly digest?: Digest;
  readonly time?: "expired" | "not yet";
  readonly extra?: (typeof EXTRAS)[number];
}

const DIGESTS = ["md5", "sha1", "sha512", "pss-sha1", "pss-sha256"] as const;
const EXTRAS = [
  "no constraints",
  "CA:TRUE",
  "CA:FALSE",
  "pathlen 0",
  "version 1",
  "no certSign",
  "signs only",
  "agrees only",
  "server",
  "client",
  "both",
  "permits org",
  "permits com",
  "excludes org",
  "critical",
  "unknown",
] as const;

export interface CertificateSpec {
  readonly root?: OneSpec;
  readonly between?: readonly OneSpec[];
  readonly leaf?: OneSpec & { readonly names?: (typeof NAMES)[number]; readonly signedBy?: "itself" };
  readonly order?: (typeof ORDERS)[number];
  readonly ca?: (typeof AUTHORITIES)[number];
  readonly privateKey?: (typeof KEY_FORMS)[number];
  readonly dress?: (typeof DRESSES)[number];
}
export type CertificateCase = CertificateSpec & { readonly address: string };

const NAMES = ["CN alone", "other", "wildcard", "several", "none", "upper case"] as const;
const ORDERS = [
  "leaf last",
  "between reversed",
  "with root",
  "leaf twice",
  "without between",
  "with a weak stranger",
  "with a stranger",
] as const;
const AUTHORITIES = [
  "and another",
  "another",
  "twice",
  "and its expired one",
  "expired one first",
  "and between",
  "between alone",
  "empty",
  "and a weak one",
  "and one of the same name",
] as const;
const KEY_FORMS = [
  "traditional",
  "with parameters",
  "other",
  "other kind",
  "encrypted",
  "cut",
  "empty",
  "of an authority",
  "public",
  "with certificate",
  "twice",
] as const;
const DRESSES = [
  "CRLF",
  "BOM",
  "text around",
  "TRUSTED",
  "X509",
  "DER",
  "glued",
  "no last line break",
  "one line",
  "indented",
  "cut",
  "a line missing",
  "escaped",
  "blank lines",
  "trailing blanks",
] as const;

const rarely = <T>(...others: readonly T[]) =>
  fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

const one = fc.record({
  key: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<KeyName[]>("P-256", "rsa2048", "ed25519") },
    { weight: 1, arbitrary: fc.constantFrom(...(Object.keys(KEYS) as KeyName[])) },
  ),
  digest: rarely(...DIGESTS),
  time: rarely("expired" as const, "not yet" as const),
  extra: rarely(...EXTRAS),
});

export const certificateCases: fc.Arbitrary<CertificateCase> = fc
  .record({
    address: fc.constantFrom("db1.example.org", "db1.example.org", "192.0.2.7", "db1"),
    root: one,
    between: fc.oneof(fc.constant([]), fc.array(one, { maxLength: 2 })),
    leaf: fc
      .record({ names: rarely(...NAMES), signedBy: rarely("itself" as const) })
      .chain((more) => one.map((rest) => ({ ...rest, ...more }))),
    order: rarely(...ORDERS),
    ca: rarely(...AUTHORITIES),
    privateKey: rarely(...KEY_FORMS),
    dress: rarely(...DRESSES),
  })
  .map((all) => JSON.parse(JSON.stringify(all)));
