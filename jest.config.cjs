const SETUP = "<rootDir>/test/support";

const project = (name, ...furtherSetup) => ({
  displayName: name,
  roots: [`<rootDir>/test/${name}`],
  testMatch: ["**/*.test.ts"],
  setupFilesAfterEnv: [`${SETUP}/eachTestAsserts.cjs`, `${SETUP}/openRun.ts`, ...furtherSetup],
  transform: { "^.+\\.ts$": ["@swc/jest", { jsc: { target: "es2022", parser: { syntax: "typescript" } } }] },
  moduleFileExtensions: ["ts", "js", "mjs", "cjs", "json", "node"],
});

module.exports = {
  // Servers on a machine that is busy for a moment.
  testTimeout: 30_000,
  projects: [
    project("unit"),
    project("contract"),
    project("lifecycle"),
    project("failures"),
    project("hosts", `${SETUP}/hosts/skipWithoutHosts.cjs`),
  ],
};
