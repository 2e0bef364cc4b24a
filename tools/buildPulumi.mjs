// @ts-check
/** Builds the pulumi CLI from Go modules, for machines that the vendor's installer does not reach. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { run, Stop } from "./run.mjs";
import { say, sayElapsed } from "./say.mjs";

const GO_NEEDED = [1, 25];

/**
 * @param {string} version the engine's, without "v"
 * @returns what is built. The language host left the SDK's Go module after 3.68.0 for one that module proxies don't serve;
 * that release of it works with this engine.
 */
const parts = (version) => [
  {
    name: "pulumi",
    expected: "about 6 min on two idle cores",
    requirements: [`github.com/pulumi/pulumi/pkg/v3@v${version}`, `github.com/pulumi/pulumi/sdk/v3@v${version}`],
    source: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    version,
  },
  {
    name: "pulumi-language-nodejs",
    expected: "about 40 s",
    requirements: ["github.com/pulumi/pulumi/sdk/v3@v3.68.0"],
    source: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    version: "3.68.0",
  },
];

/** @returns {Promise<string | undefined>} why it can't be built here; nothing when it can */
export async function whyNoBuild() {
  const { code, stdout } = await run("go", ["env", "GOVERSION"]);
  if (code !== 0) return "Go is not on PATH";
  const found = /^go(\d+)\.(\d+)/.exec(stdout)?.slice(1).map(Number) ?? [0, 0];
  const newEnough = found[0] === GO_NEEDED[0] ? found[1] >= GO_NEEDED[1] : found[0] > GO_NEEDED[0];
  return newEnough ? undefined : `Go on PATH is ${stdout.trim()}, older than ${GO_NEEDED.join(".")}`;
}

/**
 * @param {string} version
 * @param {string} folder an empty one: the programs are in its `bin` afterwards
 */
export async function buildPulumi(version, folder) {
  say(`Building the pulumi CLI ${version} from Go modules. This is done once, and takes about 6 minutes on two cores.`);
  for (const part of parts(version)) await buildPart(part, folder);
}

/**
 * @param {ReturnType<typeof parts>[number]} part
 * @param {string} folder
 */
async function buildPart({ name, expected, requirements, source, version }, folder) {
  const module = path.join(folder, `${name}.module`);
  await mkdir(module);
  const lines = requirements.map((requirement) => `require ${requirement.replace("@", " ")}`);
  await writeFile(path.join(module, "go.mod"), ["module build", "go 1.25", ...lines, ""].join("\n"));
  const flags = `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${version}`;
  const args = ["build", "-mod=mod", "-buildvcs=false", "-tags", "osusergo,grpcnotrace", "-ldflags", flags];
  await sayElapsed(name, expected, async () => {
    const program = path.join(folder, "bin", name);
    const { code, output } = await run("go", [...args, "-o", program, source], { cwd: module });
    if (code === 0) return;
    throw new Stop(
      `go could not build ${name} ${version} (exit code ${code}); nothing was kept. Its last lines:\n${lastLines(output)}\n` +
        "If they name a host that cannot be reached, set GOPROXY. Or install the CLI by hand (https://www.pulumi.com/docs/install/) and start again.",
    );
  });
  await rm(module, { recursive: true });
}

/** @param {string} text */
const lastLines = (text) => text.trimEnd().split("\n").slice(-15).join("\n");
