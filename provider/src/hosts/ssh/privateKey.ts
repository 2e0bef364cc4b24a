import { createPrivateKey, type KeyObject } from "node:crypto";
import type { ParsedKey } from "ssh2";
import { isBase64, isCutOff, type PemBlock, pemBlocks, pemText } from "../../recipe/pem";
import { field, fields, number, SMALLEST_RSA } from "./wire";

/** What an operator proves himself with. */

/** What is wrong with a private key, and how to repair it. Neither key nor passphrase is in it. */
export class KeyProblem extends Error {
  constructor(
    readonly property: "privateKey" | "passphrase",
    /** As it reads after the property's name. */
    readonly reason: string,
  ) {
    super(reason);
  }
}

/** Reads a private key as ssh-keygen does, and some that it does not. Throws a KeyProblem. */
export function readPrivateKey(text: string, passphrase: string | undefined): ParsedKey {
  const block = pemBlocks(text).find(({ label }) => label.endsWith("PRIVATE KEY"));
  if (!block) throw wrong(noKey(text));
  if (!isBase64(block.body)) throw wrong(DAMAGED);
  const key = block.label.startsWith("OPENSSH") ? ofOpenSsh(block, passphrase) : ofPem(block, passphrase);
  if (!canSign(key)) throw wrong(DAMAGED);
  return key;
}

const wrong = (reason: string): KeyProblem => new KeyProblem("privateKey", reason);

const DAMAGED = "is cut off or damaged: give the whole text of the file, from -----BEGIN to -----END";
const ANOTHER = "make another: `ssh-keygen -t ed25519 -f KEY`, and add KEY.pub to the authorized_keys of that user";
const MISSING = new KeyProblem("passphrase", 'is missing: "privateKey" is encrypted');
const DOES_NOT_FIT = new KeyProblem(
  "passphrase",
  'does not decrypt "privateKey", or that is damaged: `ssh-keygen -y -f KEY` tries it',
);

function noKey(text: string): string {
  if (text.trim() === "") return "is empty: give the text of the file";
  if (/^[~.]{0,2}\/\S*$/.test(text.trim())) return "is a path; give the text of that file";
  if (/PuTTY-User-Key-File/.test(text)) {
    return "is in PuTTY's format; convert it: puttygen key.ppk -O private-openssh -o key";
  }
  if (/^\s*(ssh-|ecdsa-|sk-|-+ ?BEGIN [A-Z0-9 ]*PUBLIC KEY)/.test(text)) {
    return "is a public key; give the private one, which begins with -----BEGIN";
  }
  if (isCutOff(text) || /PRIVATE KEY-----/.test(text)) return DAMAGED;
  return "is no private key: give the whole text of the file, from -----BEGIN to -----END";
}

const MAGIC = "openssh-key-v1\0";

/** OpenSSH's own format. What of it is not encrypted tells what is wrong. */
function ofOpenSsh(block: PemBlock, passphrase: string | undefined): ParsedKey {
  const bytes = Buffer.from(block.body, "base64");
  const head = fields(bytes.subarray(MAGIC.length), 3);
  const [cipher, derivation] = head?.found.map(String) ?? [];
  if (!bytes.toString("latin1").startsWith(MAGIC) || !head || head.found.length < 3) throw wrong(DAMAGED);
  // ssh-keygen doesn't take a text whose last character has bits that nobody reads.
  if (bytes.toString("base64") !== block.body) throw wrong(DAMAGED);
  const body = fields(head.rest.subarray(4), 2);
  const type = fields(body?.found[0] ?? Buffer.alloc(0), 1)?.found[0]?.toString("latin1") ?? "";
  if (!body || body.found.length < 2 || head.rest.readUInt32BE(0) !== 1) throw wrong(DAMAGED);
  refuseType(type);
  const isEncrypted = cipher !== "none" || derivation !== "none";
  if (isEncrypted && !passphrase) throw MISSING;
  if (cipher?.startsWith("chacha20")) {
    throw wrong(
      `is encrypted with ${cipher}, which is not known here: \`ssh-keygen -p -Z aes256-ctr -f KEY\` changes that`,
    );
  }
  const key = parse(pemText(block), passphrase);
  if (!key) throw isEncrypted ? DOES_NOT_FIT : wrong(DAMAGED);
  if (!key.getPublicSSH().equals(body.found[0] as Buffer)) throw wrong(DAMAGED);
  return key;
}

function refuseType(type: string): void {
  if (type.startsWith("sk-")) {
    throw wrong(`is on a hardware token, which asks for a touch at each login: ${ANOTHER}`);
  }
  if (type === "ssh-dss") throw wrong(`is a DSA key, which sshd takes no more: ${ANOTHER}`);
}

/** PKCS #1, SEC 1 and PKCS #8, as OpenSSL reads them. */
function ofPem(block: PemBlock, passphrase: string | undefined): ParsedKey {
  const isEncrypted = block.encryption !== undefined || block.label.startsWith("ENCRYPTED");
  if (isEncrypted && !passphrase) throw MISSING;
  const key = opened(pemText(block), passphrase);
  if (!key) throw isEncrypted ? DOES_NOT_FIT : wrong(DAMAGED);
  const parsed = parse(inFormatOf(key), undefined);
  if (!parsed) throw wrong(DAMAGED);
  return parsed;
}

function opened(text: string, passphrase: string | undefined): KeyObject | undefined {
  try {
    return createPrivateKey({ key: text, passphrase });
  } catch {
    return undefined;
  }
}

const CURVES = ["prime256v1", "secp384r1", "secp521r1"];

/** As ssh2 takes it. */
function inFormatOf(key: KeyObject): string {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "rsa") {
    const bits = details?.modulusLength ?? 0;
    if (bits < SMALLEST_RSA)
      throw wrong(`is an RSA key of ${bits} bits, and sshd takes none under ${SMALLEST_RSA}: ${ANOTHER}`);
    return String(key.export({ type: "pkcs1", format: "pem" }));
  }
  if (type === "ec" && CURVES.includes(details?.namedCurve ?? ""))
    return String(key.export({ type: "sec1", format: "pem" }));
  if (type === "ed25519") return ed25519(key);
  if (type === "dsa") refuseType("ssh-dss");
  throw wrong(
    `is a key of the kind ${[type, details?.namedCurve].filter(Boolean).join(" ")}, which sshd does not take: ${ANOTHER}`,
  );
}

function ed25519(key: KeyObject): string {
  const { d = "", x = "" } = key.export({ format: "jwk" });
  const [secret, open] = [d, x].map((part) => Buffer.from(part, "base64url")) as [Buffer, Buffer];
  const type = field("ssh-ed25519");
  const inner = Buffer.concat([
    number(0),
    number(0),
    type,
    field(open),
    field(Buffer.concat([secret, open])),
    field(""),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, index) => index + 1));
  const bytes = Buffer.concat([
    Buffer.from(MAGIC),
    ...["none", "none", ""].map(field),
    number(1),
    field(Buffer.concat([type, field(open)])),
    field(Buffer.concat([inner, padding])),
  ]);
  return pemText({ label: "OPENSSH PRIVATE KEY", body: bytes.toString("base64") });
}

/** Undefined: it can't be read. What ssh2 returns then may be an error, of whatever kind, or nothing. */
function parse(text: string, passphrase: string | undefined): ParsedKey | undefined {
  const { utils } = require("ssh2") as typeof import("ssh2");
  try {
    const key = utils.parseKey(text, passphrase) as Partial<ParsedKey> | undefined;
    return typeof key?.getPublicSSH === "function" ? (key as ParsedKey) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the secret part belongs to the open one. */
function canSign(key: ParsedKey): boolean {
  const data = Buffer.from("whose key is this");
  const algorithm = key.type === "ssh-rsa" ? "sha256" : undefined;
  try {
    const signature = key.sign(data, algorithm) as Buffer | Error;
    return Buffer.isBuffer(signature) && key.verify(data, signature, algorithm) === true;
  } catch {
    return false;
  }
}
