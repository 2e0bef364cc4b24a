import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { pathToFileURL } from "node:url";

/** The bill of materials that goes beside a release: whether it has all that an installation of the package brings along. */

const repository = path.resolve(__dirname, "../..");
const tool = path.join(repository, "tools", "sbom.mjs");

interface Bill {
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
  readonly components: readonly { readonly name: string; readonly version: string; readonly scope: string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>;
}

const manifestAt = (folder: string) => JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as Manifest;

/** As Node finds a package from a folder. */
function find(name: string, from: string): string | undefined {
  for (let folder = from; folder.startsWith(repository); folder = path.dirname(folder)) {
    const found = path.join(folder, "node_modules", name);
    if (existsSync(path.join(found, "package.json"))) return found;
  }
  return undefined;
}

/** What is installed, as `name@version`, beginning with the package in this folder. */
function installed(folder: string): Set<string> {
  const folders = new Set([folder]);
  for (const at of folders) {
    const {
      dependencies = {},
      optionalDependencies = {},
      peerDependencies = {},
      peerDependenciesMeta,
    } = manifestAt(at);
    const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta?.[name]?.optional);
    for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) {
      const found = find(name, at);
      if (found) folders.add(found);
      else if (!(name in optionalDependencies)) throw new Error(`${name} is not installed`);
    }
  }
  folders.delete(folder);
  return new Set([...folders].map((at) => `${manifestAt(at).name}@${manifestAt(at).version}`));
}

test("it names the package, and each that an installation of it has, in its version", () => {
  const bill = JSON.parse(execFileSync(process.execPath, [tool], { encoding: "utf8" })) as Bill;
  const { name, version } = manifestAt(path.join(repository, "provider"));
  expect(bill.metadata.component).toMatchObject({ name, version });
  const listed = bill.components.map((one) => `${one.name}@${one.version}`);
  expect(listed.map((one) => one.replace(/@[^@]*$/, ""))).toEqual(
    expect.arrayContaining(["commander", "@grpc/grpc-js", "protobufjs", "yargs", "@pulumi/pulumi"]),
  );
  expect([...installed(path.join(repository, "provider"))].filter((one) => !listed.includes(one))).toEqual([]);
  // What serves this repository alone is not in it.
  expect(listed.filter((one) => /^(jest|typescript|@biomejs\/biome)@/.test(one))).toEqual([]);
});

async function billOf(packages: Record<string, object>): Promise<Bill> {
  const script = `import(${JSON.stringify(pathToFileURL(tool).href)}).then(({ billOfMaterials }) =>
    console.log(JSON.stringify(billOfMaterials(${JSON.stringify(packages)}, "provider"))))`;
  return JSON.parse(execFileSync(process.execPath, ["-e", script], { encoding: "utf8", stdio: "pipe" })) as Bill;
}

const PACKAGES = {
  provider: {
    name: "ours",
    version: "1.0.0",
    dependencies: { a: "^1", both: "^1" },
    optionalDependencies: { maybe: "^1", absent: "^1" },
    peerDependencies: { "@p/peer": "^1", choice: "^1" },
    peerDependenciesMeta: { choice: { optional: true } },
  },
  "provider/node_modules/a": { version: "1.0.0", dependencies: { both: "^1" } },
  "node_modules/a": { version: "2.0.0" },
  "node_modules/both": { version: "1.0.0" },
  "provider/node_modules/a/node_modules/both": { version: "2.0.0", dependencies: { a: "^1" } },
  "node_modules/maybe": { version: "1.0.0" },
  "node_modules/choice": { version: "1.0.0" },
  "node_modules/@p/peer": { version: "1.0.0" },
  "node_modules/tool": { version: "1.0.0", dependencies: { a: "^2" } },
};

test("each package is looked for as Node does it; what is a user's choice or a tool's is left out", async () => {
  const { components, dependencies } = await billOf(PACKAGES);
  expect(components.map(({ name, version, scope }) => `${name}@${version} ${scope}`)).toEqual([
    "@p/peer@1.0.0 required",
    "a@1.0.0 required",
    "both@1.0.0 required",
    "both@2.0.0 required",
    "maybe@1.0.0 optional",
  ]);
  expect(dependencies.find(({ ref }) => ref === "pkg:npm/a@1.0.0")?.dependsOn).toEqual(["pkg:npm/both@2.0.0"]);
});

test("a package that is not locked is an error, not left out", async () => {
  const { "node_modules/both": _, ...others } = PACKAGES;
  await expect(billOf(others)).rejects.toThrow("package-lock.json lacks both, which provider needs: run npm install");
});
