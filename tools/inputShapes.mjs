// @ts-check
/** Writes which arguments there are, for a look at them without a resource, out of the zod objects in provider/src/operations/inputs. */

/** @typedef {import("./inputTypes.mjs").Schema} Schema */

const HEADER = `import { kinds, list, object, value } from "./shapes";

/**
 * Which arguments there are, by the type that has them. \`npm run fix\` writes this file out of the zod objects in operations/inputs: change those.
 */
`;

/** The types that programs give, as a component passes them on. */
const ROOTS = [
  "AccountsInputs",
  "Connection",
  "HostInputs",
  "NodeTls",
  "Reminders",
  "ReplicationLinkInputs",
  "SessionStoreDatabaseInputs",
];

/** @param {Record<string, Schema>} named @returns {string} the file */
export function inputShapes(named) {
  /** @type {Map<string, string>} each after those that it names */
  const written = new Map();
  for (const root of ROOTS) write(root);
  const declarations = [...written].map(([name, text]) => `const ${name} = ${text};\n`);
  return `${HEADER}${declarations.join("")}\nexport const INPUT_SHAPES = { ${ROOTS.join(", ")} };\n`;

  /** @param {string} name */
  function write(name) {
    if (!written.has(name)) written.set(name, shapeOf(/** @type {Schema} */ (named[name])));
    return name;
  }

  /** @param {Schema} schema @returns {string} */
  function shapeOf(schema) {
    if (schema.$ref) return write(schema.$ref.replace("#/$defs/", ""));
    if (schema.properties) {
      const properties = Object.entries(schema.properties).map(([name, part]) => `${name}: ${shapeOf(part)}`);
      return `object({ ${properties.join(", ")} }, ${JSON.stringify(schema.required ?? [])})`;
    }
    const choices = (schema.anyOf ?? schema.oneOf)?.map(({ $ref = "" }) => $ref.replace("#/$defs/", ""));
    if (choices?.every((name) => named[name]?.properties?.["kind"])) {
      const byKind = choices.map((name) => `${named[name]?.properties?.["kind"]?.const}: ${write(name)}`);
      return `kinds({ ${byKind.join(", ")} })`;
    }
    return schema.type === "array" ? `list(${shapeOf(schema.items ?? {})})` : "value";
  }
}
