const project = (name, options = {}) => ({
  displayName: name,
  roots: [`<rootDir>/test/${name}`],
  testMatch: ["**/*.test.ts"],
  transform: { "^.+\\.ts$": ["@swc/jest", { jsc: { target: "es2022", parser: { syntax: "typescript" } } }] },
  moduleFileExtensions: ["ts", "js", "mjs", "cjs", "json", "node"],
  ...options,
});

module.exports = {
  projects: [project("unit"), project("contract"), project("lifecycle"), project("failures"), project("hosts")],
};
