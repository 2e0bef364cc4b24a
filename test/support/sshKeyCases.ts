import { execFileSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { field, number } from "../../provider/src/hosts/ssh/wire";

/** Private keys of SSH as operators have them: every type, format and cipher, and what copying and pasting does to them. */

const TYPES = [
  "rsa1024",
  "rsa2048",
  "ecdsa256",
  "ecdsa384",
  "ecdsa521",
  "ed25519",
  "dsa",
  "sk",
  "sk-ecdsa",
  "rsa768",
  "secp256k1",
  "ed448",
  "x25519",
] as const;
const CIPHERS = [
  "aes128-cbc",
  "aes192-cbc",
  "aes256-cbc",
  "aes128-ctr",
  "aes192-ctr",
  "aes256-ctr",
  "aes128-gcm@openssh.com",
  "aes256-gcm@openssh.com",
  "3des-cbc",
  "chacha20-poly1305@openssh.com",
] as const;
const PEM_CIPHERS = ["aes-128-cbc", "aes-256-cbc", "des-ede3-cbc"] as const;
const DAMAGES = [
  "CRLF",
  "no last line break",
  "leading blanks",
  "text before",
  "text after",
  "one line",
  "escaped",
  "indented",
  "EC PARAMETERS",
  "cut",
  "without END",
  "without BEGIN",
  "a line missing",
  "a character changed",
  "the public key",
  "its certificate",
  "a path",
  "PuTTY",
  "empty",
  "twice",
  "BOM",
  "blank lines",
  "trailing blanks",
  "wide",
  "END of another",
] as const;

export interface SshKeySpec {
  readonly type: (typeof TYPES)[number];
  readonly format: "openssh" | "traditional" | "pkcs8";
  /** Of those of the format, modulo. Undefined: it is not encrypted. */
  readonly cipher?: number;
  readonly passphrase: "right" | "wrong" | "missing";
  readonly damage?: (typeof DAMAGES)[number];
  /** Where, from 0 to 1. */
  readonly place: number;
}

export interface SshKeyCase {
  readonly text: string;
  readonly passphrase: string | undefined;
  readonly spec: SshKeySpec;
}

export const sshKeySpecs: fc.Arbitrary<SshKeySpec> = fc
  .record({
    type: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom("rsa2048", "ecdsa256", "ecdsa521", "ed25519") },
      { weight: 2, arbitrary: fc.constantFrom(...TYPES) },
    ),
    format: fc.constantFrom("openssh", "openssh", "traditional", "pkcs8"),
    cipher: fc.option(fc.nat(29), { nil: undefined }),
    passphrase: fc.constantFrom("right", "right", "right", "wrong", "missing"),
    damage: fc.option(fc.constantFrom(...DAMAGES), { nil: undefined }),
    place: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map((spec) => JSON.parse(JSON.stringify(spec)));

export const PASSPHRASE = "pâss wörd'\"$";

export class SshKeys implements Disposable {
  private readonly folder = mkdtempSync(path.join(tmpdir(), "session-store-keys-"));
  private readonly texts = new Map<string, string>();

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }

  /** The text of a case, and what it is opened with. */
  of(spec: SshKeySpec): SshKeyCase {
    const text = this.whole(spec);
    const passphrase = { right: PASSPHRASE, wrong: "another", missing: undefined }[spec.passphrase];
    return { text: damaged(text, spec, this.publicOf(spec)), passphrase, spec };
  }

  private remembered(key: string, make: () => string): string {
    const text = this.texts.get(key) ?? make();
    this.texts.set(key, text);
    return text;
  }

  private whole({ type, format, cipher }: SshKeySpec): string {
    const made = cipher === undefined ? undefined : cipher % (format === "openssh" ? CIPHERS : PEM_CIPHERS).length;
    return this.remembered(`${type} ${format} ${made}`, () => {
      if (isForeign(type)) return pemOf(this.foreign(type), format === "pkcs8" || !isRsaOrEc(type), made);
      if (format === "openssh" || type.startsWith("sk") || (type === "ed25519" && format === "traditional"))
        return this.openSsh(type, made);
      return pemOf(createPrivateKey(type === "ed25519" ? this.ed25519() : this.pem(type)), format === "pkcs8", made);
    });
  }

  private foreign(type: string): KeyObject {
    const text = this.remembered(`foreign ${type}`, () => {
      const { privateKey } = {
        rsa768: () => generateKeyPairSync("rsa", { modulusLength: 768 }),
        secp256k1: () => generateKeyPairSync("ec", { namedCurve: "secp256k1" }),
        ed448: () => generateKeyPairSync("ed448"),
        x25519: () => generateKeyPairSync("x25519"),
      }[type as "ed448"]();
      return String(privateKey.export({ type: "pkcs8", format: "pem" }));
    });
    return createPrivateKey(text);
  }

  private ed25519(): string {
    return this.remembered("ed25519 pem", () =>
      String(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" })),
    );
  }

  /** A file of ssh-keygen, made once. */
  private file(type: string): string {
    const file = path.join(this.folder, type);
    this.remembered(`file ${type}`, () => {
      if (type.startsWith("sk")) writeFileSync(file, onToken(type), { mode: 0o600 });
      else {
        const [, name = "", bits] = /^([a-z]+)(\d+)?$/.exec(type === "ed25519" ? "ed" : type) ?? [];
        const size = bits ? ["-b", bits] : [];
        keygen(["-q", "-t", name === "ed" ? "ed25519" : name, ...size, "-N", "", "-C", "a comment", "-f", file]);
      }
      return "made";
    });
    return file;
  }

  private changed(type: string, ...how: string[]): string {
    const copy = path.join(this.folder, "copy");
    copyFileSync(this.file(type), copy);
    if (how.length > 0) keygen(["-q", "-p", "-P", "", ...how, "-f", copy]);
    return readFileSync(copy, "utf8");
  }

  private openSsh(type: string, cipher: number | undefined): string {
    return cipher === undefined
      ? this.changed(type)
      : this.changed(type, "-N", PASSPHRASE, "-a", "1", "-Z", CIPHERS[cipher] ?? "");
  }

  private pem(type: string): string {
    return this.remembered(`pem ${type}`, () => this.changed(type, "-N", "", "-m", "PEM"));
  }

  private publicOf({ type }: SshKeySpec): string {
    if (isForeign(type)) return `ssh-rsa ${"A".repeat(100)}`;
    return this.remembered(`public ${type}`, () => keygen(["-y", "-f", this.file(type)]));
  }
}

const isForeign = (type: string) => ["rsa768", "secp256k1", "ed448", "x25519"].includes(type);
const isRsaOrEc = (type: string) => /^(rsa|ecdsa|secp)/.test(type);

const keygen = (how: readonly string[]): string => execFileSync("ssh-keygen", how, { encoding: "utf8", stdio: "pipe" });

function pemOf(key: KeyObject, isPkcs8: boolean, cipher: number | undefined): string {
  const type =
    isPkcs8 || !["rsa", "ec"].includes(key.asymmetricKeyType ?? "")
      ? "pkcs8"
      : key.asymmetricKeyType === "rsa"
        ? "pkcs1"
        : "sec1";
  const encryption =
    cipher === undefined ? {} : { cipher: PEM_CIPHERS[cipher % PEM_CIPHERS.length], passphrase: PASSPHRASE };
  return String(key.export({ type, format: "pem", ...encryption } as never));
}

/** A key on a token, which can't be made without one: what is in its file is a handle. */
function onToken(type: string): string {
  const isEc = type !== "sk";
  const name = field(isEc ? "sk-ecdsa-sha2-nistp256@openssh.com" : "sk-ssh-ed25519@openssh.com");
  const point = generateKeyPairSync("ec", { namedCurve: "P-256" })
    .publicKey.export({ type: "spki", format: "der" })
    .subarray(-65);
  const open = Buffer.concat([
    ...(isEc ? [field("nistp256"), field(point)] : [field(Buffer.alloc(32, 7))]),
    field("ssh:"),
  ]);
  const inner = Buffer.concat([
    number(1),
    number(1),
    name,
    open,
    Buffer.from([1]),
    field("handle"),
    field(""),
    field(""),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, index) => index + 1));
  const bytes = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    ...["none", "none", ""].map(field),
    number(1),
    field(Buffer.concat([name, open])),
    field(Buffer.concat([inner, padding])),
  ]);
  const body = bytes.toString("base64").replace(/.{70}/g, "$&\n");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

const PUTTY = "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: c\nPublic-Lines: 2\n";

function damaged(text: string, { damage, place, type }: SshKeySpec, open: string): string {
  const at = Math.floor(place * text.length);
  const lines = text.trimEnd().split("\n");
  const [first = "", last = ""] = [lines[0], lines[lines.length - 1]];
  const inner = lines.slice(1, -1);
  const middle = Math.floor(place * inner.length);
  const forms: Record<(typeof DAMAGES)[number], () => string> = {
    CRLF: () => text.replaceAll("\n", "\r\n"),
    "no last line break": () => text.trimEnd(),
    "leading blanks": () => `\n  \n${text}`,
    "text before": () => `Here is the key: x - y\n${text}`,
    "text after": () => `${text}\n-- \nsent by me\n`,
    "one line": () => lines.join(" "),
    escaped: () => lines.join("\\n"),
    indented: () => lines.map((line) => `    ${line}`).join("\n"),
    "EC PARAMETERS": () => `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${text}`,
    cut: () => text.slice(0, Math.min(at, text.length - 10)),
    "without END": () => [first, ...inner].join("\n"),
    "without BEGIN": () => [...inner, last].join("\n"),
    "a line missing": () => [first, ...inner.filter((_, index) => index !== middle), last].join("\n"),
    "a character changed": () =>
      changedAt(text, first.length + 1 + Math.floor(place * (text.length - first.length - last.length - 4))),
    "the public key": () => open,
    "its certificate": () => open.replace(/^(\S+)/, "$1-cert-v01@openssh.com"),
    "a path": () => `~/.ssh/id_${type}`,
    PuTTY: () => PUTTY,
    empty: () => " \n",
    twice: () => text + text,
    BOM: () => `\uFEFF${text}`,
    "blank lines": () => text.replace("-----\n", "-----\n\n"),
    "trailing blanks": () => lines.map((line) => `${line} \t`).join("\n"),
    wide: () => (/Proc-Type/.test(text) ? text : [first, inner.join(""), last, ""].join("\n")),
    "END of another": () => text.replace(/-----END [A-Z0-9 ]+/, "-----END CERTIFICATE"),
  };
  return damage ? forms[damage]() : text;
}

function changedAt(text: string, at: number): string {
  const place = text.slice(at).search(/[A-Za-z0-9]/) + at;
  const other = text[place] === "A" ? "B" : "A";
  return text.slice(0, place) + other + text.slice(place + 1);
}
