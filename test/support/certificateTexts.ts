import type { KeyObject } from "node:crypto";
import { isIP } from "node:net";
import type { NodeTls } from "../../provider/src/inputs";
import { tlsTexts } from "../../provider/src/recipe/tls";
import { type CertificateSpec, KEYS, type KeyName, type OneSpec } from "./certificateCases";
import {
  alternativeNames,
  canSign,
  constraints,
  type Digest,
  type Extension,
  extendedUsage,
  forge,
  type Keys,
  keyUsage,
  nameConstraints,
  pem,
  unknownExtension,
} from "./forgedCertificates";

/** The texts of a case, as they are pasted. */

const SERVER = "1.3.6.1.5.5.7.3.1";
const CLIENT = "1.3.6.1.5.5.7.3.2";

const made = new Map<string, Keys>();

/** Always the same for a name and a number. */
function keysOf(name: KeyName, number: number): Keys {
  const found = made.get(`${name} ${number}`);
  if (found) return found;
  const keys = KEYS[name]() as unknown as Keys;
  made.set(`${name} ${number}`, keys);
  return keys;
}

const times = ({ time }: OneSpec) =>
  time === "expired" ? { begins: -9, days: -1 } : time === "not yet" ? { begins: 2, days: 9 } : {};

function extensionsOf(extra: OneSpec["extra"], isAuthority: boolean): Extension[] {
  const basic = isAuthority ? [constraints(true)] : [];
  const more: Partial<Record<NonNullable<typeof extra>, Extension[]>> = {
    "no constraints": [],
    "CA:TRUE": [constraints(true)],
    "CA:FALSE": [constraints(false)],
    "pathlen 0": [constraints(true, 0)],
    "version 1": [],
    "no certSign": [...basic, keyUsage(0, 2)],
    "signs only": [...basic, keyUsage(5)],
    "agrees only": [...basic, keyUsage(4)],
    server: [...basic, extendedUsage(SERVER)],
    client: [...basic, extendedUsage(CLIENT)],
    both: [...basic, extendedUsage(CLIENT, SERVER)],
    "permits org": [...basic, nameConstraints("permitted", "example.org")],
    "permits com": [...basic, nameConstraints("permitted", "example.com")],
    "excludes org": [...basic, nameConstraints("excluded", "example.org")],
    critical: [...basic, unknownExtension(true)],
    unknown: [...basic, unknownExtension(false)],
  };
  return (extra && more[extra]) ?? basic;
}

function namesOf(names: NonNullable<CertificateSpec["leaf"]>["names"], address: string): Extension[] {
  const kind = isIP(address) ? "ip" : "dns";
  const chosen = {
    "CN alone": [],
    none: [],
    other: [["dns", "db2.example.org"]],
    wildcard: [["dns", "*.example.org"]],
    several: [
      ["dns", "x.example.org"],
      [kind, address],
      ["ip", "192.0.2.9"],
    ],
    "upper case": [[kind, address.toUpperCase()]],
  } as const;
  const list = names ? chosen[names] : ([[kind, address]] as const);
  return list.length > 0 ? [alternativeNames(...(list as readonly (readonly ["dns" | "ip", string])[]))] : [];
}

interface Link {
  readonly name: string;
  readonly keys: Keys;
}

const signable = (keys: Keys, digest: Digest | undefined): Digest =>
  digest && canSign(keys, digest)
    ? digest
    : canSign(keys, "sha256")
      ? "sha256"
      : canSign(keys, "pss-sha256")
        ? "pss-sha256"
        : "sha1";

/** The texts of a case. Keys are the same in each; all else is made again. */
export function madeOf(spec: CertificateSpec, address: string): NodeTls {
  const { root = {}, between = [], leaf = {} } = spec;
  const certificate = (one: OneSpec, own: Link, issuer: Link, isAuthority: boolean, more: Extension[] = []): Buffer =>
    forge({
      ...own,
      issuer,
      digest: signable(issuer.keys, one.digest),
      ...times(one),
      version: one.extra === "version 1" ? 1 : 3,
      extensions: [...extensionsOf(one.extra, isAuthority), ...more],
    });
  const top: Link = { name: "Test CA", keys: keysOf(root.key ?? "P-256", 0) };
  const rootCertificate = certificate(root, top, top, true);
  let issuer = top;
  const chain: Buffer[] = [];
  between.forEach((one, index) => {
    const own = { name: `Between ${index}`, keys: keysOf(one.key ?? "P-256", index + 1) };
    chain.unshift(certificate(one, own, issuer, true));
    issuer = own;
  });
  const own = { name: leaf.names === "none" ? "the node" : address, keys: keysOf(leaf.key ?? "P-256", 3) };
  const leafCertificate = certificate(leaf, own, leaf.signedBy ? own : issuer, false, namesOf(leaf.names, address));
  const stranger: Link = { name: "Another CA", keys: keysOf("P-256", 4) };
  const weak: Link = { name: "Weak CA", keys: keysOf("rsa1024", 4) };
  const other = certificate({}, stranger, stranger, true);
  const given = ordered(spec.order, leafCertificate, chain, rootCertificate, [
    other,
    certificate({}, weak, weak, true),
  ]);
  const trusted = {
    "and another": [other, rootCertificate],
    another: [other],
    twice: [rootCertificate, rootCertificate],
    "and its expired one": [rootCertificate, certificate({ ...root, time: "expired" }, top, top, true)],
    "expired one first": [certificate({ ...root, time: "expired" }, top, top, true), rootCertificate],
    "and between": [...chain, rootCertificate],
    "between alone": chain,
    empty: [],
    "and a weak one": [certificate({}, weak, weak, true), rootCertificate],
    "and one of the same name": [
      certificate({}, { ...stranger, name: top.name }, { ...stranger, name: top.name }, true),
      rootCertificate,
    ],
  };
  return {
    ca: dressed(spec.ca ? trusted[spec.ca] : [rootCertificate], spec.dress),
    certificate: dressed(given, spec.dress),
    privateKey: inDress(
      privateText(spec.privateKey, own.keys, issuer.keys, pem("CERTIFICATE", leafCertificate)),
      spec.dress,
    ),
  };
}

function ordered(
  order: CertificateSpec["order"],
  leaf: Buffer,
  chain: readonly Buffer[],
  root: Buffer,
  [stranger, weak]: readonly [Buffer, Buffer],
): Buffer[] {
  const orders = {
    "leaf last": [...chain, leaf],
    "between reversed": [leaf, ...[...chain].reverse()],
    "with root": [leaf, ...chain, root],
    "leaf twice": [leaf, leaf, ...chain],
    "without between": [leaf],
    "with a weak stranger": [leaf, ...chain, weak],
    "with a stranger": [leaf, ...chain, stranger],
  };
  return order ? orders[order] : [leaf, ...chain];
}

function privateText(form: CertificateSpec["privateKey"], own: Keys, authority: Keys, certificate: string): string {
  const text = (key: KeyObject) => String(key.export({ type: "pkcs8", format: "pem" }));
  const { privateKey } = own;
  const type = privateKey.asymmetricKeyType;
  const traditional = () =>
    type === "rsa" || type === "ec"
      ? String(privateKey.export({ type: type === "rsa" ? "pkcs1" : "sec1", format: "pem" } as never))
      : text(privateKey);
  const forms = {
    traditional,
    "with parameters": () =>
      `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${traditional()}`,
    other: () => text(keysOf("P-256", 8).privateKey),
    "other kind": () => text(keysOf("ed25519", 9).privateKey),
    encrypted: () =>
      String(privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })),
    cut: () => text(privateKey).slice(0, -40),
    empty: () => "",
    "of an authority": () => text(authority.privateKey),
    public: () => String(own.publicKey.export({ type: "spki", format: "pem" })),
    "with certificate": () => `${text(privateKey)}${certificate}`,
    twice: () => text(privateKey) + text(privateKey),
  };
  return form ? forms[form]() : text(privateKey);
}

/** Certificates in the form in which they are pasted. */
function dressed(certificates: readonly Buffer[], dress: CertificateSpec["dress"]): string {
  if (dress === "DER") return Buffer.concat([...certificates]).toString("latin1");
  const label = dress === "X509" ? "X509 CERTIFICATE" : dress === "TRUSTED" ? "TRUSTED CERTIFICATE" : "CERTIFICATE";
  const texts = certificates.map((one) => pem(label, one, dress === "one line" ? 100_000 : 64));
  if (dress === "glued") return texts.map((text) => text.trim()).join("");
  if (dress === "text around")
    return texts.map((text) => `subject=CN = x - y\n-----\n${text}Bag Attributes: <No>\n`).join("");
  if (dress === "cut") return texts.join("").slice(0, -40);
  if (dress === "a line missing") return texts.join("").replace(/\n.{64}\n/, "\n");
  return inDress(texts.join(""), dress);
}

function inDress(text: string, dress: CertificateSpec["dress"]): string {
  if (dress === "CRLF") return text.replaceAll("\n", "\r\n");
  if (dress === "BOM") return `\uFEFF${text}`;
  if (dress === "no last line break") return text.trim();
  if (dress === "indented") return text.replace(/^/gm, "    ");
  if (dress === "escaped") return text.replaceAll("\n", "\\n");
  if (dress === "blank lines") return `\n\n${text.replaceAll("-----\n", "-----\n\n")}`;
  if (dress === "trailing blanks") return text.replaceAll("\n", " \t\n");
  return text;
}

/** What would be written; for what can't be read, what was given. */
export function textsOf(given: NodeTls): { ca: string; certificate: string } {
  try {
    return tlsTexts(given);
  } catch {
    return { ca: given.ca, certificate: `${given.certificate}\n${given.privateKey}` };
  }
}

/** By which option `openssl s_client` compares the name. */
export const nameOption = (address: string): string => (isIP(address) ? "-verify_ip" : "-verify_hostname");
