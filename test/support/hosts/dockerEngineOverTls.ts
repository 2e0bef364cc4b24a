import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import * as tls from "node:tls";

/** The tests' engine as one elsewhere offers itself: by TCP, on TLS, to anyone who has a certificate of its authority. */
export class EngineOverTls implements AsyncDisposable {
  private constructor(
    readonly address: string,
    private readonly server: tls.Server,
  ) {}

  /** @param folder gets ca.pem, cert.pem and key.pem, as DOCKER_CERT_PATH has them */
  static async start(socketPath: string, folder: string): Promise<EngineOverTls> {
    const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
    const key = (name: string) => [
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-keyout",
      name,
    ];
    openssl("req", "-x509", ...key("ca-key.pem"), "-out", "ca.pem", "-subj", "/CN=authority", "-days", "1");
    for (const [name, keyName] of [
      ["server.pem", "server-key.pem"],
      ["cert.pem", "key.pem"],
    ] as const) {
      const names = ["-addext", "subjectAltName=IP:127.0.0.1"];
      openssl("req", ...key(keyName), "-out", "request.pem", "-subj", `/CN=${name}`, ...names);
      const by = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-copy_extensions", "copy"];
      openssl("x509", "-req", "-in", "request.pem", ...by, "-out", name, "-days", "1");
    }
    const read = (name: string) => readFileSync(path.join(folder, name));
    const options = { ca: read("ca.pem"), cert: read("server.pem"), key: read("server-key.pem") };
    const server = tls.createServer(
      { ...options, requestCert: true, rejectUnauthorized: true, allowHalfOpen: true },
      (client) => {
        const engine = net.connect({ path: socketPath, allowHalfOpen: true });
        client.pipe(engine).pipe(client);
        client.on("error", () => engine.destroy());
        engine.on("error", () => client.destroy());
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new EngineOverTls(`tcp://127.0.0.1:${(server.address() as net.AddressInfo).port}`, server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
  }
}
