/**
 * Makes the stored state of a release, which test/contract/state.test.ts gives to the operations of all later ones:
 *
 *     npm run build && node test/support/engine/makeStateFixture.cjs 0.1.0
 *
 * Run it once, at the release's own commit, and never again for that release. It brings a pair up with the real CLI, exports the
 * stack, and writes it without what belongs to this machine: folder, ports, salt, times. The passwords in it are those of the tests.
 */
const { readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const swc = require("@swc/core");

require.extensions[".ts"] = (module, file) => {
  const jsc = { target: "es2022", parser: { syntax: "typescript" } };
  module._compile(swc.transformFileSync(file, { module: { type: "commonjs" }, jsc }).code, file);
};
const { pairProgram, pairThatIsUp } = require("../cli/pairProgram.ts");
const { FIXTURE_PORTS, FIXTURE_SCRIPT, storedState } = require("./storedState.ts");

const [version] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+$/.test(version ?? "")) throw new Error("which release? Give its number, such as 0.1.0");
const contract = path.resolve(__dirname, "../../contract");

(async () => {
  const pair = await pairThatIsUp(pairProgram(`schema: { script: ${JSON.stringify(FIXTURE_SCRIPT)} },`));
  try {
    const { output } = await pair.project.succeed(["stack", "export", "--show-secrets"]);
    const { deployment } = JSON.parse(output.slice(output.indexOf("{")));
    const resources = deployment.resources.filter(
      ({ type }) => type.includes(":dynamic/") || !type.startsWith("pulumi:"),
    );
    const kept = resources.map(({ urn, type, id, parent, inputs, outputs }) => ({
      urn,
      type,
      id,
      parent,
      inputs,
      outputs,
    }));
    const text = JSON.stringify(kept, (key, value) => (key === "__provider" ? goldenName(value) : value), 1)
      .replaceAll(pair.project.folder, "<folder>")
      .replaceAll(String(pair.ports[0]), String(FIXTURE_PORTS[0]))
      .replaceAll(String(pair.ports[1]), String(FIXTURE_PORTS[1]));
    writeFileSync(path.join(contract, "states", `${version}.json`), `${text}\n`);
    console.log(`${storedState(version, { folder: "/", ports: [1, 2] }).length} resources of ${version}`);
  } finally {
    await pair[Symbol.asyncDispose]();
  }
})();

/** The provider's text is kept once, as a golden file, and must be just that. */
function goldenName(text) {
  const name = /provider"\)\.(\w+)\./.exec(text)?.[1] ?? "";
  if (readFileSync(path.join(contract, "golden", `${name}.txt`), "utf8") !== text) {
    throw new Error(`the state holds another text for ${name} than its golden file`);
  }
  return `<golden ${name}>`;
}
