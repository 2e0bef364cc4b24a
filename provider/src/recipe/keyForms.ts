/** Recognises what is given in the place of a certificate or a private key in PEM, and has the command that makes these of it. */

/** What to give, or the command that makes it, by what is wanted. */
interface Form {
  readonly is: RegExp | ((text: string) => boolean);
  /** Behind "is". */
  readonly what: string;
  readonly certificate: string;
  readonly key: string;
}

const OWN_KEY = "give the private key that belongs to the certificate";
const BROKEN = "its lines BEGIN and END do not belong together; give the whole text";
const OWN_CERTIFICATE = "give the certificate";
const makesCertificate = (command: string): string => `\`${command}\` makes the certificate of it`;
const makesKey = (command: string): string => `\`${command}\` makes the key of it`;

const OLDER = '(where it says "unsupported", with -legacy)';

/** The head of a value in DER. Its length may have been read as other characters than it has bytes. */
const HEAD = "0[^]{1,3}?";
const binary = (content: string): RegExp => new RegExp(`^${HEAD}${content}`);
const both = (what: string): Pick<Form, "certificate" | "key"> => ({ certificate: what, key: what });
const decoded = (text: string): string =>
  /^[A-Za-z0-9+/\s]{40,}={0,2}\s*$/.test(text) ? Buffer.from(text, "base64").toString("latin1") : "";

const BINARY: readonly Form[] = [
  {
    is: binary("\\x02\\x01\\x030"),
    what: "a PKCS #12 file (.p12, .pfx)",
    certificate: `${makesCertificate("openssl pkcs12 -in FILE -nokeys -out CERTIFICATE")} ${OLDER}`,
    key: `${makesKey("openssl pkcs12 -in FILE -nocerts -nodes -out KEY")} ${OLDER}`,
  },
  {
    is: binary("\\x06\\t\\*[^]H[^]{1,2}\\r\\x01\\x07"),
    what: "a PKCS #7 file (.p7b) in binary form",
    certificate: makesCertificate("openssl pkcs7 -inform DER -in FILE -print_certs -out CERTIFICATE"),
    key: `it holds certificates alone; ${OWN_KEY}`,
  },
  {
    is: binary(`${HEAD}\\x06\\t\\*[^]H[^]{1,2}\\r\\x01[\\x05\\f]`),
    what: "an encrypted private key in binary form, and the server has nobody to ask for its passphrase",
    certificate: OWN_CERTIFICATE,
    key: makesKey("openssl pkey -inform DER -in FILE -out KEY"),
  },
  {
    is: binary("\\x02\\x01[\\0\\x01][0\\x02\\x04]"),
    what: "a private key in binary form (DER)",
    certificate: OWN_CERTIFICATE,
    key: makesKey("openssl pkey -inform DER -in FILE -out KEY"),
  },
  {
    is: binary(`${HEAD}\\x02\\x01\\0`),
    what: "a request for a certificate, in binary form",
    certificate:
      "give what the authority makes of it (`openssl req -inform DER -in FILE -out REQUEST` makes it readable)",
    key: OWN_KEY,
  },
  {
    is: binary(`${HEAD}\\x06`),
    what: "a public key in binary form",
    certificate: OWN_CERTIFICATE,
    key: OWN_KEY,
  },
  {
    is: binary(`${HEAD}([^]\\x03)?\\x02`),
    what: "a certificate in binary form (DER)",
    certificate: makesCertificate("openssl x509 -inform DER -in FILE -out CERTIFICATE"),
    key: OWN_KEY,
  },
  {
    is: (text) => ["\0\0\0\x01", "\0\0\0\x02"].includes(text.slice(4, 8)),
    what: "a Java keystore (JKS)",
    ...both(
      "make PKCS #12 of it, `keytool -importkeystore -srckeystore FILE -destkeystore NEW.p12 -deststoretype PKCS12`, and of that what is needed: " +
        "`openssl pkcs12 -in NEW.p12 -nokeys -out CERTIFICATE`, `openssl pkcs12 -in NEW.p12 -nocerts -nodes -out KEY`",
    ),
  },
];

const READ_IT = 'give what is in it; in a program: readFileSync(FILE, "utf8")';

const TEXT: readonly Form[] = [
  { is: /^\s*$/, what: "empty", ...both(READ_IT) },
  {
    is: /^(\uFFFD\uFFFD|.\0.\0|\0.\0.)/,
    what: "in UTF-16, as PowerShell's > writes it",
    ...both("`iconv -f UTF-16 -t UTF-8 FILE > NEW-FILE` makes UTF-8 of it"),
  },
  {
    is: /^-*[\u2010-\u2015\u2212][\u2010-\u2015\u2212-]* ?BEGIN/m,
    what: "text whose dashes a word processor has changed",
    ...both("give it with five dashes before and behind BEGIN and END, as it came"),
  },
  {
    is: /-----BEGIN (PKCS7|CMS)-----/,
    what: "in the format PKCS #7",
    certificate: makesCertificate("openssl pkcs7 -in FILE -print_certs -out CERTIFICATE"),
    key: `it holds certificates alone; ${OWN_KEY}`,
  },
  { is: /-----BEGIN PGP /, what: "of PGP", certificate: OWN_CERTIFICATE, key: OWN_KEY },
  {
    is: /BEGIN OPENSSH PRIVATE KEY|^PuTTY-User-Key-File/m,
    what: "a key for SSH",
    certificate: OWN_CERTIFICATE,
    key: OWN_KEY,
  },
  {
    is: /^\s*(ssh-|ecdsa-sha2-|sk-)\S+ AAAA|BEGIN SSH2 PUBLIC KEY/,
    what: "a public key for SSH",
    certificate: OWN_CERTIFICATE,
    key: OWN_KEY,
  },
  {
    is: /PRIVATE KEY-----/,
    what: "a private key",
    certificate: OWN_CERTIFICATE,
    key: BROKEN,
  },
  {
    is: /BEGIN X509 CRL/,
    what: "a list of certificates that were withdrawn (CRL)",
    certificate: OWN_CERTIFICATE,
    key: OWN_KEY,
  },
  {
    is: /BEGIN (NEW )?CERTIFICATE REQUEST/,
    what: "a request for a certificate",
    certificate: "give what the authority makes of it",
    key: `${OWN_KEY}, which was made along with it`,
  },
  {
    is: /BEGIN [A-Z0-9 ]*CERTIFICATE/,
    what: "a certificate",
    certificate: BROKEN,
    key: "give its private key",
  },
  { is: /PUBLIC KEY-----/, what: "a public key", certificate: OWN_CERTIFICATE, key: "give the private one" },
  {
    is: /BEGIN [A-Z0-9. ]*PARAMETERS/,
    what: "the parameters of a key alone",
    certificate: OWN_CERTIFICATE,
    key: "give the private key too, which stands behind them",
  },
  { is: /BEGIN [A-Z0-9]*SESSION PARAMETERS/, what: "a session of TLS", certificate: OWN_CERTIFICATE, key: OWN_KEY },
  {
    is: /^Certificate:\s+Data:/m,
    what: "what `openssl x509 -text` shows, without the certificate itself",
    certificate: "take it without -noout",
    key: OWN_KEY,
  },
  {
    is: (text) => decoded(text).startsWith("-----BEGIN"),
    what: "in Base64 once more, as secrets of Kubernetes have it",
    ...both("`base64 -d FILE > NEW-FILE` takes that away"),
  },
  {
    is: /^\s*(~|\.{0,2})\/\S*\s*$|^\s*[A-Za-z]:\\|^\s*\S+\.(pem|crt|cer|key|p12|pfx|der|p7b)\s*$/i,
    what: "the name of a file",
    ...both(READ_IT),
  },
  { is: /^\s*[a-z]+:\/\/\S+\s*$/i, what: "an address", ...both("give the text that is there") },
  {
    is: /^Calling \[toString\] on an \[Output/,
    what: "what Pulumi makes of an output within a text",
    ...both("give the output itself, or put the text together with pulumi.interpolate"),
  },
  { is: /^\s*[{[]/, what: "an object or a list", ...both("give the text alone") },
];

/** Why it is none, and what to do. Undefined: it is nothing that is known here. */
export function otherForm(wanted: "certificate" | "key", text: string): string | undefined {
  const form = [...TEXT, ...BINARY].find(({ is }) => (typeof is === "function" ? is(text) : is.test(text)));
  if (form) return `is ${form.what}: ${form[wanted]}`;
  const within = decoded(text) && otherForm(wanted, decoded(text));
  return within
    ? `is in Base64 without the lines -----BEGIN and -----END. \`base64 -d FILE > NEW-FILE\` decodes it; that ${within.replaceAll("-in FILE", "-in NEW-FILE")}`
    : undefined;
}
