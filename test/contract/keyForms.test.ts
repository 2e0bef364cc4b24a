import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { tlsProblems } from "../../provider/src/recipe/tls";

/** What is given in the place of certificates and keys is told for what it is, and the commands that are named make of it what is taken. */

const ADDRESS = "db1.example.org";
let folder: string;

const run = (line: string) => promisify(execFile)("sh", ["-ec", line], { cwd: folder });
const bytes = (name: string) => readFile(path.join(folder, name));
const text = async (name: string) => (await bytes(name)).toString("utf8");

/** All forms of one certificate and its key. */
const MADE = `
openssl req -x509 -newkey rsa:2048 -sha256 -days 9 -nodes -keyout CAKEY -out CA -subj /CN=Authority
openssl req -new -newkey rsa:2048 -sha256 -nodes -keyout KEY1 -out REQUEST -subj /CN=somebody
echo subjectAltName=DNS:${ADDRESS} > names
openssl x509 -req -sha256 -in REQUEST -CA CA -CAkey CAKEY -CAcreateserial -extfile names -days 9 -out CERT1
openssl pkcs12 -export -in CERT1 -inkey KEY1 -certfile CA -passout pass:x -out p12
openssl crl2pkcs7 -nocrl -certfile CERT1 -certfile CA -out p7
openssl crl2pkcs7 -nocrl -certfile CERT1 -certfile CA -outform DER -out p7.der
openssl x509 -in CERT1 -outform DER -out cert.der
openssl req -in REQUEST -outform DER -out request.der
openssl pkey -in KEY1 -outform DER -traditional -out rsa.der
openssl pkcs8 -topk8 -in KEY1 -nocrypt -outform DER -out pkcs8.der
openssl pkcs8 -topk8 -in KEY1 -passout pass:x -outform DER -out encrypted.der
openssl pkcs8 -topk8 -in KEY1 -passout pass:x -out encrypted
openssl rsa -in KEY1 -aes128 -passout pass:x -traditional -out encrypted1 2>&1
openssl ecparam -name prime256v1 -genkey -noout -outform DER -out ec.der
openssl pkey -in KEY1 -pubout -out public
openssl pkey -in KEY1 -pubout -outform DER -out public.der
openssl dhparam -dsaparam -out dh 1024 2>/dev/null
openssl x509 -in CERT1 -text -noout > shown
openssl x509 -in CERT1 -trustout -out trusted
base64 CERT1 > cert.b64; base64 -w0 cert.der > cert.der.b64; base64 -w0 KEY1 > key.b64; base64 pkcs8.der > key.der.b64
iconv -t UTF-16 CERT1 > utf16; iconv -t UTF-16LE KEY1 > key.utf16
ssh-keygen -q -t ed25519 -N '' -f ssh
`;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-forms-"));
  await run(MADE);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const problems = async (change: { ca?: string; certificate?: string; privateKey?: string }) =>
  (
    await tlsProblems(
      { ca: await text("CA"), certificate: await text("CERT1"), privateKey: await text("KEY1"), ...change },
      ADDRESS,
    )
  ).map(({ property, reason }) => `${property}: ${reason}`);

/** The forms that a command converts, by the property in whose place they are given. */
test.each<["certificate" | "privateKey", string, RegExp]>([
  ["certificate", "p12", /^certificate: is a PKCS #12 file/],
  ["privateKey", "p12", /^privateKey: is a PKCS #12 file/],
  ["certificate", "p7", /^certificate: is in the format PKCS #7/],
  ["certificate", "p7.der", /^certificate: is a PKCS #7 file \(\.p7b\) in binary form/],
  ["certificate", "cert.der", /^certificate: is a certificate in binary form/],
  ["certificate", "REQUEST", /^certificate: is a request for a certificate/],
  ["certificate", "cert.b64", /^certificate: is in Base64 once more/],
  ["certificate", "cert.der.b64", /^certificate: is in Base64 without the lines/],
  ["certificate", "utf16", /^certificate: is in UTF-16/],
  ["privateKey", "key.utf16", /^privateKey: is in UTF-16/],
  ["privateKey", "key.b64", /^privateKey: is in Base64 once more/],
  ["privateKey", "key.der.b64", /^privateKey: is in Base64 without the lines/],
  ["privateKey", "rsa.der", /^privateKey: is a private key in binary form/],
  ["privateKey", "pkcs8.der", /^privateKey: is a private key in binary form/],
  ["privateKey", "encrypted.der", /^privateKey: is an encrypted private key in binary form/],
  ["privateKey", "encrypted", /^privateKey: is encrypted/],
  ["privateKey", "encrypted1", /^privateKey: is encrypted/],
])("as %s, %s is refused with the command that converts it", async (property, name, reason) => {
  for (const encoding of ["utf8", "latin1"] as const) {
    if (encoding === "latin1" && /utf16/.test(name)) continue;
    const [problem = ""] = await problems({ [property]: (await bytes(name)).toString(encoding) });
    expect(problem).toMatch(reason);
    await run(`cp ${name} FILE; rm -f NEW-FILE`);
    for (const [, command = ""] of problem.matchAll(/`([^`]+)`/g)) {
      await run(command.replace(/openssl (pkcs12|pkey)/, "openssl $1 -passin pass:x"));
    }
    const made = /`[^`]* -out CERTIFICATE`/.test(problem)
      ? "CERTIFICATE"
      : /`[^`]* -out KEY`/.test(problem)
        ? "KEY"
        : "NEW-FILE";
    expect([name, await problems({ [property]: await text(made) })]).toEqual([name, []]);
  }
});

test.each<["certificate" | "privateKey" | "ca", string, RegExp]>([
  ["privateKey", "REQUEST", /is a request for a certificate: give the private key/],
  ["privateKey", "request.der", /is a request for a certificate, in binary form: give the private key/],
  ["certificate", "request.der", /is a request for a certificate, in binary form: .*`openssl req -inform DER/],
  ["privateKey", "CERT1", /is a certificate: give its private key$/],
  ["privateKey", "cert.der", /is a certificate in binary form \(DER\): give the private key/],
  ["privateKey", "p7.der", /is a PKCS #7 file .*holds certificates alone/],
  ["privateKey", "public", /is a public key: give the private one$/],
  ["privateKey", "public.der", /is a public key in binary form/],
  ["privateKey", "dh", /is the parameters of a key alone/],
  ["privateKey", "ssh", /is a key for SSH/],
  ["privateKey", "ssh.pub", /is a public key for SSH/],
  ["certificate", "KEY1", /is a private key: give the certificate$/],
  ["certificate", "ec.der", /is a private key in binary form \(DER\): give the certificate$/],
  ["certificate", "public", /is a public key: give the certificate$/],
  ["certificate", "shown", /is what `openssl x509 -text` shows, without the certificate/],
  ["certificate", "ssh.pub", /is a public key for SSH: give the certificate$/],
  ["ca", "KEY1", /is a private key: give the certificate$/],
  ["ca", "p12", /is a PKCS #12 file/],
])("as %s, %s is told for what it is", async (property, name, reason) => {
  expect(await problems({ [property]: await text(name) })).toEqual([expect.stringMatching(reason)]);
});

test("other texts in the place of a certificate or a key are told for what they are", async () => {
  const x942 = "-----BEGIN X9.42 DH PARAMETERS-----\nMIIB\n-----END X9.42 DH PARAMETERS-----\n";
  for (const [given, reason] of [
    [x942, /is the parameters of a key alone/],
    ["-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----", /is a list of certificates that were withdrawn/],
    ["-----BEGIN PGP PRIVATE KEY BLOCK-----\nx\n-----END PGP PRIVATE KEY BLOCK-----", /is of PGP/],
    ["/etc/ssl/db1.pem", /is the name of a file/],
    ["db1.key", /is the name of a file/],
    ["https://example.org/ca", /is an address/],
    ["", /is empty/],
    ["Calling [toString] on an [Output<T>] is not supported.", /is what Pulumi makes of an output/],
    ['{"cert": 1}', /is an object or a list/],
    ["\u2014BEGIN CERTIFICATE\u2014", /dashes a word processor has changed/],
    ["\xfe\xed\xfe\xed\0\0\0\x02", /is a Java keystore/],
  ] as const) {
    for (const property of ["certificate", "privateKey"] as const) {
      expect(await problems({ [property]: given })).toEqual([expect.stringMatching(reason)]);
    }
  }
});

test("what is taken as it is pasted: text around it, CRLF, a byte order mark, escaped line breaks, parameters before a key, a bundle", async () => {
  const [certificate, privateKey, ca, trusted] = await Promise.all(["CERT1", "KEY1", "CA", "trusted"].map(text));
  const both = (change: (pem: string) => string) => ({
    certificate: change(certificate ?? ""),
    privateKey: change(privateKey ?? ""),
  });
  for (const given of [
    both((pem) => pem.replaceAll("\n", "\r\n")),
    both((pem) => `\uFEFF${pem}`),
    both((pem) => pem.replaceAll("\n", "\\n")),
    both((pem) => pem.replaceAll("\n", "\\\\n")),
    both((pem) => pem.replaceAll("\n", "\\r\\n")),
    both((pem) => `${AROUND}${pem}`),
    both((pem) => pem.replaceAll("\n", " ")),
    { privateKey: `-----BEGIN X9.42 DH PARAMETERS-----\nMIIB\n-----END X9.42 DH PARAMETERS-----\n${privateKey}` },
    { certificate: `${privateKey}${certificate}${ca}`, privateKey: `${certificate}${privateKey}` },
    { certificate: trusted ?? "" },
  ]) {
    expect([given, await problems(given)]).toEqual([given, []]);
  }
});
const AROUND = "Bag Attributes: <No>\nsubject=CN = x\n-----\n";

test("the authority's certificate and the node's own in each other's place are told, and so is the authority's before the node's", async () => {
  const [certificate = "", ca = ""] = await Promise.all(["CERT1", "CA"].map(text));
  expect(await problems({ certificate: ca, ca: certificate })).toEqual([
    'certificate: is that of an authority (CN=Authority), and the node\'s own (CN=somebody) is in "ca": exchange the two',
  ]);
  expect(await problems({ certificate: ca + certificate })).toEqual([
    expect.stringMatching(/^certificate: begins with CN=Authority, .* put the node's own certificate first$/),
  ]);
});
