import fc from "fast-check";
import { readAccounts } from "../../provider/src/mariadb/accountRows";
import { examineAccounts } from "../../provider/src/mariadb/accounts";
import type { Server } from "../../provider/src/mariadb/server";
import { accountKey, type WantedAccount } from "../../provider/src/recipe/accounts/accounts";
import { compareGrants, versionProblem } from "../../provider/src/recipe/accounts/grants";
import { isProxied, nameAccount, parseGrant, renderGrant } from "../../provider/src/recipe/accounts/grantText";
import { NATIVE } from "../../provider/src/recipe/accounts/password";
import {
  addedByUpgrades,
  allOn,
  canBeGrantedOn,
  isKnown,
  type Level,
} from "../../provider/src/recipe/accounts/privileges";
import { type Case, casesOn, prepare, quoteText, WHO } from "./grantCases";
import { oracleTest } from "./oracle";

/** The server is the judge of what we read in SHOW GRANTS, and of what we write from it. */

/** Privileges that some version does not have, or names in more than one way. */
const RECENT = [
  ...["SHOW CREATE ROUTINE", "DELETE HISTORY", "SET USER", "FEDERATED ADMIN", "CONNECTION ADMIN", "BINLOG ADMIN"],
  ...["BINLOG REPLAY", "BINLOG MONITOR", "REPLICATION CLIENT", "REPLICA MONITOR", "SLAVE MONITOR", "SUPER"],
  ...["READ ONLY ADMIN", "READ_ONLY ADMIN", "REPLICATION REPLICA", "REPLICATION REPLICA ADMIN"],
  ...["REPLICATION SLAVE ADMIN", "REPLICATION MASTER ADMIN", "CREATE TABLESPACE", "EXECUTE"],
];

/** Statements that the server refuses are passed over, in one go. */
const all = (statements: readonly string[]) =>
  `BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; ${statements.map((each) => `${each};`).join("\n")} END`;

interface Account {
  readonly user: string;
  readonly host: string;
}
const named = ({ user, host }: Account) => `${quoteText(user)}@${quoteText(host)}`;
const saidOf = (statements: readonly string[], account: Account) =>
  statements.map((each) => each.split(WHO).join(named(account)));

/** SHOW GRANTS, with columns in one order and without the name. */
async function linesOf(root: Server, account: Account): Promise<string[]> {
  const rows = await root.query("SHOW GRANTS FOR ?@?", [account.user, account.host]);
  const names = [nameAccount(account), named(account), `'${account.user}'@'${account.host}'`];
  return rows
    .map((row) => {
      const line = String(Object.values(row)[0]);
      const name = names.find((each) => line.includes(` TO ${each}`) || line.endsWith(` FOR ${each}`)) ?? "?";
      return line
        .replace(name, () => WHO)
        .replace(
          /\((`(?:[^`]|``)*`(?:, `(?:[^`]|``)*`)*)\)/g,
          (_all, list: string) => `(${(list.match(/`(?:[^`]|``)*`/g) ?? []).sort().join(", ")})`,
        );
    })
    .sort();
}

/** Without what is neither wanted nor too much: what an upgrade adds, and the exact name of a database where its pattern is wanted. */
function essence(lines: readonly string[], wanted: readonly string[], root: Server): string[] {
  const asked = wanted.map((text) => parseGrant(text));
  return lines
    .map((line) => {
      const [, words, on = "", rest] = /^GRANT ([^`]*?) ON (\*\.\*|`(?:[^`]|``)*`\.\*) (TO .*)$/s.exec(line) ?? [];
      if (words === undefined) return line;
      const target = asked.some((each) => each.on === on) ? on : on.replace(/\\([_%\\])/g, "$1");
      const level = on === "*.*" ? "global" : "database";
      const tolerated = asked
        .filter((each) => each.on === target)
        .flatMap((each) => each.privileges.flatMap(({ name }) => addedByUpgrades(name)));
      const names =
        words === "ALL PRIVILEGES"
          ? allOn(level, root.version)
          : words.split(", ").map((name) => parseGrant(`${name} ON *.*`).privileges[0]?.name ?? "");
      const left = names.filter((name) => !tolerated.includes(name)).sort();
      return `GRANT ${left.join(", ")} ON ${asked.some((each) => each.on === target) ? target : on} ${rest}`;
    })
    .filter((line) => !/^GRANT (USAGE)? ON `/.test(line))
    .sort();
}

/** By level, the privileges that the server lets somebody have there. */
async function privilegesOf(root: Server): Promise<Map<Level, string[]>> {
  const rows = await root.query("SHOW PRIVILEGES");
  const names = rows
    .map((row) => String(row["Privilege"]).toUpperCase())
    .filter((name) => !["PROXY", "USAGE", "GRANT OPTION"].includes(name));
  const targets = {
    global: "*.*",
    database: "axb.*",
    table: "axb.t",
    column: "axb.t",
    routine: "PROCEDURE axb.p",
  } as const;
  await root.query("CREATE USER taster");
  const found = new Map<Level, string[]>();
  for (const [level, on] of Object.entries(targets)) {
    const taken: string[] = [];
    for (const name of names) {
      const text = level === "column" ? `${name} (a)` : name;
      if (
        await root.query(`GRANT ${text} ON ${on} TO taster`).then(
          () => true,
          () => false,
        )
      )
        taken.push(name);
    }
    found.set(level as Level, taken);
  }
  await root.query("DROP USER taster");
  return found;
}

/** @param server a server of its own: accounts come and go on it */
export function testGrants(server: () => Server, inTest = 1000): void {
  let privileges: Map<Level, string[]>;
  beforeAll(async () => {
    await prepare(server());
    privileges = await privilegesOf(server());
  }, 60_000);

  test("each privilege of the server is known, and may be wanted where the server lets somebody have it, and nowhere else", () => {
    const names = privileges.get("global") ?? [];
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter((name) => !isKnown(name))).toEqual([]);
    const ours = (level: Level) => names.filter((name) => canBeGrantedOn(name, level));
    for (const [level, taken] of privileges) expect([level, ours(level)]).toEqual([level, taken]);
    const compared = (name: string) => parseGrant(`${name} ON *.*`).privileges[0]?.name;
    const wholes = [...privileges].filter(([level]) => level !== "column");
    for (const [level, taken] of wholes)
      expect([...allOn(level, server().version)].sort()).toEqual(taken.map(compared).sort());
  });

  test("a privilege is refused by name where the server's version does not know it, and nowhere else", async () => {
    const root = server();
    for (const name of RECENT) {
      await root.query("CREATE OR REPLACE USER taster");
      const isKnownThere = await root.query(`GRANT ${name} ON *.* TO taster`).then(
        () => true,
        () => false,
      );
      expect([name, versionProblem(`${name} ON *.*`, root.version) === undefined]).toEqual([name, isKnownThere]);
    }
    await root.query("DROP USER taster");
  });

  oracleTest(
    "what a program wants is what an account has afterwards, whatever it had before, and then nothing is to be done",
    {
      inTest,
      cases: fc.constant(undefined).chain(() => casesOn(privileges)),
      ...inBatches((batch) => bringToWanted(server(), batch)),
    },
  );

  oracleTest(
    "what is read of an account and written for another one is the same there, and taken away leaves nothing",
    {
      inTest: inTest / 2,
      cases: fc.constant(undefined).chain(() => casesOn(privileges)),
      ...inBatches((batch) => copyAndTakeAway(server(), batch)),
    },
  );
}

interface Answers {
  readonly oracle: readonly unknown[];
  readonly ours: ReadonlyMap<Case, unknown>;
}

/** Both sides ask the same server. */
function inBatches(work: (batch: readonly Case[]) => Promise<Answers>) {
  let running: Promise<Answers>;
  return {
    oracle: async (batch: readonly Case[]) => {
      running = work(batch);
      return (await running).oracle;
    },
    ours: async (one: Case) => (await running).ours.get(one),
  };
}

const accountsOf = (batch: readonly Case[], letter: string): Account[] =>
  batch.map(({ user, host }, index) => ({ user: `${letter}${index}${user}`, host }));
const created = (batch: readonly Case[], accounts: readonly Account[]) =>
  batch.flatMap(({ login }, index) => saidOf([`CREATE USER ${WHO} ${login}`], accounts[index] as Account));
const dropped = (accounts: readonly Account[]) => accounts.map((account) => `DROP USER ${named(account)}`);

/** The server's own understanding of what is wanted, on one account; on another one with something else, ours. */
async function bringToWanted(root: Server, batch: readonly Case[]): Promise<Answers> {
  const [theirs, ours] = [accountsOf(batch, "w"), accountsOf(batch, "l")];
  const said = batch.flatMap(({ wanted, live }, index) => [
    ...saidOf(
      wanted.map((text) => `GRANT ${text} TO ${WHO}`),
      theirs[index] as Account,
    ),
    ...saidOf(live, ours[index] as Account),
  ]);
  await root.query(all([...created(batch, theirs), ...created(batch, ours), ...said]));
  const wanted = batch.map(
    (one, index): WantedAccount => ({
      ...(ours[index] as Account),
      role: "extraAccounts",
      property: "extraAccounts[0]",
      grants: one.wanted,
      tls: "NONE",
      authentication: NATIVE,
      passwords: ["x"],
    }),
  );
  const failures: string[] = [];
  for (const repair of await examineAccounts(root, wanted))
    failures.push(
      await repair.apply().then(
        () => "",
        (error: Error) => error.message,
      ),
    );
  const again = await examineAccounts(root, wanted);
  const answers = await Promise.all(
    batch.map(async (one, index) => ({
      oracle: {
        lines: essence(await grantLines(root, theirs[index] as Account), one.wanted, root),
        failure: "",
        problems: [],
        grants: one.wanted,
      },
      ours: {
        lines: essence(await grantLines(root, ours[index] as Account), one.wanted, root),
        failure: failures[index],
        problems: again[index]?.problems,
        grants: again[index]?.seen?.grants,
      },
    })),
  );
  await root.query(all([...dropped(theirs), ...dropped(ours)]));
  return {
    oracle: answers.map((each) => each.oracle),
    ours: new Map(batch.map((one, index) => [one, answers[index]?.ours])),
  };
}

/** Without how it logs in, which is repaired too. */
const grantLines = async (root: Server, account: Account) =>
  (await linesOf(root, account)).map((line) =>
    line.replace(/^(GRANT [^`]* ON \*\.\* TO \{who\}).*?( WITH GRANT OPTION(?: MAX_\w+ [\d.]+)*)?$/s, "$1$2"),
  );

async function copyAndTakeAway(root: Server, batch: readonly Case[]): Promise<Answers> {
  const [first, copy] = [accountsOf(batch, "f"), accountsOf(batch, "c")];
  const said = batch.flatMap(({ live }, index) => saidOf(live, first[index] as Account));
  await root.query(all([...created(batch, first), ...created(batch, copy), ...said]));
  const { accounts } = await readAccounts(root, first);
  const grants = batch.flatMap((_one, index) => {
    const lines = accounts.get(accountKey(first[index] as Account))?.grants ?? [];
    const { extra } = compareGrants([], lines, { version: root.version, lowerCaseNames: false });
    return saidOf(
      extra.flatMap(({ on, privileges }) => grantStatements(on, privileges)),
      copy[index] as Account,
    );
  });
  const failures = await Promise.all(
    grants.map((statement) =>
      root.query(statement).then(
        () => [],
        (error: Error) => [error.message],
      ),
    ),
  );
  const before = await Promise.all(
    batch.map(async (_one, index) => [
      await linesOf(root, first[index] as Account),
      await linesOf(root, copy[index] as Account),
    ]),
  );
  const nothing = batch.map(
    (_one, index): WantedAccount => ({
      ...(first[index] as Account),
      role: "extraAccounts",
      property: "extraAccounts[0]",
      grants: [],
      tls: "NONE",
      authentication: NATIVE,
      passwords: ["x"],
    }),
  );
  const taken: string[] = [];
  for (const repair of await examineAccounts(root, nothing))
    taken.push(
      await repair.apply().then(
        () => "",
        (error: Error) => error.message,
      ),
    );
  const after = await Promise.all(first.map((account) => grantLines(root, account)));
  await root.query(all([...dropped(first), ...dropped(copy)]));
  expect(failures.flat()).toEqual([]);
  return {
    oracle: batch.map((_one, index) => ({
      copy: before[index]?.[0],
      failure: "",
      after: [`GRANT USAGE ON *.* TO ${WHO}`],
    })),
    ours: new Map(
      batch.map((one, index) => [one, { copy: before[index]?.[1], failure: taken[index], after: after[index] }]),
    ),
  };
}

function grantStatements(on: string, privileges: readonly string[]): string[] {
  if (on === "DEFAULT ROLE") return [`SET DEFAULT ROLE ${privileges[0]} FOR ${WHO}`];
  if (on === "ROLE")
    return privileges.map(
      (role) =>
        `GRANT ${role.replace(/ WITH ADMIN OPTION$/, "")} TO ${WHO}${role.endsWith("`") ? "" : " WITH ADMIN OPTION"}`,
    );
  if (!isProxied(on)) return [`GRANT ${renderGrant(on, privileges)} TO ${WHO}`];
  return [`GRANT PROXY ON ${on} TO ${WHO}${privileges.includes("GRANT OPTION") ? " WITH GRANT OPTION" : ""}`];
}
