import { generateKeyPairSync } from "node:crypto";
import type { NodeTls } from "../../provider/src/inputs";
import { authorityProblem, clientProblems, daysLeft, tlsProblems, tlsTexts } from "../../provider/src/recipe/tls";
import { Authority } from "../support/authority";
import type { CertificateSpec } from "../support/certificateCases";
import { madeOf } from "../support/certificateTexts";

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
    /^certificate: is a private key: give the certificate$/,
  ],
  ["a path as the certificate", () => ({ certificate: "/etc/ssl/db1.pem" }), /^certificate: is the name of a file/],
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

const ADDRESS = "db1.example.org";
test.each<[string, CertificateSpec, RegExp]>([
  [
    "a key of 1024 bits",
    { leaf: { key: "rsa1024" } },
    /^certificate: is for a key of the kind RSA with 1024 bits, .* none under 2048\. .*`openssl req -new -newkey rsa:3072 .*DNS:db1\.example\.org`$/,
  ],
  [
    "an authority's key of 1024 bits",
    { root: { key: "rsa1024" } },
    /^ca: CN=Test CA has a key of the kind RSA with 1024 bits, .*`openssl req -x509 -newkey rsa:3072 -sha256/,
  ],
  [
    "a signature with SHA-1",
    { leaf: { digest: "sha1" } },
    /^certificate: CN=db1\.example\.org is signed with SHA-1, .*`echo subjectAltName=DNS:db1\.example\.org > EXTENSIONS; openssl x509 -req -sha256/,
  ],
  ["one with MD5", { root: { key: "rsa2048" }, leaf: { digest: "md5" } }, /^certificate: .* is signed with MD5/],
  [
    "one with RSA-PSS and SHA-1, in between",
    { root: { key: "rsa2048" }, between: [{ digest: "pss-sha1" }] },
    /^certificate: CN=Between 0 is signed with SHA-1/,
  ],
  ["a key of DSA", { leaf: { key: "dsa1024" } }, /^certificate: is for a key of the kind DSA with 1024 bits/],
  ["a curve of no client", { leaf: { key: "secp256k1" } }, /^certificate: is for a key on the curve secp256k1/],
  [
    "the node's own certificate last",
    { between: [{}], order: "leaf last" },
    /^certificate: begins with CN=Between 0, and "privateKey" belongs to CN=db1\.example\.org .*put the node's own certificate first$/,
  ],
  [
    "an authority that is none",
    { between: [{ extra: "CA:FALSE" }] },
    /^certificate: is refused by OpenSSL: (invalid CA certificate|unsu\w+ certificate purpose)\. .*CA:TRUE/,
  ],
  [
    "too long a path",
    { between: [{ extra: "pathlen 0" }, {}] },
    /^certificate: is refused by OpenSSL: path length constraint exceeded\. .*pathlen/,
  ],
  [
    "an authority for other names",
    { between: [{ extra: "permits com" }] },
    /^certificate: is refused by OpenSSL: permitted subtree violation\. .*nameConstraints/,
  ],
  [
    "an authority for clients",
    { between: [{ extra: "client" }] },
    /^certificate: is refused by OpenSSL: unsu\w+ certificate purpose\. .*extendedKeyUsage=serverAuth/,
  ],
  [
    "a key usage without signatures",
    { leaf: { extra: "signs only" } },
    /^certificate: is refused by OpenSSL: .*keyUsage=digitalSignature/,
  ],
  [
    "a critical extension that is unknown",
    { leaf: { extra: "critical" } },
    /^certificate: is refused by OpenSSL: unhandled critical extension\. .*have it issued without$/,
  ],
])("what a server's OpenSSL refuses is told before, with the repair: %s", async (_, spec, words) => {
  const found = await tlsProblems(madeOf(spec, ADDRESS), ADDRESS);
  expect(found.map(({ property, reason }) => `${property}: ${reason}`)).toEqual([expect.stringMatching(words)]);
});

test("a certificate that a replica shows has to be for clients too, of an authority that the peer trusts", async () => {
  for (const extra of ["both", "client", undefined] as const) {
    const own = madeOf(extra ? { leaf: { extra } } : {}, ADDRESS);
    expect(await clientProblems(own, { ...good, ca: own.ca })).toBeUndefined();
  }
  const own = madeOf({ leaf: { extra: "server" } }, ADDRESS);
  expect(await clientProblems(own, { ...good, ca: own.ca })).toMatch(
    /^is refused by OpenSSL where its replica shows it: .*purpose\. .*extendedKeyUsage=serverAuth,clientAuth/,
  );
  const other = (await Authority.create("Other CA")).ca;
  expect(await clientProblems(madeOf({}, ADDRESS), { ...good, ca: other })).toMatch(
    /^is refused by OpenSSL where its replica shows it: .*"ca" of the other node/,
  );
  expect(await clientProblems(madeOf({ dress: "cut" }, ADDRESS), good)).toBeUndefined();
});

test("what OpenSSL takes is taken: an authority that signed itself with SHA-1, one that was renewed, PSS, Ed25519, any order in between", async () => {
  const specs: CertificateSpec[] = [
    { root: { digest: "sha1" } },
    { ca: "expired one first" },
    { ca: "and a weak one" },
    { root: { key: "pss2048", digest: "pss-sha256" }, leaf: { key: "ed25519" } },
    { between: [{}, {}], order: "between reversed" },
    { dress: "TRUSTED" },
    { dress: "X509" },
    { dress: "escaped" },
    { privateKey: "with parameters" },
    { privateKey: "with certificate" },
  ];
  for (const spec of specs) expect([spec, await tlsProblems(madeOf(spec, ADDRESS), ADDRESS)]).toEqual([spec, []]);
});

test("a node goes on with a certificate that it uses, whatever is found weak in it since", async () => {
  for (const spec of [{ leaf: { key: "rsa1024" } }, { leaf: { digest: "sha1" } }] as CertificateSpec[]) {
    const [problem] = await tlsProblems(madeOf(spec, ADDRESS), ADDRESS);
    expect(problem).toMatchObject({ mayStay: true });
  }
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
  expect(authorityProblem("")).toMatch(/^is empty/);
  expect(authorityProblem("what")).toMatch(/no certificate in PEM format/);
});

function encryptedKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" }).toString();
}
