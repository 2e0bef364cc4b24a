import { mkdir, rm, rmdir, symlink, writeFile } from "node:fs/promises";
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

const byHand = (pair: Pair, number: 1 | 2) => path.join(paths(pair.directory(number)).includeFolder, "10-by-hand.cnf");

/** A line in an option file of somebody else's, which the server has not read yet. */
const written = (pair: Pair, number: 1 | 2, line: string): Promise<void> =>
  writeFile(byHand(pair, number), `[mariadbd]\n${line}\n`);

/** The same, and a restart with it. */
async function givenByHand(pair: Pair, number: 1 | 2, line: string): Promise<void> {
  await pair.server(number).stop();
  await written(pair, number, line);
  await pair.server(number).start();
}

/** What its next start would fail with, or its restart, and how that is undone. */
const BEFORE_A_RESTART: readonly (readonly [
  string,
  (pair: Pair, number: 1 | 2) => Promise<unknown>,
  RegExp,
  (pair: Pair, number: 1 | 2) => Promise<unknown>,
])[] = [
  [
    "has an option file with which no server starts",
    (pair, number) => written(pair, number, "no_such=1"),
    /db2 would not start with its option files: \S+by-hand\.cnf:2 no_such=1 \(.*unknown variable 'no_such=1'\)/,
    (pair, number) => rm(byHand(pair, number)),
  ],
  [
    "has an option file with a value that is none",
    (pair, number) => written(pair, number, "max_connections=abc"),
    /db2 would not start with its option files: \S+by-hand\.cnf:2 max_connections=abc \(Unknown suffix 'a' .*'abc' to 'max_connections'/,
    (pair, number) => rm(byHand(pair, number)),
  ],
  [
    "would be elsewhere by an option file, or open to all",
    (pair, number) =>
      written(
        pair,
        number,
        "port=1\nsocket=/none\ndatadir=/none\ninnodb_page_size=8k\ninnodb_data_file_path=ibdata1:500M\nlower_case_table_names=1\nskip-grant-tables",
      ),
    /10-by-hand\.cnf:2 port=1;.* socket=.* datadir=.* innodb_page_size=.* innodb_data_file_path=.* lower_case.* skip_grant_tables\. Nothing was changed/,
    (pair, number) => rm(byHand(pair, number)),
  ],
  [
    "has a folder where our option file goes",
    async (pair, number) => {
      await rm(pair.server(number).settingsFile, { force: true });
      await mkdir(pair.server(number).settingsFile);
    },
    /a folder is in the place of \S+99-session-store\.cnf/,
    (pair, number) => rmdir(pair.server(number).settingsFile),
  ],
  [
    "has a folder where its file is written first",
    (pair, number) => mkdir(`${pair.server(number).settingsFile}.unfinished`),
    /EISDIR/,
    (pair, number) => rmdir(`${pair.server(number).settingsFile}.unfinished`),
  ],
];

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
    "replicates from somewhere else under a name",
    async (pair, number) => {
      await (await pair.root(number)).query("CHANGE MASTER 'other' TO MASTER_HOST='127.0.0.9', MASTER_USER='x'");
    },
    /also replicates under the name "other", whose relay log the server would not find .*Nothing was stopped/,
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

test.each(BEFORE_A_RESTART.slice(1, 4))(
  "new servers, of which db2 %s: neither is stopped",
  async (_, arrange, reason) => {
    await using pair = await servers();
    await arrange(pair, 2);
    const processes = () => Promise.all([pair.server(1).pid(), pair.server(2).pid()]);
    const before = await processes();
    const { message } = await failureOf(pair.up(SHORT_WAITS));
    expect(message).toMatch(reason);
    expect(message).toMatch(/nothing was (stopped|changed)/i);
    expect(await processes()).toEqual(before);
  },
);

describe("a pair in use", () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await Pair.up(SHORT_WAITS);
  });
  afterAll(() => pair?.[Symbol.asyncDispose]());
  let wanted = 90;

  test("of which db2 takes no connections over the network gets its links back by the restart that ends that", async () => {
    await givenByHand(pair, 2, "skip-networking");
    expect(await pair.server(2).variable("skip_networking")).toBe("1");
    await pair.refresh();
    await pair.up(SHORT_WAITS);
    expect(await pair.server(2).variable("skip_networking")).toBe("0");
    expect(await pair.drift(SHORT_WAITS)).toEqual({});
  });

  test.each(BEFORE_A_RESTART)(
    "of which db2 %s: neither is stopped, and what needs no stop is put back",
    async (_, arrange, reason, undo) => {
      wanted += 1;
      const options = { ...SHORT_WAITS, settings: { ...SHORT_WAITS.settings, back_log: String(wanted) } };
      await arrange(pair, 2);
      for (const number of [1, 2] as const) await (await pair.root(number)).query("SET GLOBAL max_connections = 77");
      const processes = () => Promise.all([pair.server(1).pid(), pair.server(2).pid()]);
      const before = await processes();
      await pair.refresh();
      const { message } = await failureOf(pair.up(options));
      expect(message).toMatch(/nothing was (stopped|changed)/i);
      expect(await processes()).toEqual(before);
      for (const number of [1, 2] as const) expect(await pair.server(number).variable("max_connections")).toBe("1000");
      expect(await failureOf(pair.up({ ...options, only: ["sessions-db2"] }))).toMatchObject({
        message: expect.stringMatching(reason),
      });
      await undo(pair, 2);
      await pair.up(options);
      expect(await pair.drift(options)).toEqual({});
    },
  );
});

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
