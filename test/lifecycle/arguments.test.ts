import { cp, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { Authority } from "../support/authority";
import { PulumiProject } from "../support/cli/cli";

/** What a program is told before anything of it is made, by the real CLI. */

jest.setTimeout(120_000);

const repository = path.resolve(__dirname, "..", "..");
const NAME = "pulumi-replicated-session-store";

const PAIR = `new ReplicatedSessionStore("sessions", {
  nodes: [1, 2].map((n) => ({ host: { kind: "local", directory: "/nowhere" + n }, address: "127.0.0.1", port: n })),
  admin: { password: "marker-1" },
  proxy: { password: config.requireSecret("empty"), form: ["%"] },
  montior: { password: "marker-2" },
  replication: { password: "marker-3" },
});`;

/** The error as the CLI shows it at the end. */
const diagnostics = (output: string) => /Diagnostics:\n([\s\S]*?)\n\n/.exec(output)?.[1] ?? output;

const withoutStack = (text: string) => expect(text).not.toMatch(/\n +at |unhandled|marker-/);

it("misspelt and missing arguments are told in a line each, by preview and by up, without a stack", async () => {
  const program = `import * as pulumi from "@pulumi/pulumi";
import { ReplicatedSessionStore } from "${NAME}";
const config = new pulumi.Config();
${PAIR.replace(/\);$/, " as any);")}`;
  await using project = await PulumiProject.create({ program, secrets: { empty: "" } });
  for (const { code, output } of [await project.preview(), await project.up()]) {
    expect(code).not.toBe(0);
    const text = diagnostics(output);
    expect(text.match(/ReplicatedSessionStore "sessions": .*/g)).toEqual([
      expect.stringContaining('there is no property "montior"; did you mean "monitor"?'),
      expect.stringContaining("binaryLog: must be given"),
      expect.stringMatching(
        /proxy: there is no property "form"; did you mean "from"\?.* Nothing of this pair was changed\./,
      ),
    ]);
    withoutStack(text);
  }
  await project.writeProgram(
    program
      .replace("montior", "monitor")
      .replace(', form: ["%"]', "")
      .replace("replication:", "binaryLog: { password: 'x' }, replication:"),
  );
  const { output } = await project.up();
  expect(diagnostics(output)).toContain('ReplicatedSessionStore "sessions": proxy.password: must not be empty');
  withoutStack(diagnostics(output));
  expect(output).not.toMatch(/unexpected unknown|MariaDbNode .* creat/);
});

it("certificates that the replicas could not show are refused before an account asks for them", async () => {
  const authority = await Authority.create();
  const tls = [
    await authority.issue("127.0.0.1"),
    await authority.issue("127.0.0.1", { usages: ["1.3.6.1.5.5.7.3.1"] }),
  ];
  const accounts = `proxy: { password: "a" }, replication: { password: "b" }, binaryLog: { password: "c" }`;
  const program = `import { ReplicatedSessionStore } from "${NAME}";
const tls = ${JSON.stringify(tls)};
new ReplicatedSessionStore("sessions", {
  nodes: [1, 2].map((n) => ({ host: { kind: "local", directory: "/nowhere" + n }, address: "127.0.0.1", port: n, tls: tls[n - 1] })),
  admin: { password: "d" }, ${accounts}, requireTls: "X509",
} as any);`;
  await using project = await PulumiProject.create({ program });
  const text = diagnostics((await project.preview()).output);
  expect(text).toMatch(
    /ReplicatedSessionStore "sessions": nodes\[1\]\.tls\.certificate is refused by OpenSSL where its replica shows it: .*clientAuth/,
  );
  expect(text).not.toContain("nodes[0]");
  withoutStack(text);
});

it("a library that is installed behind another package is to be a direct dependency", async () => {
  const program = `import { platform } from "acme-platform";
platform();`;
  await using project = await PulumiProject.create({ program, packages: behindAnother });
  const { code, output } = await project.preview();
  expect(code).not.toBe(0);
  const text = diagnostics(output);
  expect(text).toMatch(
    /error: pulumi-replicated-session-store .*: add it as a direct dependency of this program \(`npm install/,
  );
  withoutStack(text);
});

/** All that this repository has, but the library in the folder of a package that uses it. */
async function behindAnother(program: string): Promise<void> {
  const [from, to] = [path.join(repository, "node_modules"), path.join(program, "node_modules")];
  const other = path.join(to, "acme-platform");
  const library = path.join(other, "node_modules", NAME);
  await mkdir(library, { recursive: true });
  for (const name of await readdir(from)) {
    if (name !== NAME && name !== ".package-lock.json") await symlink(path.join(from, name), path.join(to, name));
  }
  for (const part of ["package.json", "dist"])
    await cp(path.join(repository, "provider", part), path.join(library, part), { recursive: true });
  await writeFile(
    path.join(other, "package.json"),
    JSON.stringify({ name: "acme-platform", main: "index.js", types: "index.d.ts" }),
  );
  await writeFile(path.join(other, "index.d.ts"), "export declare function platform(): void;\n");
  await writeFile(
    path.join(other, "index.js"),
    `const { LocalMariaDb } = require("${NAME}");\nexports.platform = () => new LocalMariaDb("db1", { directory: "/nowhere", port: 1 });\n`,
  );
}
