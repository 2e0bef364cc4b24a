import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { NodeTls } from "../inputs";

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

export interface TlsProblem {
  readonly property: keyof NodeTls;
  readonly reason: string;
  /** True: it was good, and comes about by itself. */
  readonly isOver?: true;
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const DAY = 86_400_000;
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";

/** What keeps a certificate from proving the node to whoever reaches it at `address`. No key is in the answer. */
export function tlsProblems(tls: NodeTls, address: string, now = new Date()): TlsProblem[] {
  try {
    const authorities = parse("ca", tls.ca);
    const [certificate, ...between] = parse("certificate", tls.certificate);
    const key = parseKey(tls.privateKey);
    return [
      ...problemsOfKey(certificate, key),
      ...problemsOfCertificate(certificate, address),
      ...problemsOfChain([certificate, ...between], authorities, now),
    ];
  } catch (error) {
    if (error instanceof Unreadable) return [error.problem];
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
  const [certificate, ...between] = parse("certificate", tls.certificate);
  const chain = chainOf([certificate, ...between], parse("ca", tls.ca));
  return Math.floor(Math.min(...chain.map((one) => daysOf(one, now))));
}

/** From when to when the node's certificate is good, in the words of OpenSSL and MariaDB. */
export function validity({ certificate }: Pick<NodeTls, "certificate">): { from: string; to: string } {
  const [{ validFrom, validTo }] = parse("certificate", certificate);
  return { from: validFrom, to: validTo };
}

/** The text of the two files: each certificate from the beginning of a line, whatever stood between them. */
export const tlsTexts = ({ ca, certificate, privateKey }: NodeTls): { ca: string; certificate: string } => ({
  ca: onLines(ca),
  certificate: `${onLines(certificate)}${privateKey.trim()}\n`,
});

const onLines = (text: string): string => (text.match(PEM) ?? []).map((part) => `${part}\n`).join("");

class Unreadable extends Error {
  constructor(readonly problem: TlsProblem) {
    super(problem.reason);
  }
}

type Certificates = [X509Certificate, ...X509Certificate[]];

function parse(property: "ca" | "certificate", text: string): Certificates {
  const unreadable = (reason: string) => new Unreadable({ property, reason });
  const parts = text.match(PEM);
  if (!parts) {
    throw unreadable(
      /PRIVATE KEY/.test(text)
        ? "is a private key; give the certificate"
        : "has no certificate in PEM format: give the whole text, with -----BEGIN CERTIFICATE-----",
    );
  }
  try {
    return parts.map((part) => new X509Certificate(part)) as Certificates;
  } catch {
    throw unreadable("is cut off or damaged: give the whole text of the certificate");
  }
}

function parseKey(text: string): KeyObject {
  const unreadable = (reason: string) => new Unreadable({ property: "privateKey", reason });
  if (/BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(text)) {
    throw unreadable(
      "is encrypted, and the server has nobody to ask for its passphrase: `openssl pkey -in KEY` decrypts it",
    );
  }
  if (/BEGIN OPENSSH/.test(text)) throw unreadable("is a key for SSH; give the one that belongs to the certificate");
  try {
    return createPrivateKey(text);
  } catch {
    throw unreadable("is no private key in PEM format: give the whole text, with -----BEGIN PRIVATE KEY-----");
  }
}

function problemsOfKey(certificate: X509Certificate, key: KeyObject): TlsProblem[] {
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
  const chain = chainOf(given, authorities);
  const last = chain[chain.length - 1] as X509Certificate;
  if (!isSelfSigned(last) || !authorities.some((authority) => authority.fingerprint256 === last.fingerprint256)) {
    return [
      {
        property: "certificate",
        reason: `is not signed by "ca": the authority that signed ${subject(last)} is ${last.issuer.replaceAll("\n", ", ")}. Give that one as "ca", and certificates in between after the node's own`,
      },
    ];
  }
  return chain.flatMap((one) => {
    const property = given.includes(one) ? "certificate" : "ca";
    if (new Date(one.validFrom) > now)
      return [{ property, reason: `${subject(one)} is valid from ${one.validFrom} only` }];
    if (new Date(one.validTo) <= now)
      return [{ property, reason: `${subject(one)} expired on ${one.validTo}: renew it`, isOver: true } as const];
    return [];
  });
}

/** From the node's certificate up, as far as signatures lead. */
function chainOf(given: Certificates, authorities: Certificates): Certificates {
  const chain: Certificates = [given[0]];
  const known = [...given, ...authorities];
  for (let last = given[0]; !isSelfSigned(last); ) {
    const issuer = known.find((one) => !chain.includes(one) && last.checkIssued(one) && last.verify(one.publicKey));
    if (!issuer) break;
    chain.push(issuer);
    last = issuer;
  }
  return chain;
}

const isSelfSigned = (certificate: X509Certificate): boolean =>
  certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);

const daysOf = ({ validTo }: X509Certificate, now: Date): number => (new Date(validTo).getTime() - now.getTime()) / DAY;

const subject = (certificate: X509Certificate): string => certificate.subject.replaceAll("\n", ", ");
