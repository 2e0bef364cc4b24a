const SETUP = "<rootDir>/test/support";

/** Another version's share of what `failures/rewound` holds here: in `npm run test:versions`. */
const ONLY_IN_SERIES = process.env.EVERY_MARIADB ? [] : ["!**/hosts/rewound.test.ts"];

const project = (name, ...furtherSetup) => ({
  displayName: name,
  roots: [`<rootDir>/test/${name}`],
  testMatch: ["**/*.test.ts", ...ONLY_IN_SERIES],
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
