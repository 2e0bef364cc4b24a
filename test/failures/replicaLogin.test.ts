import { replicaStatus } from "../../provider/src/mariadb/replication";
import type { Server } from "../../provider/src/mariadb/server";
import { waitUntilCaughtUp } from "../../provider/src/pair/proof";
import { failureOf } from "../support/engine/faults";
import {
  db1,
  db2,
  expectHealthyWith,
  openBoth,
  options,
  pair,
  reached,
  useOnePair,
  write,
} from "../support/local/pairOfTest";

import { login } from "../support/local/reach";

/** A replica whose login is refused, and one that replicates under a name: seen, and repaired or named with what to do. */

useOnePair();

const LINK = "sessions-db1-from-db2";

const onDb1 = async (...statements: readonly string[]) => {
  for (const statement of statements) await db1.query(statement);
};
const refused = (errno = 1045) =>
  reached("db1 to be refused", async () => (await replicaStatus(db1))?.ioError?.errno === errno);

test.each([
  ["another password", "MASTER_PASSWORD='x'"],
  ["another user", "MASTER_USER='nobody'"],
])("a link with %s set by hand is repaired by `up`, and what was written meanwhile arrives", async (_what, option) => {
  await onDb1("STOP SLAVE", `CHANGE MASTER TO ${option}`, "START SLAVE");
  await refused();
  await write(db2, "meanwhile");
  expect((await pair.drift(options))[LINK]).toContain("state");
  const start = Date.now();
  expect(await pair.up(options)).toEqual([LINK]);
  expect(Date.now() - start).toBeLessThan(20_000);
  await write(db2, "after");
  await expectHealthyWith(["after", "meanwhile"]);
});

test("a replica that stands still with another password is repaired too", async () => {
  await onDb1("STOP SLAVE", "CHANGE MASTER TO MASTER_PASSWORD='x'");
  expect(await pair.up(options)).toEqual([LINK]);
  await write(db2, "after");
  await expectHealthyWith(["after"]);
});

test("where the account on the source takes another password, the link alone says so at once, and `up` of all repairs it", async () => {
  await db2.query("SET PASSWORD FOR replication_user = PASSWORD('by hand')");
  await onDb1("STOP SLAVE IO_THREAD", "START SLAVE IO_THREAD");
  await refused();
  const { message, seconds } = await failureOf(pair.up({ ...options, only: [LINK] }));
  expect(message).toMatch(/db2 refuses the login of db1: replication_user@% \(another password\).*accounts of db2/s);
  expect(seconds).toBeLessThan(15);
  await pair.up(options);
  await write(db2, "after");
  await expectHealthyWith(["after"]);
});

test("an account with a narrower host that refuses is named, and ends the wait at once", async () => {
  await db2.query("CREATE USER replication_user@localhost IDENTIFIED BY 'another'");
  await onDb1("STOP SLAVE IO_THREAD", "START SLAVE IO_THREAD");
  await refused();
  const { message, seconds } = await failureOf(pair.up({ ...options, only: [LINK] }));
  expect(message).toMatch(
    /db2 refuses the login of db1: replication_user@localhost \(another password\), then replication_user@%\. .*No program declares replication_user@localhost: .* on db2: DROP USER 'replication_user'@'localhost';/s,
  );
  expect(seconds).toBeLessThan(15);
  await db2.query("DROP USER replication_user@localhost");
  await pair.up(options);
  await expectHealthyWith([]);
});

test("all accounts that come before the replica's are named at once, those without a name too, and told before they refuse", async () => {
  await db2.query("CREATE USER ''@localhost IDENTIFIED BY 'another'");
  await db2.query("CREATE USER replication_user@'l%t' IDENTIFIED BY 'another' ACCOUNT LOCK");
  await db2.query("SET PASSWORD FOR replication_user = PASSWORD('by hand')");
  await pair.drift(options);
  const advice = pair.kept.get("sessions-db2-users")?.outs["advice"] as { about: string }[];
  expect(advice.map(({ about }) => about)).toEqual(["account ''@localhost", "account replication_user@l%t"]);
  await onDb1("STOP SLAVE IO_THREAD", "START SLAVE IO_THREAD");
  await refused();
  const { message } = await failureOf(pair.up({ ...options, only: [LINK] }));
  expect(message).toMatch(
    /db2 refuses the login of db1: ''@localhost \(another password\), then replication_user@l%t \(another password, locked\), then replication_user@% \(another password\)\./,
  );
  const statements = message.match(/DROP USER [^;]*/g) ?? [];
  expect(statements).toHaveLength(2);
  for (const statement of statements) await db2.query(statement);
  await pair.up(options);
  await expectHealthyWith([]);
});

test("a link that gets another password is told of the account that the source takes instead, with what ends that", async () => {
  await db2.query("CREATE USER replication_user@localhost IDENTIFIED BY 'another'");
  const next = { ...options, passwords: { replication: "replication-2" } };
  const { message } = await failureOf(pair.up(next));
  expect(message).toMatch(
    /db2 takes the account with the narrowest host: replication_user@localhost \(another password\), then replication_user@%\. No program declares/,
  );
  const [statement = ""] = message.match(/DROP USER [^;]*/) ?? [];
  await db2.query(statement);
  await pair.up(next);
  await pair.up(options);
  await expectHealthyWith([]);
});

describe("an account of the replication that gets another name", () => {
  const renamed = { ...options, replicationUser: "replica2" };
  const accounts = async () =>
    (await db2.query("SELECT User FROM mysql.global_priv WHERE User LIKE 'repl%' ORDER BY 1")).map(({ User }) => User);

  test("is dropped under its former one when the links have gone over, in the same `up`", async () => {
    await pair.up(renamed);
    expect(await accounts()).toEqual(["replica2"]);
    expect(await pair.drift(renamed)).toEqual({});
    await pair.up(options);
    expect(await accounts()).toEqual(["replication_user"]);
    await expectHealthyWith([]);
  });

  test("stays under its former one while a link that failed needs it, which comes back from a pause; the next `up` ends that", async () => {
    await db2.query("CREATE USER replica2@localhost IDENTIFIED BY 'another'");
    const { message } = await failureOf(
      pair.up({ ...renamed, only: ["sessions-db1-users", "sessions-db2-users", LINK] }),
    );
    expect(message).toContain("db2 takes the account with the narrowest host: replica2@localhost (another password)");
    expect(await accounts()).toEqual(["replica2", "replica2", "replication_user"]);
    await db2.query("STOP SLAVE");
    await db2.query("START SLAVE");
    await reached("db2 to replicate by the former account", async () => {
      const status = await replicaStatus(db2);
      return status?.ioThread === "Yes" && status.user === "replication_user";
    });
    await db2.query("DROP USER replica2@localhost");
    await pair.up(renamed);
    expect(await accounts()).toEqual(["replica2"]);
    await pair.up(options);
    await expectHealthyWith([]);
  });
});

test("accounts that the server has blocked after too many wrong passwords are named, with what ends that", async () => {
  await db2.query("SET GLOBAL max_password_errors=1");
  try {
    for (const user of ["replication_user", "nevisproxy_user"]) {
      expect(await login(pair.connection(2).port, user, "wrong")).toBe("1045");
    }
    await onDb1("STOP SLAVE IO_THREAD", "START SLAVE IO_THREAD");
    await refused(4150);
    const isBlocked = { "sessions-db2-users": ["proxyWrites"], [LINK]: ["state"] };
    expect(await pair.drift(options)).toEqual(isBlocked);
    const { message, seconds } = await failureOf(pair.up(options));
    expect(message).toMatch(
      /^db2: .*tried as nevisproxy_user@%: error 4150, it is blocked after too many.*FLUSH PRIV/s,
    );
    expect(seconds).toBeLessThan(15);
    const ofLink = await failureOf(pair.up({ ...options, only: [LINK] }));
    expect(ofLink.message).toMatch(/4150.*The source has blocked the replication account.*`FLUSH PRIVILEGES` there/s);
    expect(ofLink.seconds).toBeLessThan(15);
  } finally {
    await db2.query("SET GLOBAL max_password_errors=DEFAULT");
    await db2.query("FLUSH PRIVILEGES");
  }
  await pair.up(options);
  await write(db2, "after");
  await expectHealthyWith(["after"]);
});

test("an account that has lost its right to replicate ends the wait of its link at once", async () => {
  await db2.query("REVOKE REPLICATION SLAVE ON *.* FROM replication_user");
  await onDb1("STOP SLAVE IO_THREAD", "START SLAVE IO_THREAD");
  await refused(1597);
  const { message, seconds } = await failureOf(pair.up({ ...options, only: [LINK] }));
  expect(message).toMatch(/1597.*account and password right on the source first/s);
  expect(seconds).toBeLessThan(15);
  await pair.up(options);
  await expectHealthyWith([]);
});

test("a restart after which the source refuses the replica ends its wait soon, and names the accounts", async () => {
  await onDb1("CREATE USER replication_user@localhost IDENTIFIED BY 'another'");
  const restarting = { ...options, settings: { ...options.settings, back_log: 91 } };
  const { message, seconds } = await failureOf(pair.up({ ...restarting, only: ["sessions-db1"] }));
  expect(message).toMatch(
    /db1 is back, and refuses db2 .*1045.*takes the account with the narrowest host: replication_user@localhost, then replication_user@%\. No program declares replication_user@localhost: .*DROP USER 'replication_user'@'localhost';/s,
  );
  expect(seconds).toBeLessThan(30);
  await openBoth();
  await onDb1("DROP USER replication_user@localhost");
  await pair.up(options);
  await openBoth();
  await expectHealthyWith([]);
});

/** As somebody sets it up who gives connections names. */
async function underName(host = "127.0.0.1"): Promise<void> {
  const { port } = pair.connection(2);
  await onDb1(
    "STOP SLAVE",
    "RESET SLAVE ALL",
    `CHANGE MASTER 'peer' TO MASTER_HOST='${host}', MASTER_PORT=${port}, MASTER_USER='replication_user', MASTER_PASSWORD='replication-1', MASTER_USE_GTID=slave_pos`,
    "START SLAVE 'peer'",
  );
  await reached("db1 to replicate under the name", async () => {
    const [row] = await db1.query("SHOW ALL SLAVES STATUS");
    return row?.["Slave_IO_Running"] === "Yes";
  });
}

const connections = async (server: Server) =>
  (await server.query("SHOW ALL SLAVES STATUS")).map((row) => [row["Connection_name"], row["Slave_IO_Running"]]);

test.each(["127.0.0.1", "localhost"])(
  "a connection to the peer under a name, at %s, is named with what to do, before anything is touched",
  async (host) => {
    await underName(host);
    await pair.drift(options);
    expect(pair.kept.get(LINK)?.outs["state"]).toBe("replicates under the name peer");
    const { message } = await failureOf(pair.up(options));
    expect(message).toMatch(/db1 replicates from db2 \(.*\) under the name 'peer'.*RESET SLAVE 'peer' ALL/s);
    expect(await connections(db1)).toEqual([["peer", "Yes"]]);
    // A change that has to stop something stops nothing either.
    const more = { ...options, settings: { ...options.settings, slave_parallel_threads: 4 } };
    const { message: stop } = await failureOf(pair.up({ ...more, only: ["sessions-db1"] }));
    expect(stop).toMatch(/under the name 'peer'/);
    // As the error says.
    await write(db2, "under the name");
    const sent = await db2.value("SELECT @@GLOBAL.gtid_binlog_pos");
    expect(await db1.value("SELECT MASTER_GTID_WAIT(?, 10)", [sent])).toBe("0");
    await onDb1("STOP SLAVE 'peer'", "RESET SLAVE 'peer' ALL");
    await pair.up(options);
    await write(db2, "after");
    await expectHealthyWith(["after", "under the name"]);
  },
);

test("a connection under a name beside the link, to the same source, is named too", async () => {
  const { port } = pair.connection(2);
  await onDb1("STOP SLAVE", "CHANGE MASTER TO MASTER_HOST='localhost'");
  await onDb1(`CHANGE MASTER 'peer' TO MASTER_HOST='127.0.0.1', MASTER_PORT=${port}, MASTER_USER='replication_user'`);
  expect((await pair.drift(options))[LINK]).toContain("state");
  const { message } = await failureOf(pair.up(options));
  expect(message).toMatch(/under the name 'peer'/);
  await onDb1("RESET SLAVE 'peer' ALL");
  await pair.up(options);
  await expectHealthyWith([]);
});

test("a connection under a name to a third server is left alone", async () => {
  await onDb1("CHANGE MASTER 'other' TO MASTER_HOST='127.0.0.1', MASTER_PORT=9, MASTER_USER='replication_user'");
  expect(await pair.drift(options)).toEqual({});
  await onDb1("STOP SLAVE");
  expect(await pair.up(options)).toEqual([LINK]);
  await waitUntilCaughtUp(db2, db1, 10_000);
  expect(await connections(db1)).toEqual(expect.arrayContaining([["other", "No"]]));
});
