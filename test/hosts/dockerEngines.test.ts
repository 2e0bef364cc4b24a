import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { bridgeTo } from "../../provider/src/hosts/bridge";
import { quoteAll } from "../../provider/src/hosts/ssh/commands";
import { ContainerHost } from "../support/hosts/containerHost";
import { EngineOverTls } from "../support/hosts/dockerEngineOverTls";
import { ServerContainer } from "../support/hosts/serverContainer";
import { TestNetwork } from "../support/hosts/testNetwork";

/** One container, on an engine that is reached in other ways than by its socket. */

jest.setTimeout(120_000);

const ENGINE_SOCKET = String(process.env["SESSION_STORE_TEST_DOCKER"]).slice("unix://".length);
const dist = path.resolve(__dirname, "../../provider/dist");

let folder: string;
let network: TestNetwork;
let server: ServerContainer;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-"));
  network = await TestNetwork.create();
  server = await ServerContainer.start(network);
  await server.healthy();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await network?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** A file, a command with input and a statement, in a process with an environment of its own. Answers what it wrote, failed or not. */
function visit(engine: string | undefined, environment: NodeJS.ProcessEnv = {}, before = ""): Promise<string> {
  const host = { kind: "docker", container: server.address, engine };
  const script = `
    const { openHost } = require(${JSON.stringify(path.join(dist, "hosts"))});
    const { openAsSuperuser } = require(${JSON.stringify(path.join(dist, "mariadb", "open"))});
    const { Run } = require(${JSON.stringify(path.join(dist, "run"))});
    new Run(console.error).enter();
    (async () => {
      ${before}
      const connection = { host: ${JSON.stringify(host)}, address: "db1", port: 3306, admin: { user: "x", password: "x" } };
      const host = openHost(connection.host);
      await host.prepare();
      await host.writeFile("/etc/mysql/conf.d/a.txt", "from afar", { mode: 0o600 });
      console.log((await host.readFile("/etc/mysql/conf.d/a.txt")).text);
      console.log(await host.run(["tr", "a-z", "A-Z"], { input: "x".repeat(200_000) }).then((text) => text.length + text[0]));
      const session = await openAsSuperuser(connection);
      console.log(await session.value("SELECT CURRENT_USER()"));
      process.exit();
    })().catch((error) => { console.log(error.message); process.exit(1); });`;
  const env = { PATH: process.env["PATH"], HOME: folder, ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, ["-e", script], { env, timeout: 60_000 }, (_error, output, errors) =>
      resolve(output + errors),
    );
  });
}

const EVERYTHING = "from afar\n200000X\nroot@localhost\n";

it("that of DOCKER_HOST is taken where none is given", async () => {
  expect(await visit(undefined, { DOCKER_HOST: `unix://${ENGINE_SOCKET}` })).toBe(EVERYTHING);
});

it("by TCP with certificates; without them nobody gets in", async () => {
  await using engine = await EngineOverTls.start(ENGINE_SOCKET, folder);
  expect(await visit(engine.address, { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: folder })).toBe(EVERYTHING);
  expect(await visit(engine.address)).toMatch(/^the Docker engine at tcp:\/\/127\.0\.0\.1:\d+ can't be reached \(/);
});

it("by ssh, with the user's own configuration; a host key that is not known is refused", async () => {
  // In the place of the docker command of that machine.
  const dial = `#!/bin/sh\n[ "$*" = "system dial-stdio" ] || exit 64\n${quoteAll(bridgeTo("/engine.sock"))}\nexit 0\n`;
  await using machine = await ContainerHost.start(network, {
    name: "engine",
    withServer: false,
    binds: [`${ENGINE_SOCKET}:/engine.sock`],
    files: { "/usr/bin/docker": dial },
  });
  await machine.sh("chmod 755 /usr/bin/docker");
  const ssh = async (hostKey: string) => {
    await writeFile(path.join(folder, "key"), machine.privateKey, { mode: 0o600 });
    await writeFile(path.join(folder, "known"), `${machine.address} ${hostKey}\n`);
    await writeFile(
      path.join(folder, "config"),
      `Host *\nIdentityFile ${folder}/key\nUserKnownHostsFile ${folder}/known\nStrictHostKeyChecking yes\n`,
    );
    // ssh takes its folder from the user database, not from HOME.
    await writeFile(path.join(folder, "ssh"), `#!/bin/sh\nPATH=\${PATH#*:} exec ssh -F ${folder}/config "$@"\n`);
    await chmod(path.join(folder, "ssh"), 0o755);
    return visit(`ssh://root@${machine.address}`, { PATH: `${folder}:${process.env["PATH"]}` });
  };
  expect(await ssh(machine.hostKey)).toBe(EVERYTHING);
  const other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJa1XuQ3yRbq6cV6z5cQx1n0v1zGmX8tX0uQmQ7nq1wZ";
  expect(await ssh(other)).toMatch(
    /^the Docker engine at ssh:\/\/root@10\..* can't be reached \(ssh .*Host key verification failed/s,
  );
});

it("one that is not there is named, with what to do", async () => {
  expect(await visit("unix:///none/docker.sock")).toMatch(
    /^the Docker engine at unix:\/\/\/none\/docker\.sock can't be reached \(connect ENOENT.*\)\. Start it, or name the right one/,
  );
});

it("one whose socket is another user's says who may", async () => {
  const loaded = `require(${JSON.stringify(path.join(dist, "hosts", "docker", "host"))}); process.setgroups([]); process.setgid(65534); process.setuid(65534);`;
  expect(await visit(`unix://${ENGINE_SOCKET}`, {}, loaded)).toMatch(
    /^the Docker engine at unix:.* lets this user not in \(connect EACCES .*member of the group that owns its socket/,
  );
});

it("a container without a volume for its configuration is refused before anything is changed", async () => {
  const script = `new (require(${JSON.stringify(path.join(dist, "run"))}).Run)(console.error).enter();
    require(${JSON.stringify(path.join(dist, "hosts"))}).openHost(${JSON.stringify({ ...server.inputs, configDirectory: "/etc/mysql/mariadb.conf.d" })})
    .prepare().catch((error) => console.log(error.message))`;
  const said = await new Promise<string>((resolve) =>
    execFile(process.execPath, ["-e", script], (_error, output) => resolve(output)),
  );
  expect(said).toMatch(/no volume is mounted on \/etc\/mysql\/mariadb\.conf\.d, so the node's settings would be lost/);
});
