import { Authority } from "../support/authority";
import { ProviderProcess, UNKNOWN, type Values } from "../support/engine/providerProcess";

/** Certificates, as `pulumi preview` meets them: the real plugin process refuses what could not prove a node, before anything is touched. */

let provider: ProviderProcess;
let authority: Authority;
let tls: Values;

beforeAll(async () => {
  provider = await ProviderProcess.start();
  authority = await Authority.create();
  tls = { ...(await authority.issue("db1.example.org")) };
}, 30_000);
afterAll(() => provider?.[Symbol.asyncDispose]());

const connection = (name: string) => ({
  host: { kind: "local", directory: `/nowhere/${name}` },
  address: `${name}.example.org`,
  admin: { password: "s3cret" },
});

/** Answers the reasons. The engine prints the value of a property that a failure names, keys included: none may. */
async function reasons(type: string, inputs: Values): Promise<string[]> {
  const { failures } = await provider.check(type, inputs);
  expect(failures.map(({ property }) => property)).toEqual(failures.map(() => ""));
  for (const { reason } of failures) expect(reason).not.toContain("PRIVATE KEY-----\n");
  return failures.map(({ reason }) => reason);
}

const node = (more: Values) => reasons("MariaDbNode", { connection: connection("db1"), nodeNumber: 1, ...more });
const link = (more: Values) =>
  reasons("ReplicationLink", { replica: connection("db1"), source: connection("db2"), password: "s3cret", ...more });

test("a node's own certificate is taken, and stands in previews as files and settings", async () => {
  const { inputs, failures } = await provider.check("MariaDbNode", {
    connection: connection("db1"),
    nodeNumber: 1,
    tls,
  });
  expect(failures).toEqual([]);
  expect(inputs).toMatchObject({
    tlsState: "in effect",
    settings: { ssl_ca: "/nowhere/db1/tls/ca.pem", ssl_cert: "/nowhere/db1/tls/node.pem" },
    configText: expect.stringContaining("ssl_key=/nowhere/db1/tls/node.pem\n"),
  });
});

test("one that is not known yet is let through: so are its settings", async () => {
  expect(await node({ tls: UNKNOWN })).toEqual([]);
  expect(await node({ tls: { ...tls, certificate: UNKNOWN } })).toEqual([]);
});

test("another node's certificate is refused by its property", async () => {
  const other = await authority.issue("db2.example.org");
  expect(await node({ tls: other })).toEqual([
    expect.stringMatching(/^tls\.certificate: does not name db1\.example\.org/),
  ]);
});

test("an expired one, another's key, and a missing part are refused by their properties", async () => {
  expect(await node({ tls: await authority.issue("db1.example.org", { days: -1 }) })).toEqual([
    expect.stringMatching(/^tls\.certificate: .* expired on .*: renew it/),
  ]);
  expect(await node({ tls: { ...tls, privateKey: (await authority.issue("db1.example.org")).privateKey } })).toEqual([
    expect.stringMatching(/^tls\.privateKey: is not the key of the certificate/),
  ]);
  expect(await node({ tls: { ca: tls["ca"], certificate: tls["certificate"] } })).toEqual([
    expect.stringMatching(/^tls\.privateKey: /),
  ]);
});

test("one that has ended while it was in use is told of, and holds up no repair of anything else", async () => {
  const expired = await authority.issue("db1.example.org", { days: -1 });
  const inputs = { connection: connection("db1"), nodeNumber: 1, tls: expired };
  const { failures } = await provider.check("MariaDbNode", inputs, { ...inputs, tls: { ...expired } });
  expect(failures).toEqual([]);
  expect(provider.printed.join("")).toMatch(/tls\.certificate: CN=db1\.example\.org expired on .*: renew it/);
});

test("settings that follow from the certificates can't be given beside them", async () => {
  expect(await node({ tls, settings: { "ssl-cert": "/etc/ssl/db1.pem" } })).toEqual([
    'settings.ssl-cert: follows from "tls"; give one of the two',
  ]);
  expect(await node({ settings: { ssl_cert: "/etc/ssl/db1.pem" } })).toEqual([]);
});

test("direct access needs an authority, and comes from elsewhere", async () => {
  const direct = (access: Values) => node({ connection: { ...connection("db1"), direct: access } });
  expect(await direct({ ca: authority.ca, from: "%" })).toEqual([]);
  expect(await direct({ ca: authority.ca })).toEqual([
    expect.stringMatching(/^connection\.direct\.from: must be given/),
  ]);
  expect(await direct({ ca: "/etc/ssl/ca.pem", from: "%" })).toEqual([
    expect.stringMatching(/^connection\.direct\.ca: is the name of a file/),
  ]);
  expect(await direct({ ca: authority.ca, from: "localhost" })).toEqual([
    expect.stringMatching(/^connection\.direct\.from: must be where the statements come from/),
  ]);
});

test("ways of a link that are none are refused", async () => {
  expect(await link({ tls: "verified" })).toEqual([]);
  expect(await link({ tls: "on" })).toEqual([expect.stringMatching(/^tls: "on" is not one of off, verified, mutual/)]);
});
