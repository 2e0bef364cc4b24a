import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import type { NodeTls } from "../inputs";
import { otherForm } from "./keyForms";
import { isBase64, isCutOff, pemBlocks, pemText } from "./pem";
import { signing } from "./signing";

/** Certificates and their keys, as they are read from what was given, and who signed whom. */

export interface TlsProblem {
  readonly property: keyof NodeTls;
  readonly reason: string;
  /** True: a node that uses it already goes on so. It has ended, or its server takes what others don't. */
  readonly mayStay?: true;
}

export class Unreadable extends Error {
  constructor(readonly problem: TlsProblem) {
    super(problem.reason);
  }
}

export type Certificates = [X509Certificate, ...X509Certificate[]];

/** OpenSSL knows them by three names. */
const CERTIFICATE = /^(X509 |TRUSTED )?CERTIFICATE$/;
const KEY = /PRIVATE KEY$/;
const REQUEST = /BEGIN (NEW )?CERTIFICATE REQUEST/;

/** The certificates of a text. Throws Unreadable. @param address for which the certificate is, where that is known */
export function parse(property: "ca" | "certificate", text: string, address?: string): Certificates {
  const unreadable = (reason: string) => new Unreadable({ property, reason });
  const damaged = "is cut off or damaged: give the whole text of the certificate";
  const blocks = pemBlocks(text);
  const parts = blocks.filter(({ label }) => CERTIFICATE.test(label));
  if (isCutOff(text) && /BEGIN [A-Z0-9 ]*CERTIFICATE/.test(text)) throw unreadable(damaged);
  if (parts.length === 0) throw unreadable(noCertificate(text, address));
  if (!parts.every(({ body }) => isBase64(body))) throw unreadable(damaged);
  try {
    return parts.map((part) => new X509Certificate(pemText(part))) as Certificates;
  } catch {
    throw unreadable(damaged);
  }
}

function noCertificate(text: string, address: string | undefined): string {
  const form = otherForm("certificate", text);
  if (!form) return "has no certificate in PEM format: give the whole text, with -----BEGIN CERTIFICATE-----";
  return REQUEST.test(text) ? `${form}: ${signing(address)}` : form;
}

/** The private key of a text, as it is written to a file. Throws Unreadable. */
export function keyText(text: string): string {
  const unreadable = (reason: string) => new Unreadable({ property: "privateKey", reason });
  const key = pemBlocks(text).find(({ label }) => KEY.test(label));
  if (!key && isCutOff(text)) throw unreadable("is cut off: give the whole text, up to -----END");
  if (!key) {
    const none = "is no private key in PEM format: give the whole text, with -----BEGIN PRIVATE KEY-----";
    throw unreadable(otherForm("key", text) ?? none);
  }
  if (key.encryption || key.label.startsWith("ENCRYPTED")) {
    throw unreadable(
      "is encrypted, and the server has nobody to ask for its passphrase: `openssl pkey -in FILE -out KEY` decrypts it",
    );
  }
  if (key.label.startsWith("OPENSSH"))
    throw unreadable("is a key for SSH; give the one that belongs to the certificate");
  return pemText(key);
}

export function parseKey(text: string): KeyObject {
  const key = keyText(text);
  try {
    return createPrivateKey(key);
  } catch {
    throw new Unreadable({
      property: "privateKey",
      reason: "is cut off or damaged, or of a kind that OpenSSL does not read: give the whole text of the key",
    });
  }
}

/** From the node's certificate up, as far as signatures lead. As OpenSSL does it, by trusted ones first, and by those that are good now. */
export function chainOf(given: Certificates, authorities: Certificates, now = new Date()): Certificates {
  const chain: Certificates = [given[0]];
  const known = [...authorities, ...given];
  const preferred = [...known.filter((one) => isGood(one, now)), ...known.filter((one) => !isGood(one, now))];
  for (let last = given[0]; !isSelfSigned(last); ) {
    const issuer = preferred.find((one) => !chain.some((other) => isSame(one, other)) && hasSigned(one, last));
    if (!issuer) break;
    chain.push(issuer);
    last = issuer;
  }
  return chain;
}

const isGood = ({ validFrom, validTo }: X509Certificate, now: Date): boolean =>
  new Date(validFrom) <= now && new Date(validTo) > now;

const hasSigned = (issuer: X509Certificate, one: X509Certificate): boolean => {
  try {
    return one.checkIssued(issuer) && one.verify(issuer.publicKey);
  } catch {
    // A key of a kind that nothing is signed with.
    return false;
  }
};

export const isSelfSigned = (certificate: X509Certificate): boolean => hasSigned(certificate, certificate);

export const isSame = (one: X509Certificate, other: X509Certificate): boolean =>
  one.fingerprint256 === other.fingerprint256;

export const subject = (certificate: X509Certificate): string => inLine(certificate.subject) || "the certificate";

export const inLine = (name: string): string => (name ?? "").replaceAll("\n", ", ");
