import { PulumiProject } from "../support/cli";
import { HostPair } from "../support/hostPair";
import { expectSuccess } from "../support/pairProgram";

/** The real CLI and a program as users write it, on two machines over SSH: one as root, one by sudo. */

jest.setTimeout(180_000);

const PROGRAM = `import * as pulumi from "@pulumi/pulumi";
import { ReplicatedSessionStore } from "pulumi-replicated-session-store";

const config = new pulumi.Config();
const node = (name: string) => ({
  host: {
    kind: "ssh" as const,
    address: config.require(\`\${name}Address\`),
    user: config.require(\`\${name}User\`),
    hostKeys: [config.require(\`\${name}HostKey\`)],
    privateKey: config.requireSecret(\`\${name}Key\`),
  },
});

const store = new ReplicatedSessionStore("sessions", {
  nodes: [node("db1"), node("db2")],
  admin: { password: config.requireSecret("adminPassword") },
  proxy: { password: config.requireSecret("proxyPassword") },
  replication: { password: config.requireSecret("replicationPassword") },
  binaryLog: { password: config.requireSecret("binaryLogPassword") },
});

export const advice = store.advice;
`;

let pair: HostPair;
let project: PulumiProject;

beforeAll(async () => {
  pair = await HostPair.planned({}, [{ user: "deploy" }, {}]);
  const places = pair.hosts.flatMap(({ name, inputs }) => [
    [`${name}Address`, inputs.address],
    [`${name}User`, inputs.user ?? "root"],
    [`${name}HostKey`, inputs.hostKeys.join()],
  ]);
  const keys = pair.hosts.map(({ name, inputs }) => [`${name}Key`, inputs.privateKey]);
  const passwords = ["admin", "proxy", "replication", "binaryLog"].map((name) => [
    `${name}Password`,
    `marker-${name}-7Qz`,
  ]);
  project = await PulumiProject.create({
    program: PROGRAM,
    config: Object.fromEntries(places),
    secrets: Object.fromEntries([...keys, ...passwords]),
  });
});

afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
  await pair?.[Symbol.asyncDispose]();
});

/** How often each machine let somebody in meanwhile. */
async function handshakesDuring(work: () => Promise<void>): Promise<number[]> {
  const count = () => Promise.all(pair.hosts.map((host) => host.handshakes()));
  const before = await count();
  await work();
  return (await count()).map((number, index) => number - (before[index] ?? 0));
}

it("up, preview, a drift and its repair, destroy: with one SSH handshake for each host and run", async () => {
  const [one, two] = pair.hosts;
  const ONE_EACH = [1, 1];
  expect(await handshakesDuring(async () => void expectSuccess(await project.up()))).toEqual(ONE_EACH);

  await one.sql("CREATE TABLE replicated_session_store.a_session (id VARCHAR(20) PRIMARY KEY)");
  await pair.catchUp();
  await two.sql("INSERT INTO replicated_session_store.a_session VALUES ('from db2')");
  await pair.catchUp();
  expect(await one.sql("SELECT id FROM replicated_session_store.a_session")).toBe("from db2");

  const clean = async () => void expectSuccess(await project.preview("--expect-no-changes"));
  expect(await handshakesDuring(clean)).toEqual(ONE_EACH);

  await one.sql("SET GLOBAL max_connections=77");
  const { output } = await project.preview("--diff");
  expect(output).toMatch(/max_connections: "77" => "1000"/);
  expect(await handshakesDuring(async () => void expectSuccess(await project.up()))).toEqual(ONE_EACH);
  expect(await one.sql("SELECT @@GLOBAL.max_connections")).toBe("1000");

  expect(await handshakesDuring(async () => void expectSuccess(await project.destroy()))).toEqual(ONE_EACH);
  expect(await one.sql("SHOW SLAVE STATUS")).toBe("");
});
