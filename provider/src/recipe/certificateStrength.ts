import type { KeyObject, X509Certificate } from "node:crypto";
import { isSelfSigned, subject } from "./certificates";
import { anotherAuthority, anotherKey, signing, signingAuthority } from "./signing";

/**
 * What OpenSSL finds too weak on its security level 2, on which Debian, Ubuntu and Red Hat have it. A server does without TLS then, or hangs up
 * on everybody who comes with TLS. The operator's own OpenSSL may be on another level.
 */

/** Bits. OpenSSL 3 rounds up and takes some below; OpenSSL 1.1, Red Hat and GnuTLS don't. */
const SMALLEST = 2048;
/** Those that OpenSSL offers in a handshake, whatever its version, and GnuTLS and Java too. */
const CURVES = ["prime256v1", "secp384r1", "secp521r1"];
const KEYS_FOR_TLS = ["rsa", "rsa-pss", "ec", "ed25519", "ed448"];

/** By the end of their object identifiers, as DER. */
const WEAK_SIGNATURES: Readonly<Record<string, string>> = {
  "06092a864886f70d010102": "MD2",
  "06092a864886f70d010103": "MD4",
  "06092a864886f70d010104": "MD5",
  "06092a864886f70d010105": "SHA-1",
  "06052b0e03021d": "SHA-1",
  "06072a8648ce3d0401": "SHA-1",
  "06072a8648ce380403": "SHA-1",
};
const PSS = "06092a864886f70d01010a";
const SHA1 = "06052b0e03021a";
const MD5 = "06082a864886f70d0205";

/** What is wrong with the node's own key. */
export function weakNodeKey(certificate: X509Certificate, address: string): string | undefined {
  const { publicKey } = certificate;
  const { asymmetricKeyType: type = "", asymmetricKeyDetails: details } = publicKey;
  const again = `. Have one issued for another key: ${anotherKey(address)}`;
  const weak = tooSmall(publicKey);
  if (weak) return `is for ${weak}${again}`;
  if (!KEYS_FOR_TLS.includes(type))
    return `is for a key of the kind ${type.toUpperCase()}, which TLS no longer takes${again}`;
  if (type === "ec" && !CURVES.includes(details?.namedCurve ?? ""))
    return `is for a key on the curve ${details?.namedCurve}, which not every client takes, as all do P-256, P-384 and P-521${again}`;
  return undefined;
}

/** What is wrong with another certificate of the chain. */
export function weakAuthorityKey(certificate: X509Certificate): string | undefined {
  const weak = tooSmall(certificate.publicKey);
  return weak && `${subject(certificate)} has ${weak}. Make another authority: ${anotherAuthority()}`;
}

/** What is wrong with how a certificate was signed. Of one that signed itself OpenSSL does not ask. */
export function weakSignature(certificate: X509Certificate, address: string): string | undefined {
  const digest = weakDigest(certificate);
  if (!digest || isSelfSigned(certificate)) return undefined;
  return `${subject(certificate)} is signed with ${digest}, which OpenSSL takes no more. Have it signed with SHA-256: ${certificate.ca ? signingAuthority() : signing(address)}`;
}

function tooSmall({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string | undefined {
  const bits = details?.modulusLength;
  if (bits === undefined || bits >= SMALLEST) return undefined;
  return `a key of the kind ${type?.toUpperCase()} with ${bits} bits, and OpenSSL takes none under ${SMALLEST}`;
}

/** The algorithm is named after what is signed. */
function weakDigest({ raw }: X509Certificate): string | undefined {
  const body = contentOf(raw);
  const algorithm = contentOf(body.subarray(contentEnd(body)));
  const text = algorithm.toString("hex");
  const weak = Object.entries(WEAK_SIGNATURES).find(([id]) => text.startsWith(id))?.[1];
  if (weak || !text.startsWith(PSS)) return weak;
  const parameters = contentOf(algorithm.subarray(PSS.length / 2));
  // The hash is the first of them, [0]; without it, it is SHA-1.
  if (parameters[0] !== 0xa0) return "SHA-1";
  const hash = contentOf(parameters).toString("hex");
  return hash.includes(SHA1) ? "SHA-1" : hash.includes(MD5) ? "MD5" : undefined;
}

/** Of a value in DER, where its content begins, and ends. */
function bounds(der: Buffer): [number, number] {
  const first = der[1] ?? 0;
  if (first < 0x80) return [2, 2 + first];
  const count = first & 0x7f;
  return [2 + count, 2 + count + der.readUIntBE(2, count)];
}

const contentOf = (der: Buffer): Buffer => der.subarray(...bounds(der));
const contentEnd = (der: Buffer): number => bounds(der)[1];
