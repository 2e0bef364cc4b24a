import { constants, generateKeyPairSync, privateDecrypt } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import * as tls from "node:tls";
import type { NodeTls } from "../../provider/src/inputs";

const NONCE = Buffer.from("abcdefghijklmnopqrst");
const SSL = 0x800;
const CAPABILITIES = 0x80000 | 0x8000 | 0x200 | 0x1;

export interface HostileServerOptions {
  /** Path of its socket. */
  readonly socket: string;
  /** How it asks for the password. */
  readonly method: string;
  /** True: it says so at once, in its greeting. False: after it got the proof that MariaDB asks for. */
  readonly asksAtOnce?: boolean;
  /** It offers TLS with this certificate. */
  readonly tls?: NodeTls;
}

/** Somebody in a server's place who asks each client that logs in for its password, with a key of his own. */
export class HostileServer implements AsyncDisposable {
  /** All that a client told him after he had asked, decrypted where that needs his key. */
  told = "";
  logins = 0;
  private readonly keys = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((socket) => this.greet(socket));

  private constructor(private readonly options: HostileServerOptions) {}

  static async listen(options: HostileServerOptions): Promise<HostileServer> {
    const hostile = new HostileServer(options);
    await new Promise<void>((resolve) => hostile.server.listen(options.socket, resolve));
    return hostile;
  }

  private greet(socket: Socket): void {
    this.sockets.add(socket.on("error", () => undefined));
    const { method, asksAtOnce, tls: offered } = this.options;
    const capabilities = CAPABILITIES | (offered ? SSL : 0);
    const fixed = Buffer.alloc(19);
    fixed.writeUInt16LE(capabilities & 0xffff, 0);
    fixed.writeUInt8(45, 2);
    fixed.writeUInt16LE(capabilities >>> 16, 5);
    fixed.writeUInt8(21, 7);
    const greeting = [
      Buffer.from("\x0a5.5.5-10.11.19-MariaDB\0\x01\0\0\0", "latin1"),
      Buffer.concat([NONCE.subarray(0, 8), Buffer.alloc(1)]),
      fixed.subarray(0, 18),
      Buffer.from(`${NONCE.subarray(8)}\0${asksAtOnce ? method : "mysql_native_password"}\0`),
    ];
    send(socket, 0, Buffer.concat(greeting));
    socket.once("data", (first) => {
      const wantsTls = offered && (first.readUInt32LE(4) & SSL) !== 0;
      if (!wantsTls) return this.ask(socket, first);
      const { certificate: cert, privateKey: key } = offered;
      // What the client says right after its request for TLS has come with it.
      socket.unshift(first.subarray(4 + first.readUIntLE(0, 3)));
      const stream = Duplex.from({ readable: socket, writable: socket });
      const secured = new tls.TLSSocket(stream, { isServer: true, cert, key });
      secured.on("error", () => undefined);
      secured.once("data", (login) => this.ask(secured, login));
    });
  }

  private ask(socket: Socket, login: Buffer): void {
    this.logins++;
    this.hear(login);
    send(socket, (login[3] ?? 0) + 1, Buffer.from(`\xfe${this.options.method}\0${NONCE}\0`, "latin1"));
    socket.on("data", (answer: Buffer) => {
      this.hear(answer);
      // To the proof of caching_sha2_password: that is not enough. To what asks for a key: there it is.
      const [asked] = answer.subarray(4);
      const next = answer.length === 5 && asked !== undefined ? this.keys.publicKey : "\x04";
      send(socket, (answer[3] ?? 0) + 1, Buffer.from(`\x01${next}`, "latin1"));
    });
  }

  private hear(packet: Buffer): void {
    const text = packet.subarray(4);
    this.told += text.toString("latin1");
    if (text.length !== 256) return;
    const { privateKey: key } = this.keys;
    const hidden = privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha1" }, text);
    this.told += hidden.map((byte, i) => byte ^ (NONCE[i % NONCE.length] ?? 0)).toString();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function send(socket: Socket, sequence: number, body: Buffer): void {
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head.writeUInt8(sequence & 0xff, 3);
  socket.write(Buffer.concat([head, body]));
}
