import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { fingerprint } from "../../provider/src/hosts/ssh/hostKeys";
import { field } from "../../provider/src/hosts/ssh/wire";

/** Host keys as operators paste them, whole and damaged. */

const jwk = (key: { export(options: { format: "jwk" }): unknown }) =>
  key.export({ format: "jwk" }) as Record<string, string>;
const bytes = (text: string | undefined) => Buffer.from(text ?? "", "base64url");

function rsa(bits: number): Buffer {
  const { e, n } = jwk(generateKeyPairSync("rsa", { modulusLength: bits }).publicKey);
  return Buffer.concat([field("ssh-rsa"), field(bytes(e)), field(Buffer.concat([Buffer.from([0]), bytes(n)]))]);
}

function ec(name: string, curve: string): Buffer {
  const { x, y } = jwk(generateKeyPairSync("ec", { namedCurve: curve }).publicKey);
  const point = Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)]);
  return Buffer.concat([field(`ecdsa-sha2-${name}`), field(name), field(point)]);
}

const ed25519 = () =>
  Buffer.concat([field("ssh-ed25519"), field(bytes(jwk(generateKeyPairSync("ed25519").publicKey)["x"]))]);

const KEYS: Readonly<Record<string, readonly Buffer[]>> = {
  "ssh-ed25519": [ed25519(), ed25519()],
  "ssh-rsa": [rsa(2048), rsa(1024)],
  "ecdsa-sha2-nistp256": [ec("nistp256", "P-256")],
  "ecdsa-sha2-nistp384": [ec("nistp384", "P-384")],
  "ecdsa-sha2-nistp521": [ec("nistp521", "P-521")],
};
const SHORT = rsa(768);
const OTHER_CURVE = Buffer.concat([field("ecdsa-sha2-nistp256"), field("nistp384"), field(Buffer.alloc(65, 4))]);
const TYPES = Object.keys(KEYS);

const one = fc.record({
  type: fc.constantFrom(...TYPES),
  number: fc.nat(1),
  name: fc.constantFrom(
    "",
    "",
    "db1 ",
    "db1,192.0.2.7 ",
    "[db1]:2222 ",
    "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ",
    "*.example.org,!x ",
    "db1\t",
  ),
  comment: fc.constantFrom("", "", " root@db1", " a comment with blanks", " # x", "  "),
  damage: fc.oneof(
    { weight: 4, arbitrary: fc.constant("none") },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        "cut",
        "a character changed",
        "other type",
        "unknown type",
        "short",
        "other curve",
        "no key",
        "certificate",
        "longer",
        "not base64",
        "broken in two",
        "lower case",
      ),
    },
  ),
  place: fc.double({ min: 0, max: 1, noNaN: true }),
});
type One = typeof one extends fc.Arbitrary<infer T> ? T : never;

/** What is not a line with a key. */
export const OTHER_TEXTS: Readonly<Record<string, readonly [string, RegExp]>> = {
  fingerprint: [`SHA256:${"x".repeat(43)}`, /is the fingerprint of a key.*ssh-keyscan ADDRESS/],
  "what ssh-keygen -l prints": [`256 SHA256:${"x".repeat(43)} root@db1 (ED25519)`, /is the fingerprint/],
  "an MD5 fingerprint": [`MD5:${"ab:".repeat(15)}ab`, /is the fingerprint/],
  "an MD5 fingerprint without its name": [`${"ab:".repeat(15)}ab`, /is the fingerprint/],
  "an authority": [
    `@cert-authority *.example.org ssh-ed25519 ${ed25519().toString("base64")}`,
    /@cert-authority.*machine's own key/,
  ],
  "a revoked key": [`@revoked db1 ssh-ed25519 ${ed25519().toString("base64")}`, /@revoked.*leave it out/],
  "a private key": ["-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----", /is a private key/],
  "RFC 4716": ["---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----", /`ssh-keygen -i -f FILE`/],
  PEM: ["-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", /`ssh-keygen -i -m PKCS8 -f FILE`/],
  "a path": ["/etc/ssh/ssh_host_ed25519_key.pub", /is a path/],
  empty: [" ", /is empty/],
  "comments alone": ["# db1:22 SSH-2.0-OpenSSH_9.2\n# db1:22 SSH-2.0-OpenSSH_9.2", /has comment lines only/],
  words: ["trust on first use", /is no host key/],
};

export interface HostKeyCase {
  readonly lines: readonly One[];
  readonly end: string;
  readonly between: string;
  readonly indent: string;
}

export const hostKeyCases: fc.Arbitrary<HostKeyCase> = fc
  .record({
    lines: fc.array(one, { minLength: 1, maxLength: 3 }),
    end: fc.constantFrom("", "\n", "\r\n", "\n\n"),
    between: fc.constantFrom("\n", "\r\n", "\n\n", "\n# db1:22 SSH-2.0-OpenSSH_9.2p1 Debian-2\n", "\n  # x\n"),
    indent: fc.constantFrom("", "", "  ", "\t"),
  })
  .map((spec) => JSON.parse(JSON.stringify(spec)));

function lineOf({ type, number, name, comment, damage, place }: One): string {
  const blob = KEYS[type]?.[number % (KEYS[type]?.length ?? 1)] as Buffer;
  const text = blob.toString("base64");
  const at = 1 + Math.floor(place * (text.length - 2));
  const other = TYPES[(TYPES.indexOf(type) + 1) % TYPES.length];
  const forms: Record<string, () => string> = {
    none: () => `${type} ${text}`,
    cut: () => `${type} ${text.slice(0, at)}`,
    "a character changed": () =>
      `${type} ${text.slice(0, Math.min(at, 20))}${text[Math.min(at, 20)] === "B" ? "C" : "B"}${text.slice(Math.min(at, 20) + 1)}`,
    "other type": () => `${other} ${text}`,
    "unknown type": () => `ssh-ed448 ${text}`,
    short: () => `ssh-rsa ${SHORT.toString("base64")}`,
    "other curve": () => `ecdsa-sha2-nistp256 ${OTHER_CURVE.toString("base64")}`,
    "no key": () => type,
    certificate: () => `${type}-cert-v01@openssh.com ${text}`,
    longer: () => `${type} ${Buffer.concat([blob, Buffer.from("more!!")]).toString("base64")}`,
    "not base64": () => `${type} ${text.slice(0, at)}*${text.slice(at)}`,
    "broken in two": () => `${type} ${text.slice(0, at)} ${text.slice(at)}`,
    "lower case": () => `${type.toUpperCase()} ${text}`,
  };
  return `${name}${forms[damage]?.()}${comment}`;
}

export const hostKeyText = ({ lines, end, between, indent }: HostKeyCase): string =>
  lines.map((line) => indent + lineOf(line)).join(between) + end;

/** A key that no case has. */
export const STRANGER = ed25519();

/** The bare keys, without their types. */
export const BARE = Object.values(KEYS)
  .flat()
  .map((blob) => [blob.toString("base64"), fingerprint(blob)] as const);
