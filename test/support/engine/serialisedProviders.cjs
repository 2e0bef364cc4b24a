/**
 * Prints, as JSON, the text that each resource type writes into users' state, by type. It runs in a process of its own, because
 * the text follows from how Node loads the package: `node serialisedProviders.cjs` in a folder from which the package resolves.
 */
const { createRequire } = require("node:module");
const path = require("node:path");

const here = createRequire(path.join(process.cwd(), "program.js"));
const pulumi = here("@pulumi/pulumi");
const library = here("pulumi-replicated-session-store");

const texts = {};
const newResource = ({ name, inputs }) => {
  texts[name] = inputs.__provider;
  return { id: name, state: {} };
};

pulumi.runtime.setMocks({ newResource, call: () => ({}) }).then(async () => {
  for (const [name, Type] of Object.entries(library)) {
    if (Type.prototype instanceof pulumi.CustomResource) new Type(name, {});
  }
  await pulumi.runtime.disconnect();
  console.log(JSON.stringify(texts));
});
