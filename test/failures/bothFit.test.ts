import { symlink, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { paths } from "../../provider/src/hosts/local/files";
import { SHORT_WAITS } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { Pair } from "../support/local/pair";
import { freePort } from "../support/local/ports";

/** Before anything is stopped, both nodes are looked at: what keeps one of them from its part leaves the other one running as it was. */

jest.setTimeout(120_000);

/** Both servers run, and nothing has been made on them yet. */
async function servers(): Promise<Pair> {
  const pair = await Pair.planned();
  await pair.up({ ...SHORT_WAITS, only: ["db1", "db2"] });
  return pair;
}

/** A line in an option file of somebody else's, and a restart with it. */
async function givenByHand(pair: Pair, number: 1 | 2, line: string): Promise<void> {
  await pair.server(number).stop();
  await writeFile(path.join(paths(pair.directory(number)).includeFolder, "10-by-hand.cnf"), `[mariadbd]\n${line}\n`);
  await pair.server(number).start();
}

const obstacles: readonly (readonly [string, (pair: Pair, number: 1 | 2) => Promise<void>, RegExp])[] = [
  [
    "takes no connections over the network",
    (pair, number) => givenByHand(pair, number, "skip-networking"),
    /takes no connections over the network \(skip_networking\), so nothing was stopped/,
  ],
  [
    "listens on another port",
    async (pair, number) => givenByHand(pair, number, `port=${await freePort()}`),
    /listens on port \d+ and not on \d+, as the program says, so nothing was stopped/,
  ],
  [
    "has a root with a password",
    async (pair, number) => {
      const root = await pair.root(number);
      await root.query(`ALTER USER ${root.host.superuser}@localhost IDENTIFIED BY 'secret'`);
    },
    /lets in neither "session_store_admin" nor MariaDB's root/,
  ],
  [
    "does not start",
    async (pair, number) => {
      await pair.server(number).stop();
      await writeFile(
        path.join(paths(pair.directory(number)).includeFolder, "10-by-hand.cnf"),
        "[mariadbd]\nno_such=1\n",
      );
    },
    /unknown variable 'no_such=1'/,
  ],
];

test.concurrent.each(obstacles.map(([what, ...rest], i) => [i % 2 === 0 ? 1 : 2, what, ...rest] as const))(
  "db%i %s: neither is stopped",
  async (number, _, arrange, reason) => {
    await using pair = await servers();
    await arrange(pair, number);
    const processes = () => Promise.all([pair.server(1).pid(), pair.server(2).pid()]);
    const before = await processes();
    const { message } = await failureOf(pair.up(SHORT_WAITS));
    expect(message).toMatch(reason);
    expect(await processes()).toEqual(before);
    expect(await pair.server(number === 1 ? 2 : 1).variable("log_bin")).toBe("0");
  },
);

test("two names of one server are refused before anything is written on it", async () => {
  await using pair = await servers();
  const alias = path.join(pair.folder, "db1-by-another-name");
  await symlink(pair.directory(2), alias);
  const only = ["sessions-db1", "sessions-db2"];
  const accounts = () => pair.server(2).rows("SELECT User, Host FROM mysql.global_priv");
  const before = await accounts();
  const { message } = await failureOf(
    pair.up({ ...SHORT_WAITS, only, firstHost: { kind: "local", directory: alias } }),
  );
  expect(message).toMatch(/one server under two names: a pair takes two\. Nothing was changed/);
  expect(await accounts()).toEqual(before);
});
