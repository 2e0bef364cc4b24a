import { Duplex } from "node:stream";
import * as tls from "node:tls";
import { anotherKey } from "./signing";

/**
 * Has OpenSSL itself shake hands with these certificates, as the server and its peer will, within this process: whatever else it may have against
 * them, it says here. Nothing is sent anywhere.
 */

/** As Debian, Ubuntu and Red Hat have it. */
const LEVEL = "DEFAULT@SECLEVEL=2";

interface Texts {
  readonly ca: string;
  /** With the key. */
  readonly certificate: string;
}

/** Why no handshake comes about, if so. */
export async function handshakeProblem({ ca, certificate }: Texts, address: string): Promise<string | undefined> {
  try {
    const own = { ca, ciphers: LEVEL };
    await shakeHands(
      tls.createSecureContext({ ...own, cert: certificate, key: certificate }),
      tls.createSecureContext(own),
    );
    return undefined;
  } catch (error) {
    const said = (error as { reason?: string }).reason ?? (error as Error).message;
    return `is refused by OpenSSL: ${said}${repairOf(said, address)}`;
  }
}

/** Why a server with these certificates does not take the client's, if so. */
export async function clientProblem(client: Texts, server: Texts, address: string): Promise<string | undefined> {
  try {
    await showCertificate(client, server);
    return undefined;
  } catch (error) {
    const said = (error as { reason?: string }).reason ?? (error as Error).message;
    return `is refused by OpenSSL where its replica shows it: ${said}${repairOf(said, address)}`;
  }
}

/** Unlike the server's, a client's certificate is judged after the client itself has done its part. */
function showCertificate(client: Texts, { ca, certificate }: Texts): Promise<void> {
  const [one, other] = pipe();
  const files = { ca, cert: certificate, key: certificate, ciphers: LEVEL };
  const server = tls.createServer({ ...files, requestCert: true, rejectUnauthorized: false });
  const context = tls.createSecureContext({ cert: client.certificate, key: client.certificate, ciphers: LEVEL });
  const socket = tls.connect({ socket: other, secureContext: context, rejectUnauthorized: false });
  return new Promise<void>((resolve, reject) => {
    server.once("secureConnection", ({ authorized, authorizationError: error }) => {
      // Such as INVALID_PURPOSE
      if (authorized) resolve();
      else reject(new Error(String(error).toLowerCase().replaceAll("_", " ")));
    });
    server.once("tlsClientError", reject);
    // What the server has against it, it says itself.
    socket.on("error", () => undefined);
    server.emit("connection", one);
  }).finally(() => {
    socket.destroy();
    one.destroy();
  });
}

/** Names were compared before. */
function shakeHands(ours: tls.SecureContext, theirs: tls.SecureContext): Promise<void> {
  const [one, other] = pipe();
  const server = new tls.TLSSocket(one, { isServer: true, secureContext: ours });
  const client = tls.connect({ socket: other, secureContext: theirs, checkServerIdentity: () => undefined });
  return new Promise<void>((resolve, reject) => {
    client.once("secureConnect", resolve);
    for (const end of [server, client]) end.on("error", reject);
    client.once("close", () => reject(new Error("it hangs up")));
  }).finally(() => {
    client.destroy();
    server.destroy();
  });
}

/** Two streams, of which each gets what is written into the other. */
function pipe(): [Duplex, Duplex] {
  const end = (other: () => Duplex) =>
    new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        other().push(chunk);
        done();
      },
      final(done) {
        other().push(null);
        done();
      },
    });
  const one: Duplex = end(() => two);
  const two: Duplex = end(() => one);
  return [one, two];
}

/** What is to be done, by what OpenSSL says. */
function repairOf(said: string, address: string): string {
  const [, repair] = REPAIRS.find(([words]) => words.test(said)) ?? [];
  return repair
    ? `. ${repair}`
    : `. \`openssl x509 -text -noout -in CERTIFICATE\` shows what is in it; have another one issued: ${anotherKey(address)}`;
}

const REPAIRS: readonly (readonly [RegExp, string])[] = [
  [
    /invalid CA|invalid ca/,
    "What signed it may sign no certificates (basicConstraints without CA:TRUE): have it signed by an authority's certificate",
  ],
  [
    /path length/,
    "An authority above it allows fewer certificates in between (pathlen): have it signed by one higher up, or that one issued again",
  ],
  [
    /subtree|name constraint/i,
    "An authority above it may not sign for this name (nameConstraints): have another one sign it",
  ],
  [
    /purpose/,
    "Its own key usage, or that of an authority above it, is not for servers, or such an authority is none (basicConstraints without CA:TRUE): have it signed by one that is, and issued with keyUsage=digitalSignature,keyEncipherment and extendedKeyUsage=serverAuth,clientAuth",
  ],
  [
    /signature algorithm|shared cipher|handshake failure/,
    "Its key may not sign in a handshake: have it issued with keyUsage=digitalSignature,keyEncipherment",
  ],
  [
    /signature failure/,
    'Another certificate in "ca" or "certificate" has the name of the one that signed it, and OpenSSL takes the first: leave that out, or have both authorities issued with a subjectKeyIdentifier, and what they sign with an authorityKeyIdentifier',
  ],
  [
    /issuer cert|leaf signature|self.signed/,
    'The "ca" of the other node does not have the authority that signed it: give that there too',
  ],
  [/critical extension/, "It, or one above it, has a critical extension that is unknown: have it issued without"],
];
