import { execFile } from "node:child_process";
import { appendFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";

const repository = path.resolve(__dirname, "../..");

/** Imports that would break the picture of ARCHITECTURE.md: the file that gets it, and the line. */
const WRONG: readonly (readonly [file: string, line: string])[] = [
  ["recipe/filters.ts", 'import "../run";'],
  ["recipe/accounts/password.ts", 'import "../../hosts/greets";'],
  ["recipe/settings/values.ts", 'import type { type Server } from "../../mariadb/server";'],
  ["run.ts", 'import "./waiting";'],
  ["inputs.ts", 'import type { Run } from "./run";'],
  ["mariadb/gtid.ts", 'import "../inputs";'],
  ["recipe/filters.ts", 'import { Connection } from "../inputs";'],
  ["components/sayAdvice.ts", 'export * from "../inputs";'],
  ["waiting.ts", 'import "./recipe/version";'],
  ["waiting.ts", 'import "@pulumi/pulumi";'],
  ["record/file.ts", 'import "../hosts/greets";'],
  ["record/file.ts", 'import "../waiting";'],
  ["hosts/greets.ts", 'import "../recipe/version";'],
  ["hosts/ssh/files.ts", 'import type { Server } from "../../mariadb/server";'],
  ["hosts/room.ts", 'import "@pulumi/pulumi";'],
  ["mariadb/gtid.ts", 'import "../pair/ends";'],
  ["mariadb/gtid.ts", 'import type { MariaDbNodeInputs } from "../operations/MariaDbNode";'],
  ["mariadb/sessions.ts", 'import "@pulumi/pulumi";'],
  ["pair/ends.ts", 'import "../operations/contract";'],
  ["pair/ends.ts", 'import "@pulumi/pulumi";'],
  ["operations/contract.ts", 'import "../resources/args";'],
  ["operations/contract.ts", 'import type { Args } from "../resources/args";'],
  ["operations/contract.ts", 'import "@pulumi/pulumi";'],
  ["resources/args.ts", 'import { MariaDbNode as planted } from "../operations"; void planted;'],
  ["resources/args.ts", 'import "../recipe/version";'],
  ["resources/args.ts", 'import "../hosts/greets";'],
  ["resources/LocalMariaDb.ts", 'import type { PairNode } from "../components/pairArgs";'],
  ["resources/LocalMariaDb.ts", 'import type { Ends } from "../pair/ends";'],
  ["components/sayAdvice.ts", 'import "../operations/contract";'],
  ["components/sayAdvice.ts", 'import "../mariadb/gtid";'],
  ["components/sayAdvice.ts", 'import "../hosts/greets";'],
  ["components/sayAdvice.ts", 'import type { Ends } from "../pair/ends";'],
  ["components/sayAdvice.ts", 'import type { Operations } from "../operations/contract";'],
  ["commands/program.ts", 'import "../hosts/greets";'],
  ["commands/program.ts", 'import "@pulumi/pulumi";'],
  ["plugin/server.ts", 'import "../run";'],
  ["watch.ts", 'import "./run";'],
  ["index.ts", 'export * from "./operations";'],
  ["index.ts", 'import "./mariadb/gtid";'],
];

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

/** What the check of the arrows finds in a folder like this repository. */
function violations(folder: string): Promise<Violation[]> {
  const program = path.join(repository, "node_modules", ".bin", "depcruise");
  const args = ["provider/src", "--config", ".dependency-cruiser.cjs", "--output-type", "json"];
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: folder, maxBuffer: 1 << 26 }, (error, stdout) => {
      // It ends with the number of violations.
      if (error && typeof error.code !== "number") return reject(error);
      return resolve((JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations);
    });
  });
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-arrows-"));
  for (const name of [".dependency-cruiser.cjs", "tsconfig.json"]) {
    await cp(path.join(repository, name), path.join(folder, name));
  }
  await cp(path.join(repository, "provider", "src"), path.join(folder, "provider", "src"), { recursive: true });
  await symlink(path.join(repository, "node_modules"), path.join(folder, "node_modules"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("each import that points upwards, or past what a floor may know, is found", async () => {
  // Each wrong import is in a file of its own, which it alone is to blame for.
  const planted = await Promise.all(
    WRONG.map(async ([file, line], number) => {
      const target = file.includes("/") ? path.join(path.dirname(file), `planted${number}.ts`) : file;
      const place = path.join(folder, "provider", "src", target);
      await mkdir(path.dirname(place), { recursive: true });
      await (target === file ? appendFile(place, `\n${line}\n`) : writeFile(place, `${line}\n`));
      return { file: `provider/src/${target}`, to: /"([^"]+)"/.exec(line)?.[1] ?? "", line: `${file}: ${line}` };
    }),
  );
  const found = await violations(folder);
  const isFound = ({ file, to }: (typeof planted)[number]) =>
    found.some((each) => each.from === file && each.to.includes(to.replace(/^[./]+/, "")));
  expect(planted.filter((each) => !isFound(each)).map(({ line }) => line)).toEqual([]);
}, 60_000);

test("two files that import each other are found, also within a folder", async () => {
  const round = ["there", "back"];
  await Promise.all(
    round.map((name, index) =>
      writeFile(path.join(folder, "provider", "src", "recipe", `${name}.ts`), `import "./${round[1 - index]}";\n`),
    ),
  );
  const circles = (await violations(folder)).filter(({ rule }) => rule.name === "no-circles");
  // Each circle is told once, by one of its files.
  expect(circles.filter(({ from }) => round.includes(path.parse(from).name))).toHaveLength(1);
}, 60_000);
