import Docker from "dockerode";

/** The Docker engine and the images that tools/testHosts.mjs has made ready. */

export type Suite = "bullseye" | "bookworm" | "trixie";

/** What MariaDB each suite of Debian has. */
export const MARIADB: Readonly<Record<Suite, string>> = { bullseye: "10.5", bookworm: "10.11", trixie: "11.8" };

/**
 * For what no version is expected to do otherwise, once another test has seen it on this machine's own: the oldest. `npm run test:versions` tries
 * them all.
 */
export const OTHER_VERSIONS = (Object.entries(MARIADB) as [Suite, string][]).filter(
  ([suite]) => suite === "bullseye" || process.env["EVERY_MARIADB"] === "1",
);

/** For what a version may well do otherwise: the oldest and the newest. `npm run test:versions` tries them all. */
export const OLDEST_AND_NEWEST = (Object.entries(MARIADB) as [Suite, string][]).filter(
  ([suite]) => suite !== "bookworm" || process.env["EVERY_MARIADB"] === "1",
);

/** For what the newest version does otherwise, or has more of. `npm run test:versions` tries them all. */
export const NEWEST = (Object.entries(MARIADB) as [Suite, string][]).filter(
  ([suite]) => suite === "trixie" || process.env["EVERY_MARIADB"] === "1",
);

/** Found by the next run, should this one be killed. */
export const LABELS = { "pulumi-replicated-session-store": String(process.pid) };

export const testEngine = (): Docker => new Docker({ socketPath: given("SESSION_STORE_TEST_DOCKER").slice(7) });

export const hostImage = (suite: Suite): string =>
  String((JSON.parse(given("SESSION_STORE_TEST_HOST_IMAGES")) as Record<string, string>)[suite]);

function given(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is not set: these tests run in \`npm test\`, or by \`npm run with-hosts -- npx jest ...\``);
}
