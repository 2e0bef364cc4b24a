import { appendFileSync } from "node:fs";
import { expectSuccess, PASSWORDS, type Pair, pairProgram, pairThatIsUp } from "../support/cli/pairProgram";
import { LoginWatch } from "../support/loginWatch";
import { SessionClient } from "../support/sessionClient";

jest.setTimeout(300_000);

let pair: Pair;
const SCHEMA =
  "schema: { script: `CREATE TABLE IF NOT EXISTS session (id VARCHAR(64) PRIMARY KEY, data VARCHAR(200));` },";
beforeAll(async () => {
  pair = await pairThatIsUp(pairProgram(SCHEMA));
});
afterAll(async () => {
  await pair?.[Symbol.asyncDispose]();
});
const login = { user: "nevisproxy_user", password: PASSWORDS.proxyPassword };
const log = (text: string) => appendFileSync(process.env["LOG"] ?? "/dev/null", `${text}\n`);

/** Does something to a pair in use. */
async function inUse(what: string, live: () => Promise<unknown>): Promise<void> {
  const writer = new SessionClient(what, pair.ports[0], login).start();
  const watch = new LoginWatch(pair.ports, login);
  try {
    await live();
  } finally {
    await writer.stop();
    await watch.stop();
    log(
      `### ${what}: ${writer.acknowledged.length} ${writer.worst} ms ${JSON.stringify(writer.errors)} logins ${watch.succeeded} refused ${JSON.stringify(watch.refused.slice(0, 5))}`,
    );
  }
  expect(writer.errors).toEqual([]);
  expect(watch.refused).toEqual([]);
  const preview = await pair.project.preview("--expect-no-changes");
  if (preview.code !== 0) log(preview.output);
  expect(preview.code).toBe(0);
  await pair.db2.catchUpWith(pair.db1);
  const rows = "SELECT COUNT(*) FROM replicated_session_store.session";
  expect(await pair.db2.value(rows)).toBe(await pair.db1.value(rows));
}
const program = (change: (text: string) => string) => pair.project.writeProgram(change(pairProgram(SCHEMA)));
const up = async (...args: string[]) => log(expectSuccess(await pair.project.up(...args)));
const urnOf = async (name: string) => {
  const { deployment } = JSON.parse(await pair.project.exportState()) as {
    deployment: { resources: { urn: string }[] };
  };
  return deployment.resources.map(({ urn }) => urn).find((urn) => urn.endsWith(`::${name}`)) ?? "";
};

test("a component is renamed without an alias", async () => {
  await inUse("renamed", async () => {
    await program((text) => text.replace('"sessions"', '"store"'));
    await up();
  });
  log(JSON.stringify(await pair.db1.rows("SELECT * FROM session_store_register.claims"), undefined, 1));
});
test("renamed with an alias", async () => {
  await inUse("alias", async () => {
    await program((text) =>
      text
        .replace('"sessions"', '"sessions"')
        .replace("  schema:", "  schema:")
        .replace(/\n\}\);/, '\n}, { aliases: [{ name: "store" }] });'),
    );
    log((await pair.project.preview("--diff")).output);
    await up();
  });
});
test.each(["sessions-db1", "sessions-db1-users", "sessions-db1-from-db2", "db1"])("%s is replaced", async (name) => {
  await inUse(`replaced-${name}`, async () => up("--replace", await urnOf(name)));
});
test.each([
  "sessions-db2",
  "sessions-db2-users",
  "sessions-db2-from-db1",
  "db2",
  "sessions-db2-database-replicated_session_store",
  "sessions-schema",
])("%s is tainted", async (name) => {
  await inUse(`tainted-${name}`, async () => {
    await pair.project.succeed(["state", "taint", await urnOf(name), "--yes"]);
    await up();
  });
});
