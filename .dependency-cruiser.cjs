/** The arrows of ARCHITECTURE.md: each folder may import only what stands below it. */
const only = (from, to) => ({
  name: `${from}-imports-only-what-is-below`,
  severity: "error",
  from: { path: `^provider/src/${from}/` },
  to: { path: "^provider/src/", pathNot: `^provider/src/(${[from, ...to].join("|")})(/|\\.ts$)` },
});

module.exports = {
  forbidden: [
    only("recipe", []),
    only("hosts", ["waiting"]),
    only("mariadb", ["recipe", "hosts", "waiting"]),
    only("commands", ["recipe"]),
    only("pair", ["mariadb", "recipe", "hosts", "waiting"]),
    only("operations", ["pair", "mariadb", "recipe", "hosts", "waiting"]),
    {
      name: "resources-know-only-types-of-operations",
      severity: "error",
      from: { path: "^provider/src/(resources|components)/" },
      to: { path: "^provider/src/(pair|mariadb|hosts)/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "below-the-line-nobody-imports-pulumi",
      severity: "error",
      from: { path: "^provider/src/(operations|pair|mariadb|recipe|hosts)/" },
      to: { path: "node_modules/@pulumi/" },
    },
    { name: "no-circles", severity: "error", from: {}, to: { circular: true, dependencyTypesNot: ["type-only"] } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["require", "node", "default", "types"] },
  },
};
