import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { findTool, paths } from "../../provider/src/hosts/local/files";
import { clientProblems, tlsProblems, tlsTexts } from "../../provider/src/recipe/tls";
import { type CertificateCase, type CertificateSpec, certificateCases } from "../support/certificateCases";
import { madeOf, nameOption, textsOf } from "../support/certificateTexts";
import { type TestServer, testServer } from "../support/local/testServer";
import { oracleTest } from "../support/oracle";

/**
 * The server's OpenSSL is the judge of certificates: what `check` takes is put in a running server's place, and comes into effect, and who
 * connects as a replica does, verifying, gets in. What `check` refuses does not.
 */

let server: TestServer;
let folder: string;
let tls: { readonly ca: string; readonly certificate: string };

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-tls-"));
  tls = { ca: path.join(folder, "ca.pem"), certificate: path.join(folder, "node.pem") };
  await place(tlsTexts(madeOf({}, "db1.example.org")));
  const settings = [`ssl_ca=${tls.ca}`, `ssl_cert=${tls.certificate}`, `ssl_key=${tls.certificate}`];
  server = await testServer({ settings });
}, 60_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const place = async ({ ca, certificate }: { ca: string; certificate: string }) => {
  await writeFile(tls.ca, ca);
  await writeFile(tls.certificate, certificate);
};

/** "in", or what the server or the one who connects says. */
async function judged({ address, ...spec }: CertificateCase): Promise<string> {
  await place(textsOf(madeOf(spec, address)));
  try {
    await server.root.query("FLUSH SSL");
  } catch {
    return "out";
  }
  const { directory } = server.connection.host as { directory: string };
  const { socket } = paths(directory);
  const arguments_ = ["s_client", "-starttls", "mysql", "-unix", socket, "-CAfile", tls.ca, "-verify_return_error"];
  return new Promise((resolve) => {
    const client = execFile("openssl", [...arguments_, nameOption(address), address], (error) =>
      resolve(error ? "out" : "in"),
    );
    client.stdin?.end();
  });
}

oracleTest<CertificateCase, string>("what check takes comes into effect, and what it refuses does not", {
  cases: certificateCases,
  inTest: 400,
  async oracle(cases) {
    const answers: string[] = [];
    for (const one of cases) answers.push(await judged(one));
    return answers;
  },
  async ours({ address, ...spec }) {
    return (await tlsProblems(madeOf(spec, address), address)).length === 0 ? "in" : "out";
  },
});

const SERVER: CertificateSpec = {};

/** Whether a server that trusts the case's authorities lets its certificate in where the account asks for one. */
async function shown({ address, ...spec }: CertificateCase): Promise<string> {
  const { ca, certificate } = textsOf(madeOf(spec, address));
  await place({ ca, certificate: tlsTexts(madeOf(SERVER, "db1.example.org")).certificate });
  const own = path.join(folder, "client.pem");
  await writeFile(own, certificate);
  try {
    await server.root.query("FLUSH SSL");
  } catch {
    return "out";
  }
  const { port } = server.connection;
  const login = [
    "--protocol=tcp",
    "--host=127.0.0.1",
    `--port=${port}`,
    "--user=shows",
    `--ssl-cert=${own}`,
    `--ssl-key=${own}`,
  ];
  return promisify(execFile)(findTool("mariadb-admin"), ["--no-defaults", "--ssl", ...login, "ping"]).then(
    () => "in",
    () => "out",
  );
}

const isTaken = async ({ address, ...spec }: CertificateCase): Promise<boolean> =>
  (await tlsProblems(madeOf(spec, address), address)).length === 0;

/** For the most part as a node's own: what `check` refuses of that is not asked about. */
const clientCases = fc
  .tuple(
    certificateCases,
    fc.constantFrom(undefined, "server", "client", "both", "agrees only", "signs only", "CA:TRUE"),
  )
  .map(([one, extra]) => (extra ? { ...one, leaf: { ...one.leaf, extra } } : one) as CertificateCase);

oracleTest<CertificateCase, string>("a certificate that a replica may show is let in, and no other", {
  cases: clientCases,
  inTest: 100,
  async oracle(cases) {
    await server.root.query("CREATE OR REPLACE USER shows@'127.0.0.1' REQUIRE X509");
    const answers: string[] = [];
    for (const one of cases) answers.push((await isTaken(one)) ? await shown(one) : "refused");
    return answers;
  },
  async ours(one) {
    if (!(await isTaken(one))) return "refused";
    const { address, ...spec } = one;
    const own = madeOf(spec, address);
    return (await clientProblems(own, { ...madeOf(SERVER, "db1.example.org"), ca: own.ca })) === undefined
      ? "in"
      : "out";
  },
});

test("the commands that are named make certificates that are taken", async () => {
  const address = "db1.example.org";
  const said = await Promise.all(
    [{ root: { key: "rsa1024" } }, { leaf: { key: "rsa1024" } }, { leaf: { digest: "sha1" } }].map(async (spec) => {
      const [problem] = await tlsProblems(madeOf(spec as CertificateSpec, address), address);
      return /`((?:echo|openssl) [^`]*)`/.exec(problem?.reason ?? "")?.[1];
    }),
  );
  // The authority's key is encrypted, as it should be.
  const [authority, request, sign] = [`${said[0]} -passout pass:x`, said[1], `${said[2]} -passin pass:x`];
  await promisify(execFile)("sh", ["-ec", [authority, request, sign].join("\n")], { cwd: folder });
  const read = (name: string) => readFile(path.join(folder, name), "utf8");
  const tls = { ca: await read("CA"), certificate: await read("CERTIFICATE"), privateKey: await read("KEY") };
  expect(await tlsProblems(tls, address)).toEqual([]);
});
