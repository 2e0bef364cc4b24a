import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import Docker from "dockerode";
import { until } from "../../provider/src/waiting";

/** The engine that `npm test` starts by itself, in a cache of its own. */

jest.setTimeout(120_000);

const tools = path.resolve(__dirname, "..", "..", "tools", "dockerEngine.mjs");
let cache: string;
let folder: string;

beforeAll(async () => {
  cache = await mkdtemp(path.join(tmpdir(), "session-store-"));
  folder = path.join(cache, "pulumi-replicated-session-store", "engine");
});

afterAll(async () => {
  await run("await engine.close()");
  await rm(cache, { recursive: true, force: true });
});

/** Opens the engine in a process of its own, as a run of the tests does, and goes on there. */
function run(script: string): Promise<string> {
  const text = `const { openEngine } = await import(${JSON.stringify(tools)}); const engine = await openEngine(); ${script}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", text], {
    env: { ...process.env, XDG_CACHE_HOME: cache, DOCKER_HOST: "unix:///none" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (output += part));
  return new Promise((resolve, reject) => {
    child.on("close", (code) => (code === 0 ? resolve(output) : reject(new Error(output))));
  });
}

const pid = async (): Promise<number> => Number(await readFile(path.join(folder, "pid"), "utf8"));
const client = () => new Docker({ socketPath: path.join(folder, "docker.sock") });
const answers = () =>
  client()
    .ping()
    .then(
      () => true,
      () => false,
    );

const gone = (number: number) =>
  until({ what: `process ${number} to be gone`, deadline: 30_000 }, async () => {
    try {
      process.kill(number, 0);
      return { seen: "it runs" };
    } catch {
      return { done: undefined };
    }
  });

it("it ends with the run that started it, and not while another one uses it", async () => {
  const other = run("console.log('open'); await new Promise((end) => setTimeout(end, 3000)); await engine.close()");
  await until({ what: "the engine", deadline: 30_000 }, async () =>
    (await answers()) ? { done: undefined } : { seen: "nothing" },
  );
  await run("await engine.close()");
  expect(await answers()).toBe(true);
  await other;
  expect(await answers()).toBe(false);
});

it("it is started again where it was killed, also beside the number of a foreign process", async () => {
  await run("process.exit()");
  const killed = await pid();
  process.kill(killed, "SIGKILL");
  await gone(killed);
  await run("process.exit()");
  expect(await answers()).toBe(true);

  const ended = await pid();
  process.kill(ended, "SIGTERM");
  await gone(ended);
  await writeFile(path.join(folder, "pid"), String(process.pid));
  await run("process.exit()");
  expect(await answers()).toBe(true);
});

it("what a run that was killed left in it is removed by the next one, and nothing of a run that goes on", async () => {
  await run("process.exit()");
  const docker = client();
  await docker.importImage(execFileSync("tar", ["-c", "-T", "/dev/null"]) as never, { repo: "empty", tag: "1" });
  const label = (owner: number) => ({ Labels: { "pulumi-replicated-session-store": String(owner) } });
  const dead = 2 ** 22 + 1;
  await docker.createContainer({ name: "dead", Image: "empty:1", Cmd: ["x"], ...label(dead) });
  await docker.createContainer({ name: "alive", Image: "empty:1", Cmd: ["x"], ...label(process.pid) });
  await docker.createNetwork({ Name: "dead", ...label(dead) });
  await docker.createVolume({ Name: "dead", ...label(dead) });

  await run("process.exit()");

  const containers = await docker.listContainers({ all: true });
  expect(containers.flatMap(({ Names }) => Names)).toEqual(["/alive"]);
  expect((await docker.listNetworks()).map(({ Name }) => Name)).not.toContain("dead");
  expect((await docker.listVolumes()).Volumes).toEqual([]);
});
