import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import * as entry from "pulumi-replicated-session-store/provider";

/**
 * The text of each resource type's provider is kept in every user's state, and old states run it for ever. So it is compared with
 * the first release's, letter by letter: a difference shows as a change of every resource of every user. It must not get any.
 */

const run = promisify(execFile);
const repository = path.resolve(__dirname, "../..");
const goldenFolder = path.join(__dirname, "golden");
const script = path.join(repository, "test/support/engine/serialisedProviders.cjs");

let folder: string;
let clone: string;
let golden: Record<string, string>;

const textsFrom = async (cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Record<string, string>> =>
  JSON.parse((await run(process.execPath, [script], { cwd, env: { ...process.env, ...env } })).stdout);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-packed-"));
  clone = path.join(folder, "clone");
  const names = await readdir(goldenFolder);
  const texts = names.map(async (name) => [
    path.parse(name).name,
    await readFile(path.join(goldenFolder, name), "utf8"),
  ]);
  golden = Object.fromEntries(await Promise.all(texts));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("in the workspace, each type's text is the first release's", async () => {
  expect(await textsFrom(repository)).toEqual(golden);
}, 30_000);

test("as npm packs and installs it, from a clone in which nothing was built, each type's text is the same", async () => {
  await run("git", ["clone", "--quiet", repository, clone]);
  // Sources that are not committed yet, too.
  for (const place of ["provider/src", "provider/package.json", "tools"])
    await cp(path.join(repository, place), path.join(clone, place), { recursive: true });
  for (const modules of ["node_modules", "provider/node_modules"])
    await symlink(path.join(repository, modules), path.join(clone, modules));
  // Of a source that is no longer there.
  await mkdir(path.join(clone, "provider/dist"));
  await writeFile(path.join(clone, "provider/dist/former.js"), "");
  const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: path.join(clone, "provider"),
  });
  const installed = path.join(folder, "node_modules", "pulumi-replicated-session-store");
  await mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", path.join(folder, stdout.trim()), "-C", installed, "--strip-components=1"]);
  // What it depends on comes from here: the texts don't hang on it, and no network is needed.
  expect(await textsFrom(folder, { NODE_PATH: path.join(repository, "node_modules") })).toEqual(golden);
}, 120_000);

test("what npm packs has the license and the README, and all that its pages lead to; the copies are gone afterwards", async () => {
  const installed = path.join(folder, "node_modules", "pulumi-replicated-session-store");
  const files = (await readdir(installed, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(installed, path.join(entry.parentPath, entry.name)));
  expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "docs/hosts.md", "dist/index.js"]));
  // A whole program brings along what it imports.
  expect(files).toEqual(
    expect.arrayContaining(["docker", "mariadbContainer", "configuration"].map((name) => `stacks/${name}.ts`)),
  );
  const about = JSON.parse(await readFile(path.join(installed, "package.json"), "utf8"));
  expect(about).toMatchObject({ repository: { type: "git", directory: "provider" }, license: "Apache-2.0" });
  for (const place of [about.repository.url, about.homepage, about.bugs]) expect(place).toMatch(/^(git\+)?https:\/\//);
  // A debugger shows the sources, which are in the maps themselves.
  expect(files).not.toContain("dist/former.js");
  const code = files.filter((file) => file.startsWith("dist/") && file.endsWith(".js"));
  expect(code.filter((file) => !files.includes(`${file}.map`))).toEqual([]);
  const map = JSON.parse(await readFile(path.join(installed, "dist/index.js.map"), "utf8"));
  expect(map.sourcesContent[0]).toBe(await readFile(path.join(repository, "provider/src/index.ts"), "utf8"));
  const pages = files.filter((file) => file.endsWith(".md"));
  const links = pages.map(async (page) =>
    [...(await readFile(path.join(installed, page), "utf8")).matchAll(/\]\((?!\w+:)([^)#\s]+)/g)].map((match) =>
      path.join(path.dirname(page), String(match[1])),
    ),
  );
  const targets = (await Promise.all(links)).flat();
  expect(targets.length).toBeGreaterThan(20);
  expect(targets.filter((target) => !files.includes(target))).toEqual([]);
  // A stack's own settings stay on its machine.
  expect(files.filter((file) => file.endsWith(".yaml") && !file.endsWith(".example.yaml"))).toEqual([]);
  const left = await readdir(path.join(clone, "provider"));
  expect(left.filter((name) => /\.md$|^(LICENSE|docs|stacks|bench)$/.test(name))).toEqual([]);
});

test("a text is small, for the state holds it twice per resource, and loads nothing but the one entry that is never renamed", () => {
  expect(Object.keys(golden).length).toBeGreaterThan(5);
  for (const [type, text] of Object.entries(golden)) {
    expect([type, Buffer.byteLength(text) < 800]).toEqual([type, true]);
    const loaded = [...text.matchAll(/\brequire\(([^)]*)\)/g)].map((match) => match[1]);
    expect([type, new Set(loaded)]).toEqual([type, new Set(['"pulumi-replicated-session-store/provider"'])]);
    expect([type, text.includes(repository)]).toEqual([type, false]);
  }
});

test("the entry has every type that a text asks for, with every method", async () => {
  for (const [type, text] of Object.entries(golden)) {
    const asked = [...text.matchAll(/provider"\)\.(\w+)\.(\w+)\(/g)];
    expect(new Set(asked.map((match) => match[1]))).toEqual(new Set([type]));
    const methods = asked.map((match) => String(match[2]));
    expect(methods).toEqual(["check", "diff", "create", "read", "update", "delete"]);
    expect(Object.keys((entry as Record<string, object>)[type] ?? {})).toEqual(expect.arrayContaining(methods));
  }
});
