import type { KeyObject, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { NodeTls } from "../inputs";
import { weakAuthorityKey, weakNodeKey, weakSignature } from "./certificateStrength";
import {
  type Certificates,
  chainOf,
  inLine,
  isSame,
  isSelfSigned,
  keyText,
  parse,
  parseKey,
  subject,
  type TlsProblem,
  Unreadable,
} from "./certificates";
import { pemText } from "./pem";
import { clientProblem, handshakeProblem } from "./tlsHandshake";

/** What the servers of a pair prove themselves with. */

/** What an account asks of its connections: nothing, TLS, or TLS with a certificate that the server's authority signed. */
export type TlsRequirement = "NONE" | "SSL" | "X509";

/** In the order of their numbers on a server. */
export const TLS_REQUIREMENTS = ["NONE", "SSL", "X509"] as const satisfies readonly TlsRequirement[];

export const isRequirement = (text: string | undefined): text is TlsRequirement =>
  (TLS_REQUIREMENTS as readonly (string | undefined)[]).includes(text);

/**
 * How a replica comes to its source. `verified`: with TLS, and only if the source proves itself. `mutual`: the replica proves itself too,
 * with its node's certificate, as accounts with `requireTls` X509 ask. `off`: without TLS.
 */
export type LinkTls = "off" | "verified" | "mutual";

export const LINK_TLS = ["off", "verified", "mutual"] as const satisfies readonly LinkTls[];

/** Certificate and key share a file: at no time one of them is new and the other is not. */
export const tlsFiles = (folder: string): { ca: string; certificate: string } => ({
  ca: `${folder}/ca.pem`,
  certificate: `${folder}/node.pem`,
});

const DAY = 86_400_000;
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";

/** What keeps a certificate from proving the node to whoever reaches it at `address`. No key is in the answer. */
export async function tlsProblems(tls: NodeTls, address: string): Promise<TlsProblem[]> {
  try {
    const authorities = parse("ca", tls.ca);
    const given = parse("certificate", tls.certificate, address);
    const key = parseKey(tls.privateKey);
    const misplaced = problemsOfOrder(given, authorities, key);
    if (misplaced.length > 0) return misplaced;
    const problems = [
      ...problemsOfKey(given, key),
      ...problemsOfCertificate(given[0], address),
      ...problemsOfChain(given, authorities, new Date()),
      ...problemsOfStrength(given, authorities, address),
    ];
    if (problems.length > 0) return problems;
    const reason = await handshakeProblem(tlsTexts(tls), address);
    return reason === undefined ? [] : [{ property: "certificate", reason, mayStay: true }];
  } catch (error) {
    if (error instanceof Unreadable) return [error.problem];
    throw error;
  }
}

/** Why the peer's server does not take the node's certificate from its replica. Undefined too where `tlsProblems` has something to say. */
export async function clientProblems(own: NodeTls, peer: NodeTls, address = "ADDRESS"): Promise<string | undefined> {
  try {
    return await clientProblem(tlsTexts(own), tlsTexts(peer), address);
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

/** What is wrong with the text of an authority's certificates, if anything. */
export function authorityProblem(text: string): string | undefined {
  try {
    parse("ca", text);
    return undefined;
  } catch (error) {
    if (error instanceof Unreadable) return error.problem.reason;
    throw error;
  }
}

/** Whether the certificate proves its node to whoever trusts these authorities. */
export function isTrustedBy(ca: string, { certificate }: Pick<NodeTls, "certificate">, now = new Date()): boolean {
  return problemsOfChain(parse("certificate", certificate), parse("ca", ca), now).length === 0;
}

/** Whole days until the first of the certificates ends with which a node proves itself. */
export function daysLeft(tls: NodeTls, now = new Date()): number {
  const chain = chainOf(parse("certificate", tls.certificate), parse("ca", tls.ca), now);
  return Math.floor(Math.min(...chain.map((one) => daysOf(one, now))));
}

/** From when to when the node's certificate is good, in the words of OpenSSL and MariaDB. */
export function validity({ certificate }: Pick<NodeTls, "certificate">): { from: string; to: string } {
  const [{ validFrom, validTo }] = parse("certificate", certificate);
  return { from: validFrom, to: validTo };
}

/** The text of the two files: what was given and nothing else, whatever stood around it and however it was pasted. */
export const tlsTexts = ({ ca, certificate, privateKey }: NodeTls): { ca: string; certificate: string } => ({
  ca: textOf(parse("ca", ca)),
  certificate: `${textOf(parse("certificate", certificate))}${keyText(privateKey)}`,
});

const textOf = (certificates: Certificates): string =>
  certificates.map(({ raw }) => pemText({ label: "CERTIFICATE", body: raw.toString("base64") })).join("");

/** What was given first has to be the node's own: all else is said of that. */
function problemsOfOrder(
  [certificate, ...between]: Certificates,
  authorities: Certificates,
  key: KeyObject,
): TlsProblem[] {
  if (certificate.checkPrivateKey(key)) return [];
  const own = between.find((one) => one.checkPrivateKey(key));
  const elsewhere = authorities.find((one) => one.checkPrivateKey(key));
  if (!own && elsewhere && certificate.ca && !elsewhere.ca) {
    const reason = `is that of an authority (${subject(certificate)}), and the node's own (${subject(elsewhere)}) is in "ca": exchange the two`;
    return [{ property: "certificate", reason }];
  }
  if (!own) return [];
  const reason = `begins with ${subject(certificate)}, and "privateKey" belongs to ${subject(own)} after it: put the node's own certificate first`;
  return [{ property: "certificate", reason }];
}

function problemsOfKey([certificate]: Certificates, key: KeyObject): TlsProblem[] {
  if (certificate.checkPrivateKey(key)) return [];
  return [{ property: "privateKey", reason: `is not the key of the certificate (${subject(certificate)})` }];
}

function problemsOfCertificate(certificate: X509Certificate, address: string): TlsProblem[] {
  const property = "certificate";
  const names = isIP(address) ? certificate.checkIP(address) : certificate.checkHost(address);
  const usages = certificate.keyUsage;
  return [
    ...(names
      ? []
      : [
          {
            property,
            reason: `does not name ${address}, where the peer reaches the node, but ${certificate.subjectAltName ?? subject(certificate)}; have it issued for that name too`,
          } as const,
        ]),
    ...(usages && !usages.includes(SERVER_AUTH)
      ? [{ property, reason: "is not for servers (extended key usage without serverAuth)" } as const]
      : []),
  ];
}

function problemsOfChain(given: Certificates, authorities: Certificates, now: Date): TlsProblem[] {
  const chain = chainOf(given, authorities, now);
  const last = chain[chain.length - 1] as X509Certificate;
  if (!isSelfSigned(last) || !authorities.some((authority) => isSame(authority, last))) {
    return [
      {
        property: "certificate",
        reason: `is not signed by "ca": the authority that signed ${subject(last)} is ${inLine(last.issuer)}. Give that one as "ca", and certificates in between after the node's own`,
      },
    ];
  }
  return chain.flatMap((one) => {
    const property = propertyOf(one, given);
    if (new Date(one.validFrom) > now)
      return [{ property, reason: `${subject(one)} is valid from ${one.validFrom} only` }];
    if (new Date(one.validTo) <= now)
      return [{ property, reason: `${subject(one)} expired on ${one.validTo}: renew it`, mayStay: true } as const];
    return [];
  });
}

/** What the server's OpenSSL finds too weak: of all that it is given as its own, and of those that it is trusted by. */
function problemsOfStrength(given: Certificates, authorities: Certificates, address: string): TlsProblem[] {
  const [own, ...between] = given;
  const above = chainOf(given, authorities).filter((one) => !given.some((other) => isSame(one, other)));
  const reasons = [
    { property: "certificate", reason: weakNodeKey(own, address) } as const,
    ...[...between, ...above].map((one) => ({ property: propertyOf(one, given), reason: weakAuthorityKey(one) })),
    ...[...given, ...above.slice(0, -1)].map((one) => ({
      property: propertyOf(one, given),
      reason: weakSignature(one, address),
    })),
  ];
  return reasons.flatMap(({ property, reason }) => (reason ? [{ property, reason, mayStay: true }] : []));
}

const propertyOf = (one: X509Certificate, given: Certificates): "certificate" | "ca" =>
  given.some((other) => isSame(one, other)) ? "certificate" : "ca";

const daysOf = ({ validTo }: X509Certificate, now: Date): number => (new Date(validTo).getTime() - now.getTime()) / DAY;
