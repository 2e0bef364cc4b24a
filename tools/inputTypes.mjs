// @ts-check
/**
 * Writes provider/src/inputs.ts: the types of what resources are given, with their documentation, out of the zod objects in
 * provider/src/operations/inputs. `--check` writes nothing, and fails where the file is not what would be written.
 */
import { execFileSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
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
const target = path.join(repository, "provider", "src", "inputs.ts");
const load = createRequire(path.join(repository, "provider", "package.json"));

await main(async () => {
  const [mode] = process.argv.slice(2);
  await installPackages();
  // A type that is not written yet is an error to the compiler, which writes its output all the same.
  await run(path.join(repository, "node_modules", ".bin", "tsc"), ["-b", "provider"], { cwd: repository });
  const text = await inputTypes();
  const former = await readFile(target, "utf8").catch(() => "");
  if (text === former) return 0;
  if (mode !== "--check") {
    await writeFile(target, text);
    return 0;
  }
  say("provider/src/inputs.ts is not what the zod objects in provider/src/operations/inputs make: run `npm run fix`");
  return 1;
});

/** @returns {Promise<string>} the file */
async function inputTypes() {
  const { z } = load("zod");
  const place = path.join("operations", "inputs");
  const names = (await readdir(path.join(repository, "provider", "src", place))).map((name) => path.parse(name).name);
  const modules = names.sort().map((name) => ({ name, exported: load(`./${path.join("dist", place, name)}`) }));
  /** @type {Record<string, Schema>} */
  const named = {};
  // Programs give a host as it is, while the other types come out of the check with every default: so hosts are first.
  const hosts = modules.filter(({ name }) => name === "hosts");
  for (const { io, part } of /** @type {const} */ ([
    { io: "input", part: hosts },
    { io: "output", part: modules },
  ])) {
    const exported = part.flatMap((module) => Object.values(module.exported));
    const types = exported.filter((value) => value instanceof z.ZodType && value.meta()?.id);
    const { $defs } = z.toJSONSchema(z.tuple(types), { io });
    for (const [name, schema] of Object.entries($defs)) named[name] ??= schema;
  }
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
