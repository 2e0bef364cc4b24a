import { generateKeyPairSync } from "node:crypto";
import type { NodeTls } from "../../provider/src/inputs";
import { authorityProblem, daysLeft, tlsProblems, tlsTexts } from "../../provider/src/recipe/tls";
import { Authority } from "../support/authority";

/** Certificates that could not prove a node are refused before anything is touched, and no message shows a key. */

let authority: Authority;
let good: NodeTls;

beforeAll(async () => {
  authority = await Authority.create();
  good = await authority.issue("db1.example.org");
});

const problems = async (change: Partial<NodeTls>, address = "db1.example.org") =>
  (await tlsProblems({ ...good, ...change }, address)).map(({ property, reason }) => `${property}: ${reason}`);

test("a certificate that names the node and is signed by its authority is taken", async () => {
  expect(await problems({})).toEqual([]);
  expect(await problems(await authority.issue("192.0.2.7"), "192.0.2.7")).toEqual([]);
});

test("so is one that is signed in the authority's name, with the certificate in between", async () => {
  const between = await authority.intermediate("Between");
  const { certificate, privateKey } = await between.issue("db1.example.org");
  expect(await problems({ certificate, privateKey })).toEqual([]);
  const alone = certificate.slice(0, certificate.indexOf("-----END CERTIFICATE-----") + 25);
  expect(await problems({ certificate: alone, privateKey })).toEqual([
    expect.stringMatching(
      /^certificate: is not signed by "ca": the authority that signed CN=db1.example.org is CN=Between\./,
    ),
  ]);
});

test("several authorities are trusted at the same time", async () => {
  const next = await Authority.create("Next CA");
  const ca = authority.ca + next.ca;
  expect(await problems({ ca })).toEqual([]);
  expect(await problems({ ...(await next.issue("db1.example.org")), ca })).toEqual([]);
});

test.each<[string, () => Promise<Partial<NodeTls>> | Partial<NodeTls>, RegExp]>([
  [
    "another node's name",
    () => authority.issue("db2.example.org"),
    /^certificate: does not name db1\.example\.org.*but DNS:db2\.example\.org; have it issued/,
  ],
  [
    "a certificate that has expired",
    () => authority.issue("db1.example.org", { days: -1 }),
    /^certificate: CN=db1.example.org expired on .*: renew it$/,
  ],
  [
    "one that is not valid yet",
    () => authority.issue("db1.example.org", { begins: 2 }),
    /^certificate: CN=db1.example.org is valid from .* only$/,
  ],
  [
    "one for clients",
    () => authority.issue("db1.example.org", { usages: ["1.3.6.1.5.5.7.3.2"] }),
    /^certificate: is not for servers/,
  ],
  ["another authority's", async () => ({ ca: (await Authority.create()).ca }), /^certificate: is not signed by "ca"/],
  [
    "an authority that has expired",
    async () => (await Authority.create("Old CA", { days: -1 })).issue("db1.example.org"),
    /^ca: CN=Old CA expired on/,
  ],
  [
    "another certificate's key",
    async () => ({ privateKey: (await authority.issue("db1.example.org")).privateKey }),
    /^privateKey: is not the key of the certificate \(CN=db1\.example\.org\)$/,
  ],
  ["an encrypted key", () => ({ privateKey: encryptedKey() }), /^privateKey: is encrypted, .*`openssl pkey/],
  [
    "a key for SSH",
    () => ({ privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----" }),
    /^privateKey: is a key for SSH/,
  ],
  [
    "a key that is cut off",
    () => ({ privateKey: good.privateKey.slice(0, 60) }),
    /^privateKey: is cut off: give the whole text/,
  ],
  [
    "a key as the certificate",
    () => ({ certificate: good.privateKey }),
    /^certificate: is a private key; give the certificate$/,
  ],
  [
    "a path as the certificate",
    () => ({ certificate: "/etc/ssl/db1.pem" }),
    /^certificate: has no certificate in PEM format/,
  ],
  [
    "a damaged certificate",
    () => ({ certificate: good.certificate.replace(/MII.{20}/, "MII") }),
    /^certificate: is cut off or damaged/,
  ],
])("%s is refused with what to do", async (_, change, words) => {
  const found = await problems(await change());
  expect(found).toEqual([expect.stringMatching(words)]);
  const secret = /-----BEGIN[^\n]*\n(.{20})/.exec(good.privateKey)?.[1] ?? "";
  expect(secret).toHaveLength(20);
  expect(found.join()).not.toContain(secret);
});

test("certificates that follow each other without a line break are written on lines of their own", async () => {
  const next = await Authority.create("Next CA");
  const glued = `${authority.ca.trim()}${next.ca.trim()}`;
  expect(glued).toContain("----------BEGIN");
  const { ca, certificate } = tlsTexts({ ...good, ca: glued });
  expect(ca).toBe(`${authority.ca.trim()}\n${next.ca.trim()}\n`);
  expect(certificate).toBe(`${good.certificate.trim()}\n${good.privateKey.trim()}\n`);
});

test("days are counted until the first certificate of the chain ends", async () => {
  const short = await Authority.create("Short CA", { days: 20.5 });
  expect(daysLeft(await short.issue("db1"))).toBe(20);
  expect(daysLeft(await authority.issue("db1", { days: 10.5 }))).toBe(10);
});

test("the authority of direct access is looked at too", () => {
  expect(authorityProblem(authority.ca)).toBeUndefined();
  expect(authorityProblem("")).toMatch(/no certificate in PEM format/);
});

function encryptedKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" }).toString();
}
