import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { Authority } from "../support/authority";
import { PulumiProject } from "../support/cli/cli";
import { expectSuccess } from "../support/cli/pairProgram";
import { watchHere, watchHost } from "../support/hosts/commandLines";
import { ContainerHost } from "../support/hosts/containerHost";
import { HostPair } from "../support/hosts/hostPair";

/** The real CLI and the program stacks/hosts.ts, on two machines behind a jump host: the one as root, the other by sudo. */

jest.setTimeout(180_000);

const stack = (file: string) => readFileSync(path.resolve(__dirname, "../../stacks", file), "utf8");
const marker = (name: string) => `marker-${name}-${randomBytes(6).toString("hex")}`;
const PASSWORDS = Object.fromEntries(
  ["admin", "proxy", "replication", "binaryLog", "monitor"].map((name) => [`${name}Password`, marker(name)]),
);

let pair: HostPair;
let jump: ContainerHost;
let project: PulumiProject;

beforeAll(async () => {
  pair = await HostPair.planned({}, [{ user: "deploy" }, {}]);
  jump = await ContainerHost.start(pair.network, { name: "jump", user: "hop", withServer: false });
  const machines = { db1: pair.host(1), db2: pair.host(2), jump };
  const each = (value: (machine: ContainerHost) => string, key: string) =>
    Object.fromEntries(Object.entries(machines).map(([name, machine]) => [`${name}${key}`, value(machine)]));
  project = await PulumiProject.create({
    name: "session-store",
    program: stack("index.ts"),
    files: Object.fromEntries(["hosts.ts", "configuration.ts"].map((file) => [file, stack(file)])),
    stackFile: stack("Pulumi.hosts.example.yaml"),
    config: {
      ...each(({ address }) => address, "Address"),
      ...each(({ hostKey }) => JSON.stringify([hostKey]), "HostKeys"),
      ...each(({ user }) => user, "SshUser"),
    },
    secrets: { ...each(({ privateKey }) => privateKey, "SshKey"), ...PASSWORDS },
  });
});

afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
  await jump?.[Symbol.asyncDispose]();
  await pair?.[Symbol.asyncDispose]();
});

/** How often each machine let somebody in meanwhile. */
async function handshakesDuring(work: () => Promise<unknown>): Promise<number[]> {
  const count = () => Promise.all([...pair.hosts, jump].map((host) => host.handshakes()));
  const before = await count();
  await work();
  return (await count()).map((number, index) => number - (before[index] ?? 0));
}

const ONE_EACH = [1, 1, 1];
const up = async () => expectSuccess(await project.up());

it("up brings the pair up, with one SSH handshake for each machine, and no secret is seen in any command line", async () => {
  const keys = [...pair.hosts, jump].map(({ privateKey }) => privateKey.split("\n")[3] ?? "");
  const secrets = [...Object.values(PASSWORDS), ...keys];
  expect(secrets.every((secret) => secret.length > 15)).toBe(true);
  // It sees what there is to see.
  await using here = watchHere([...secrets, "--skip-preview"]);
  await using one = await watchHost(pair.host(1));
  await using two = await watchHost(pair.host(2));

  expect(await handshakesDuring(up)).toEqual(ONE_EACH);

  const seen = await Promise.all([here, one, two].map((watched) => watched.end()));
  const [onThisMachine, ...onHosts] = seen;
  expect(onThisMachine).toContain("up\0--yes\0--skip-preview");
  for (const text of onHosts) {
    expect(text).toContain("99-session-store.cnf.unfinished");
    expect(text).toMatch(/mariadbd/);
  }
  for (const text of seen) for (const secret of secrets) expect(text).not.toContain(secret);
  const state = await project.exportState();
  expect(state).toContain("MariaDbNode");
  for (const secret of secrets) expect(state).not.toContain(secret);
});

it("sessions go both ways, and the proxies are told where", async () => {
  const [one, two] = pair.hosts;
  await one.sql("CREATE TABLE replicated_session_store.a_session (id VARCHAR(20) PRIMARY KEY)");
  await pair.catchUp();
  await two.sql("INSERT INTO replicated_session_store.a_session VALUES ('from db2')");
  await pair.catchUp();
  expect(await one.sql("SELECT id FROM replicated_session_store.a_session")).toBe("from db2");
  expect(await project.output("connectString")).toBe(
    `replication://${one.address}:3306/replicated_session_store,${two.address}:3306/replicated_session_store`,
  );
});

it("a preview sees nothing to change, a drift is shown and put back: one SSH handshake each", async () => {
  const [one] = pair.hosts;
  const preview = async () => expectSuccess(await project.preview("--expect-no-changes"));
  expect(await handshakesDuring(preview)).toEqual(ONE_EACH);

  await one.sql("SET GLOBAL max_connections=77");
  const { output } = await project.preview("--diff");
  expect(output).toMatch(/max_connections +: "77" => "1000"/);
  expect(await handshakesDuring(up)).toEqual(ONE_EACH);
  expect(await one.sql("SELECT @@GLOBAL.max_connections")).toBe("1000");
});

it("certificates are configuration too: the links are encrypted, and no key is in the state", async () => {
  const authority = await Authority.create();
  const issued = await Promise.all(pair.hosts.map(({ address }) => authority.issue(address)));
  const of = (what: "certificate" | "privateKey", key: string) =>
    Object.fromEntries(issued.map((one, index) => [`db${index + 1}${key}`, one[what]]));
  await project.configure({ ca: authority.ca, ...of("certificate", "Certificate") }, "plaintext");
  await project.configure(of("privateKey", "CertificateKey"), "secret");

  // With another configuration, the engine looks at the servers in one plugin process and changes them in another.
  expect(await handshakesDuring(up)).toEqual([2, 2, 2]);
  const links = await project.output<{ encryption: string }[]>("links");
  expect(links.map(({ encryption }) => encryption)).toEqual(Array(2).fill("required by the account (SSL)"));
  expectSuccess(await project.preview("--expect-no-changes"));
  const state = await project.exportState();
  expect(state).toContain("BEGIN CERTIFICATE");
  for (const { privateKey } of issued) expect(state).not.toContain(privateKey.split("\n")[1]);
});

it("destroy takes it off, with one SSH handshake each", async () => {
  const [one] = pair.hosts;
  expect(await handshakesDuring(async () => expectSuccess(await project.destroy()))).toEqual(ONE_EACH);
  expect(await one.sql("SHOW SLAVE STATUS")).toBe("");
});
