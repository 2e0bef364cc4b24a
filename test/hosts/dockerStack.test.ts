import { cp, readFile, symlink, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { JOINED } from "../../stacks/mariadbContainer";
import { PulumiProject } from "../support/cli/cli";
import { expectSuccess } from "../support/cli/pairProgram";
import { runInContainer } from "../support/hosts/containerCommand";
import { LABELS, testEngine } from "../support/hosts/dockerEngine";
import { brokenServerImage, serverImage } from "../support/hosts/serverImage";
import { inWhole } from "../support/inWhole";
import { freePort } from "../support/local/ports";

/** stacks/docker.ts by the real CLI, on a real engine. In the place of Pulumi's Docker plugin there is a stand-in: test/support/hosts/dockerPlugin. */

jest.setTimeout(180_000);

const repository = path.resolve(__dirname, "..", "..");
const name = `stack-${process.pid}`;
const PASSWORDS = ["admin", "proxy", "replication", "binaryLog", "monitor"].map((role) => [
  `${role}Password`,
  `${role}-pass-1`,
]);
const TABLE = "replicated_session_store.a_session";

const NODES = [1, 2] as const;

let project: PulumiProject;

beforeAll(async () => {
  project = await PulumiProject.create({
    program: 'export = require("./stacks");\n',
    config: {
      target: "docker",
      image: await serverImage("trixie", 1),
      name,
      firstPort: String(await freePort()),
      keepVolumes: "false",
    },
    programs: path.join(repository, "test", "support", "hosts", "dockerPlugin"),
    environment: {
      DOCKER_HOST: process.env["SESSION_STORE_TEST_DOCKER"],
      STAND_IN_LABELS: JSON.stringify(LABELS),
    },
    secrets: Object.fromEntries(PASSWORDS),
    async packages(program) {
      await symlink(path.join(repository, "node_modules"), path.join(program, "node_modules"));
      await cp(path.join(repository, "stacks"), path.join(program, "stacks"), { recursive: true });
    },
  });
});
afterAll(async () => {
  await project?.destroy();
  await project?.[Symbol.asyncDispose]();
});

const container = (node: 1 | 2) => testEngine().getContainer(`${name}-db${node}`);
const inspect = () => Promise.all([container(1).inspect(), container(2).inspect()]);
const sql = async (node: 1 | 2, statement: string) => {
  const command = ["mariadb", "--batch", "--skip-column-names"];
  return (await runInContainer(testEngine(), container(node), { command, input: `${statement};` })).trimEnd();
};

/** Which container it is, and since when it runs. */
const running = async (node: 1 | 2) => {
  const { Id, State } = await container(node).inspect();
  return State.Running ? [Id, State.StartedAt] : State;
};
/** When a container had caught up with its peer, which is when it is healthy for the first time. */
const joined = async (node: 1 | 2) => {
  const command = ["stat", "--format=%.3Y", JOINED];
  return Number(await runInContainer(testEngine(), container(node), { command })) * 1000;
};

/** Each node takes a session, and the other one gets it. */
async function expectSessionsBothWays(id: string): Promise<void> {
  for (const [source, replica] of [
    [1, 2],
    [2, 1],
  ] as const) {
    await sql(source, `INSERT INTO ${TABLE} VALUES ('${id}-${source}')`);
    const position = await sql(source, "SELECT @@GLOBAL.gtid_binlog_pos");
    expect(await sql(replica, `SELECT MASTER_GTID_WAIT('${position}', 20)`)).toBe("0");
    expect(await sql(replica, `SELECT COUNT(*) FROM ${TABLE} WHERE id = '${id}-${source}'`)).toBe("1");
  }
}

it("up makes two containers and the pair on them", async () => {
  const output = expectSuccess(await project.up());
  expect(output).toMatch(/\+ \d+ created/);
  for (const { HostConfig, Config } of await inspect()) {
    expect(HostConfig.PortBindings["3306/tcp"]).toEqual([{ HostIp: "127.0.0.1", HostPort: expect.any(String) }]);
    expect(JSON.stringify(Config.Env)).not.toMatch(/pass-1/);
  }
  expect(await project.output("connectString")).toBe(
    `replication://${name}-db1:3306/replicated_session_store,${name}-db2:3306/replicated_session_store`,
  );
  await sql(1, `CREATE TABLE ${TABLE} (id VARCHAR(20) PRIMARY KEY)`);
  await expectSessionsBothWays("first");
});

it("a preview shows nothing then; what was changed by hand is shown by property, and put back by up", async () => {
  expectSuccess(await project.preview("--expect-no-changes"));
  await sql(2, "SET GLOBAL max_connections=77");
  expect((await project.preview("--diff")).output).toMatch(/~ max_connections *: "77" => "1000"/);
  expectSuccess(await project.up());
  expect(await sql(2, "SELECT @@GLOBAL.max_connections")).toBe("1000");
});

inWhole(
  "an image with which the first container does not get healthy leaves the second one as it is, in the next up too, and each says why",
  async () => {
    const before = await inspect();
    await project.configure({ image: await brokenServerImage("trixie") }, "plaintext");
    for (const _ of ["first", "next"]) {
      const { code, output } = await project.up();
      expect(code).not.toBe(0);
      expect(output).toContain(`the server in the container "${name}-db1" ended while it started`);
      expect(output).toContain("unknown option '--no-such-option'");
      expect(await running(2)).toEqual([before[1].Id, before[1].State.StartedAt]);
    }
    // With the former image back, the first one comes back linked.
    await project.configure({ image: await serverImage("trixie", 1) }, "plaintext");
    expectSuccess(await project.up());
    expect(await running(2)).toEqual([before[1].Id, before[1].State.StartedAt]);
    await expectSessionsBothWays("back");
  },
);

it("an image with which it does replaces one container after the other; each keeps its volumes and comes back linked", async () => {
  const [before, rows] = [await inspect(), await sql(1, `SELECT COUNT(*) FROM ${TABLE}`)];
  await project.configure({ image: await serverImage("trixie", 2) }, "plaintext");
  expectSuccess(await project.up());
  const [one, two] = await inspect();
  for (const [index, after] of [one, two].entries()) {
    expect(after?.Image).not.toBe(before[index]?.Image);
    expect(after?.Mounts.map(({ Name }) => Name).sort()).toEqual(before[index]?.Mounts.map(({ Name }) => Name).sort());
  }
  expect(Date.parse(two.Created)).toBeGreaterThan(await joined(1));
  expect(await sql(1, `SELECT COUNT(*) FROM ${TABLE}`)).toBe(rows);
  await expectSessionsBothWays("again");
  expectSuccess(await project.preview("--expect-no-changes"));
});

inWhole("a changed healthcheck reaches both containers, one after the other, and shows no more then", async () => {
  const file = path.join(project.program, "stacks", "mariadbContainer.ts");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace("|| exit 1\n[ !", "|| exit 1\n# changed\n[ !"));
  const { output } = await project.preview("--diff");
  expect(output).toContain("# changed");
  expectSuccess(await project.up());
  const [one, two] = await inspect();
  for (const { Config } of [one, two]) expect(Config.Healthcheck?.Test?.join()).toContain("# changed");
  expect(Date.parse(two.Created)).toBeGreaterThan(await joined(1));
  expectSuccess(await project.preview("--expect-no-changes"));
});

inWhole("another image and a setting that needs a restart reach both containers in one up", async () => {
  await project.configure({ image: await serverImage("trixie", 1) }, "plaintext");
  await project.succeed(["config", "set", "--path", "settings.innodb_buffer_pool_chunk_size", "4M"]);
  expectSuccess(await project.up());
  for (const node of NODES) expect(await sql(node, "SELECT @@innodb_buffer_pool_chunk_size")).toBe("4194304");
  await expectSessionsBothWays("both");
});

inWhole(
  "a broken link that keeps a new container from getting healthy is repaired by an up of the pair alone",
  async () => {
    const file = path.join(project.program, "stacks", "docker.ts");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace("PATIENCE = 300", "PATIENCE = 12"));
    await container(1).remove({ force: true });
    await sql(2, "SET sql_log_bin=0; DROP USER replication_user@'%'");
    const { StartedAt } = (await container(2).inspect()).State;
    const { code, output } = await project.up();
    expect(code).not.toBe(0);
    expect(output).toMatch(
      /waited 12\.\d s for the container ".*-db1" to be healthy; last seen: .*it has not caught up with its peer/,
    );
    expect((await container(2).inspect()).State.StartedAt).toBe(StartedAt);
    await writeFile(file, text);
    expectSuccess(await project.up("--target", "**::sessions-*"));
    expectSuccess(await project.up());
    await expectSessionsBothWays("repaired");
  },
);

inWhole(
  "containers that are gone while their volumes are there come back in one up, linked, with all sessions",
  async () => {
    const rows = await sql(1, `SELECT COUNT(*) FROM ${TABLE}`);
    for (const node of NODES) await container(node).remove({ force: true });
    const start = Date.now();
    expectSuccess(await project.up());
    // The healthcheck gives a server five minutes.
    expect(Date.now() - start).toBeLessThan(120_000);
    for (const node of NODES) expect(await sql(node, `SELECT COUNT(*) FROM ${TABLE}`)).toBe(rows);
    await expectSessionsBothWays("gone");
  },
);

it("a container lost with its volumes comes back in one up: seeded, with its accounts, linked", async () => {
  const rows = await sql(1, `SELECT COUNT(*) FROM ${TABLE}`);
  await container(1).remove({ force: true });
  for (const what of ["data", "config"]) await testEngine().getVolume(`${name}-db1-${what}`).remove();
  expectSuccess(await project.up());
  expect(await sql(1, `SELECT COUNT(*) FROM ${TABLE}`)).toBe(rows);
  expect(await sql(1, "SELECT COUNT(*) FROM mysql.user WHERE User = 'nevisproxy_user'")).toBe("1");
  await expectSessionsBothWays("lost");
  expectSuccess(await project.preview("--expect-no-changes"));
});

it("destroy takes all of it away", async () => {
  expectSuccess(await project.destroy());
  await expect(container(1).inspect()).rejects.toThrow("No such container");
  const { Volumes } = await testEngine().listVolumes();
  expect(Volumes.map(({ Name }) => Name).filter((volume) => volume.startsWith(name))).toEqual([]);
});
