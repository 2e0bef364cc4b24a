import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { PulumiProject } from "../support/cli/cli";
import { expectSuccess, PASSWORDS } from "../support/cli/pairProgram";
import { PairServer } from "../support/local/pairServer";
import { freePorts } from "../support/local/ports";

jest.setTimeout(300_000);

const repository = path.resolve(__dirname, "..", "..");
const run = promisify(execFile);

/** A program with things of its own, in which the pair is one part. */
const PROGRAM = `import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { LocalMariaDb, ReplicatedSessionStore } from "pulumi-replicated-session-store";

/** Logs in as a proxy does, as soon as it is made. */
class Greeting extends pulumi.dynamic.Resource {
  declare readonly text: pulumi.Output<string>;
  constructor(name: string, text: pulumi.Input<string>, password: pulumi.Input<string>, opts?: pulumi.CustomResourceOptions) {
    super({ create: async (inputs) => {
      const [, host, port, database] = /:\\/\\/(.+?):(\\d+)\\/(.+?),/.exec(inputs.text) ?? [];
      const login = { host, port: Number(port), database, user: "nevisproxy_user", password: inputs.password };
      const connection = await require("mysql2/promise").createConnection(login);
      await connection.end();
      return { id: name, outs: inputs };
    } }, name, { text, password }, { ...opts, additionalSecretOutputs: ["password"] });
  }
}

class Platform extends pulumi.ComponentResource {
  readonly store: ReplicatedSessionStore;
  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super("acme:platform:Platform", name, {}, opts);
    const config = new pulumi.Config();
    const folder = config.require("folder");
    const servers = [1, 2].map(
      (number) =>
        new LocalMariaDb(
          \`\${name}-\${number}\`,
          {
            directory: path.join(folder, \`db\${number}\`),
            port: config.requireNumber(\`port\${number}\`),
            forceDestroy: true,
          },
          { parent: this },
        ),
    );
    this.store = new ReplicatedSessionStore(
      \`\${name}-sessions\`,
      {
        nodes: [{ server: servers[0]! }, { server: servers[1]! }],
        admin: { password: config.requireSecret("adminPassword") },
        proxy: { password: config.requireSecret("proxyPassword") },
        replication: { password: config.requireSecret("replicationPassword") },
        binaryLog: { password: config.requireSecret("binaryLogPassword") },
        settings: { max_connections: 321 },
      },
      { parent: this },
    );
    const text = pulumi.interpolate\`sessions at \${this.store.connectString}\`;
    new Greeting(\`\${name}-greeting\`, text, config.requireSecret("proxyPassword"), { parent: this });
    this.registerOutputs({});
  }
}

const platform = new Platform("acme");
export const connectString = platform.store.connectString;
export const nodes = platform.store.nodes;
`;

/** As the vendor's template for TypeScript has it: the program is type-checked, the declarations of our package with it. */
const TSCONFIG = {
  compilerOptions: {
    strict: true,
    outDir: "bin",
    target: "es2020",
    module: "commonjs",
    moduleResolution: "node",
    sourceMap: true,
    experimentalDecorators: true,
    pretty: true,
    noFallthroughCasesInSwitch: true,
    noImplicitReturns: true,
    forceConsistentCasingInFileNames: true,
  },
  files: ["index.ts"],
};
const TYPE_CHECKED = { PULUMI_NODEJS_TRANSPILE_ONLY: "false" };

let project: PulumiProject;
let servers: PairServer[];

beforeAll(async () => {
  const ports = await freePorts();
  project = await PulumiProject.create({ program: PROGRAM, secrets: PASSWORDS, packages: installTarball });
  await project.configure({ folder: project.folder, port1: String(ports[0]), port2: String(ports[1]) }, "plaintext");
  servers = ports.map(
    (port, index) => new PairServer(`db${index + 1}`, path.join(project.folder, `db${index + 1}`), port),
  );
});

afterAll(async () => {
  for (const server of servers ?? []) await server.close();
  await project?.[Symbol.asyncDispose]();
});

/** `npm install` of what `npm publish` would upload, and of what a TypeScript program of Pulumi needs beside it. */
async function installTarball(program: string): Promise<void> {
  const tarballs = path.join(program, "..", "tarballs");
  await mkdir(tarballs);
  const packed = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", tarballs], {
    cwd: path.join(repository, "provider"),
  });
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
  const versionOf = async (name: string) =>
    (
      JSON.parse(await readFile(path.join(repository, "node_modules", name, "package.json"), "utf8")) as {
        version: string;
      }
    ).version;
  const packages = await Promise.all(
    ["@pulumi/pulumi", "@types/node", "typescript"].map(async (name) => `${name}@${await versionOf(name)}`),
  );
  await writeFile(path.join(program, "tsconfig.json"), JSON.stringify(TSCONFIG));
  await run(
    "npm",
    ["install", "--prefer-offline", "--no-audit", "--no-fund", path.join(tarballs, filename), ...packages],
    { cwd: program },
  );
}

it("the packed library comes without this repository's sources and tests", () => {
  const installed = path.join(project.program, "node_modules", "pulumi-replicated-session-store");
  expect(existsSync(path.join(installed, "dist", "index.d.ts"))).toBe(true);
  expect(existsSync(path.join(installed, "src"))).toBe(false);
  expect(existsSync(path.join(project.program, "node_modules", "jest"))).toBe(false);
});

it("its command line tells what reaches the peer", async () => {
  const ask = (statement: string) =>
    run("npx", ["--no", "session-store", "reaches-peer", statement], { cwd: project.program }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
    );
  const store = "replicated_session_store";
  expect(await ask(`CREATE TABLE ${store}.a_session (id INT)`)).toMatchObject({ code: 0 });
  expect(await ask(`CREATE TABLE ${store}.notes (id INT)`)).toMatchObject({ code: 1 });
});

it("a preview shows how the proxies will connect, before any server is there", async () => {
  const output = expectSuccess(await project.preview());
  const [one, two] = servers.map(({ port }) => `127.0.0.1:${port}/replicated_session_store`);
  expect(output).toContain(`connectString: "replication://${one},${two}"`);
});

it("up brings up the pair beside the program's other resources, which log in with connectString in the same run", async () => {
  expectSuccess(await project.run(["up", "--yes", "--skip-preview"], { environment: TYPE_CHECKED }));
  const [db1, db2] = servers as [PairServer, PairServer];
  await db1.write(
    "CREATE TABLE replicated_session_store.a_session (v TEXT)",
    "INSERT INTO replicated_session_store.a_session VALUES ('x')",
  );
  await db2.catchUpWith(db1);
  expect(await db2.value("SELECT v FROM replicated_session_store.a_session")).toBe("x");
  for (const server of servers) expect(await server.variable("max_connections")).toBe("321");
  expect(await project.exportState()).toContain(
    `sessions at replication://127.0.0.1:${db1.port}/replicated_session_store,127.0.0.1:${db2.port}/replicated_session_store`,
  );
  const nodes = await project.output<{ port: number; password: string }[]>("nodes");
  expect(nodes.map(({ port, password }) => ({ port, password }))).toEqual(
    servers.map(({ port }) => ({ port, password: PASSWORDS.adminPassword })),
  );
});

it("preview then shows nothing, and destroy leaves nothing", async () => {
  expectSuccess(await project.preview("--diff", "--expect-no-changes"));
  expectSuccess(await project.destroy());
  for (const server of servers) expect(existsSync(server.directory)).toBe(false);
  expect(await project.exportState()).not.toContain("acme-sessions");
});
