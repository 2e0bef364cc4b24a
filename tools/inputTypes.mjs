// @ts-check
/**
 * Writes provider/src/inputs.ts: the types of what resources are given, with their documentation, out of the zod objects in
 * provider/src/operations/inputs; and provider/src/recipe/inputShapes.ts, the names in them. `--check` writes nothing, and fails where a file
 * is not what would be written.
 */
import { execFileSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { inputShapes } from "./inputShapes.mjs";
import { installPackages } from "./packages.mjs";
import { repository } from "./places.mjs";
import { main, run } from "./run.mjs";
import { say } from "./say.mjs";

/**
 * A part of JSON Schema, as zod makes it. `tsType` is added here: the text of a type of TypeScript.
 * @typedef {{ $ref?: string, tsType?: string, type?: string | string[], const?: unknown, enum?: unknown[], anyOf?: Schema[], oneOf?: Schema[],
 *   items?: Schema, properties?: Record<string, Schema>, additionalProperties?: Schema | false, required?: string[],
 *   description?: string, default?: unknown }} Schema
 */

const WIDTH = 120;
const HEADER = `/**
 * What resources are given, what follows from it, and what they tell. \`npm run fix\` writes this file out of the zod objects in
 * operations/inputs: change those.
 */
`;
const source = path.join(repository, "provider", "src");
const target = path.join(source, "inputs.ts");
const load = createRequire(path.join(repository, "provider", "package.json"));

await main(async () => {
  const [mode] = process.argv.slice(2);
  await installPackages();
  // A type that is not written yet is an error to the compiler, which writes its output all the same.
  await run(path.join(repository, "node_modules", ".bin", "tsc"), ["-b", "provider"], { cwd: repository });
  const modules = await inputModules();
  const texts = { [target]: inputTypes(modules), [path.join(source, "recipe", "inputShapes.ts")]: shapes(modules) };
  let stale = 0;
  for (const [file, text] of Object.entries(texts)) {
    const former = await readFile(file, "utf8").catch(() => "");
    if (text === former) continue;
    if (mode !== "--check") await writeFile(file, text);
    else {
      stale = 1;
      say(
        `${path.relative(repository, file)} is not what the zod objects in provider/src/operations/inputs make: run \`npm run fix\``,
      );
    }
  }
  return stale;
});

/** @typedef {{ name: string, exported: Record<string, any> }} Module */

/** @returns {Promise<Module[]>} */
async function inputModules() {
  const place = path.join("operations", "inputs");
  const names = (await readdir(path.join(source, place))).map((name) => path.parse(name).name);
  return names.sort().map((name) => ({ name, exported: load(`./${path.join("dist", place, name)}`) }));
}

/** @param {Module[]} modules @param {"input" | "output"} io @returns {Record<string, Schema>} */
function definitions(modules, io) {
  const { z } = load("zod");
  const exported = modules.flatMap((module) => Object.values(module.exported));
  const types = exported.filter((value) => value instanceof z.ZodType && value.meta()?.id);
  return z.toJSONSchema(z.tuple(types), { io }).$defs;
}

/** @param {Module[]} modules @returns {string} */
function shapes(modules) {
  return formatted(inputShapes(definitions(modules, "input")));
}

/** @param {Module[]} modules @returns {string} the file */
function inputTypes(modules) {
  // Programs give a host as it is, while the other types come out of the check with every default: so hosts are first.
  const hosts = modules.filter(({ name }) => name === "hosts");
  const named = { ...definitions(modules, "output"), ...definitions(hosts, "input") };
  const declarations = Object.keys(named)
    .sort()
    .map((name) => declaration(name, named));
  return formatted([HEADER, ...declarations].join("\n"));
}

/** @param {string} text */
function formatted(text) {
  const biome = path.join(repository, "node_modules", ".bin", "biome");
  return execFileSync(biome, ["format", `--stdin-file-path=${target}`], { input: text, encoding: "utf8" });
}

/** @param {string} name @param {Record<string, Schema>} named */
function declaration(name, named) {
  const schema = /** @type {Schema} */ (named[name]);
  const doc = comment(schema, "");
  if (!schema.properties) return `${doc}export type ${name} = ${typeOf(schema)};\n`;
  const parents = parentsOf(name, named);
  const inherited = parents.flatMap((parent) => Object.keys(named[parent]?.properties ?? {}));
  const own = Object.entries(schema.properties).filter(([key]) => !inherited.includes(key));
  const lines = own.map(([key, value]) => {
    const isRequired = schema.required?.includes(key);
    return `${comment(value, "  ")}  readonly ${key}${isRequired ? "" : "?"}: ${typeOf(value)}${isRequired ? "" : " | undefined"};\n`;
  });
  const base = parents.length > 0 ? ` extends ${parents.join(", ")}` : "";
  return `${doc}export interface ${name}${base} {\n${lines.join("")}}\n`;
}

/**
 * The types whose properties a type has as well, each the same: an interface extends them, so that each property is written once.
 * @param {string} name @param {Record<string, Schema>} named @returns {string[]}
 */
function parentsOf(name, named) {
  const isIn = (/** @type {string} */ small, /** @type {string} */ large) => {
    const [one, other] = [propertiesOf(named[small]), propertiesOf(named[large])];
    return one.length > 1 && one.length < other.length && one.every((property) => other.includes(property));
  };
  const all = Object.keys(named).filter((other) => isIn(other, name));
  return all.filter((parent) => !all.some((other) => isIn(parent, other)));
}

/** @param {Schema | undefined} schema @returns {string[]} */
function propertiesOf(schema) {
  const isRequired = (/** @type {string} */ key) => schema?.required?.includes(key);
  return Object.entries(schema?.properties ?? {}).map(([key, value]) => JSON.stringify([key, value, isRequired(key)]));
}

/** @param {Schema} schema @returns {string} */
function typeOf(schema) {
  if (schema.tsType) return schema.tsType;
  if (schema.$ref) return schema.$ref.replace("#/$defs/", "");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const kinds = schema.anyOf ?? schema.oneOf;
  if (kinds) return kinds.map(typeOf).join(" | ");
  if (Array.isArray(schema.type)) return schema.type.join(" | ");
  if (schema.type === "array") {
    const item = typeOf(schema.items ?? {});
    return `readonly ${item.includes("|") ? `(${item})` : item}[]`;
  }
  if (schema.additionalProperties) return `Readonly<Record<string, ${typeOf(schema.additionalProperties)}>>`;
  if (schema.type === "integer") return "number";
  if (schema.type && schema.type !== "object") return schema.type;
  throw new Error(`no type is known for ${JSON.stringify(schema)}: give it an id`);
}

/** @param {Schema} schema @param {string} indent */
function comment({ description = "", default: value }, indent) {
  const isSaid = value === undefined || description.includes("@default");
  const text = isSaid
    ? description
    : `${description} @default ${typeof value === "string" ? value : JSON.stringify(value).replaceAll('","', '", "')}`;
  const line = `${indent}/** ${text} */`;
  if (line.length <= WIDTH) return `${line}\n`;
  const lines = [""];
  for (const word of text.replace(" @default", " \n@default").split(" ")) {
    const last = lines.length - 1;
    if (word.startsWith("\n")) lines.push(word.slice(1));
    else if (`${indent} * ${lines[last]} ${word}`.length > WIDTH) lines.push(word);
    else lines[last] = lines[last] ? `${lines[last]} ${word}` : word;
  }
  return `${indent}/**\n${lines.map((each) => `${indent} * ${each}\n`).join("")}${indent} */\n`;
}
