/** The arrows of ARCHITECTURE.md: each folder may import only what stands below it. */

const VALUES = { dependencyTypesNot: ["type-only"] };

/** A folder or file of provider/src. */
const place = (name) => `^provider/src/${name}(/|\\.ts$)`;

/** The types of what resources are given: every floor may know them, and no value comes from there. */
const TYPES = "inputs";

/** The places that have a rule. */
const ruled = new Set();

/** `from` imports nothing else of the project than `to`. */
const only = (from, to, kind = {}) => {
  ruled.add(from);
  return {
    name: `${from}-imports-only-what-is-below`,
    severity: "error",
    from: { path: place(from) },
    to: { path: "^provider/src/", pathNot: place(`(${[from, TYPES, ...to].join("|")})`), ...kind },
  };
};

const BELOW = ["recipe", "record", "hosts", "run", "waiting"];

/** What values may be, by which the component looks at its arguments before anything is made. */
const ARGUMENTS = ["operations/inputs", "operations/parse"];

const rules = [
  only("recipe", []),
  only("run", []),
  only("waiting", ["run"]),
  only("record", ["recipe", "run"]),
  only("hosts", ["recipe/pem", "record", "run", "waiting"]),
  only("mariadb", BELOW),
  only("pair", ["mariadb", ...BELOW]),
  only("operations", ["pair", "mariadb", ...BELOW]),
  only("commands", ["recipe", "run"]),
  // The text of a resource's provider is in users' states, and loads the operations by their name: a program never does.
  only("resources", [], VALUES),
  {
    ...only("resources", ["operations", "mariadb", "recipe", "hosts"]),
    name: "resources-know-types-of-what-is-below",
  },
  only("components", ["resources", "recipe", "hosts/defaults", ...ARGUMENTS], VALUES),
  {
    ...only("components", ["resources", "mariadb", "recipe", "hosts", ...ARGUMENTS]),
    name: "components-know-types-of-what-is-below",
  },
  only("index", ["components", "resources"], VALUES),
  {
    name: "below-the-line-nobody-imports-pulumi",
    severity: "error",
    from: { path: "^provider/src/", pathNot: place("(components|resources|index)") },
    to: { path: "node_modules/@pulumi/" },
  },
  {
    name: "inputs-are-types-alone",
    severity: "error",
    from: { path: "^provider/src/" },
    to: { path: place(TYPES), dependencyTypesNot: ["type-only"] },
  },
  only(TYPES, []),
  { name: "no-circles", severity: "error", from: {}, to: { circular: true, dependencyTypesNot: ["type-only"] } },
];

module.exports = {
  forbidden: [
    ...rules,
    {
      name: "every-place-has-a-rule",
      severity: "error",
      from: { path: "^provider/src/", pathNot: place(`(${[...ruled].join("|")})`) },
      to: { path: "^provider/src/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["require", "node", "default", "types"] },
  },
};
