import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { isIP } from "node:net";
import * as x509 from "@peculiar/x509";
import type { NodeTls } from "../../provider/src/inputs";

type CryptoKeyPair = webcrypto.CryptoKeyPair;

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;

export interface IssueOptions {
  /** Days from now on until it ends. @default 365 */
  readonly days?: number;
  /** Days from now on until it begins. @default it began yesterday */
  readonly begins?: number;
  /** Object identifiers of what it may be used for. @default everything */
  readonly usages?: readonly string[];
}

/** An authority that signs certificates, as an operator's own does. */
export class Authority {
  private constructor(
    private readonly certificate: x509.X509Certificate,
    private readonly keys: CryptoKeyPair,
    /** Certificates between those that it signs and the root. */
    private readonly between: readonly x509.X509Certificate[],
  ) {}

  static async create(name = "Test CA", options: IssueOptions = {}): Promise<Authority> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      ...validity(options),
      serialNumber: serial(),
      name: `CN=${name}`,
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
    });
    return new Authority(certificate, keys, []);
  }

  /** Another authority, in this one's name. */
  async intermediate(name: string, options: IssueOptions = {}): Promise<Authority> {
    const keys = await newKeys();
    const isAuthority = new x509.BasicConstraintsExtension(true, undefined, true);
    const certificate = await this.sign(name, keys, options, [isAuthority]);
    return new Authority(certificate, keys, [certificate, ...this.between]);
  }

  /** Its certificate in PEM format; for one in another's name, that one's is what is trusted. */
  get ca(): string {
    return this.certificate.toString("pem");
  }

  /** A certificate for a server at `address`, with its key. */
  async issue(address: string, options: IssueOptions = {}): Promise<NodeTls> {
    const keys = await newKeys();
    const names = new x509.SubjectAlternativeNameExtension([{ type: isIP(address) ? "ip" : "dns", value: address }]);
    const usages = options.usages ? [new x509.ExtendedKeyUsageExtension([...options.usages])] : [];
    const certificate = await this.sign(address, keys, options, [names, ...usages]);
    const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
    return {
      ca: this.ca,
      certificate: [certificate, ...this.between].map((one) => one.toString("pem")).join("\n"),
      privateKey: `-----BEGIN PRIVATE KEY-----\n${key.replace(/(.{64})/g, "$1\n").trim()}\n-----END PRIVATE KEY-----\n`,
    };
  }

  private sign(
    name: string,
    keys: CryptoKeyPair,
    options: IssueOptions,
    extensions: x509.Extension[],
  ): Promise<x509.X509Certificate> {
    return x509.X509CertificateGenerator.create({
      ...validity(options),
      serialNumber: serial(),
      subject: `CN=${name}`,
      issuer: this.certificate.subject,
      publicKey: keys.publicKey,
      signingKey: this.keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions,
    });
  }
}

const newKeys = (): Promise<CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]) as Promise<CryptoKeyPair>;

const serial = (): string => Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).toString("hex");

const validity = ({ days = 365, begins = -1 }: IssueOptions) => ({
  notBefore: new Date(Date.now() + Math.min(begins, days - 1) * DAY),
  notAfter: new Date(Date.now() + days * DAY),
});
