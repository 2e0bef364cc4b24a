/** Text of keys and certificates between -----BEGIN and -----END, however it was pasted. */

export interface PemBlock {
  /** What it is, such as `CERTIFICATE`. */
  readonly label: string;
  /** How an encrypted key of the older kind is encrypted, such as `AES-128-CBC,<hex>`. */
  readonly encryption?: string;
  /** Base64, without line breaks. */
  readonly body: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9. ]+)-----((?:(?!-----BEGIN)[\s\S])*?)-----END \1-----/g;
const ENCRYPTION = /^\s*Proc-Type:\s*4,ENCRYPTED\s+DEK-Info:\s*([A-Z0-9-]+,[0-9A-Fa-f]+)/;
/** What a line of a configuration or an environment variable makes of a line break; twice, where it went through two of them. */
const ESCAPED = /(\\+r)?\\+n|\\+r/g;

/** The whole blocks of a text. What stands around them, blanks, and how lines break, is left out. */
export const pemBlocks = (text: string): PemBlock[] =>
  [...text.replace(ESCAPED, "\n").matchAll(BLOCK)].map(([, label = "", inner = ""]) => {
    const [head, encryption] = ENCRYPTION.exec(inner) ?? [""];
    return { label, body: inner.slice(head.length).replace(/\s/g, ""), ...(encryption && { encryption }) };
  });

/** As OpenSSL and OpenSSH write it. */
export const pemText = ({ label, encryption, body }: PemBlock): string =>
  [
    `-----BEGIN ${label}-----`,
    ...(encryption ? ["Proc-Type: 4,ENCRYPTED", `DEK-Info: ${encryption}`, ""] : []),
    ...(body.match(/.{1,64}/g) ?? []),
    `-----END ${label}-----\n`,
  ].join("\n");

/** True: a block begins that does not end. */
export const isCutOff = (text: string): boolean =>
  (text.match(/-----BEGIN /g) ?? []).length > (text.match(/-----END [A-Z0-9. ]+-----/g) ?? []).length;

/** True for base64 as it is written whole. */
export const isBase64 = (body: string): boolean => /^[A-Za-z0-9+/]+={0,2}$/.test(body) && body.length % 4 === 0;
