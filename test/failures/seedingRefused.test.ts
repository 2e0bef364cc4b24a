import { findProcess } from "../../provider/src/hosts/local/server";
import { refuseUnfitToCopy } from "../../provider/src/pair/fitToCopy";
import { waitUntilCaughtUp } from "../../provider/src/pair/proof";
import { until } from "../../provider/src/waiting";
import { SHORT_WAITS } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { DATABASE, db1, events, PROXY, pair, up, usePairWithSessions, write } from "../support/local/seededPair";

/** What keeps a node from being seeded, or from being whole: it is named, and nothing of it is lost or runs. */

usePairWithSessions();

test.each([
  ["waits for the lost node", ["DO 1"]],
  ["was stopped too", ["STOP SLAVE IO_THREAD"]],
])(
  "an error that keeps the peer from applying what the lost node had sent is told at once, with how to save that where the link %s",
  async (_, stop) => {
    const db2 = await pair.root(2);
    await write(db1, "CREATE TABLE odd_session (id INT PRIMARY KEY)");
    await waitUntilCaughtUp(db1, db2, 10_000);
    await db1.query("ALTER TABLE ??.odd_session ADD COLUMN n INT", [DATABASE]);
    await write(db2, "ALTER TABLE odd_session ADD COLUMN n INT", "INSERT INTO odd_session VALUES (1, 1)");
    await until({ what: "the error on db1", deadline: 10_000 }, async () => {
      const { Last_SQL_Errno: seen } = (await pair.server(1).replica()) ?? {};
      return Number(seen) === 1060 ? { done: undefined } : { seen: String(seen) };
    });
    await pair.lose(2);
    await pair.server(1).run(...stop);
    const { message, seconds } = await failureOf(up());
    expect(message).toMatch(
      /db1 does not apply what it has received: .*1060 .*only there.*don't restart db1.*db2 stays closed/s,
    );
    expect(seconds).toBeLessThan(20);

    await db1.query("ALTER TABLE ??.odd_session DROP COLUMN n", [DATABASE]);
    const advice = /then run on it: (.*;) and wait/.exec(message)?.[1] ?? "";
    await pair.server(1).run(...advice.split("; ").filter((statement) => statement !== ""));
    await pair.server(1).waitFor(`SELECT COUNT(*) FROM ${DATABASE}.odd_session`, "1");
    await up();
    expect(await pair.server(2).value(`SELECT COUNT(*) FROM ${DATABASE}.odd_session`)).toBe("1");
    expect(await pair.drift(SHORT_WAITS)).toEqual({});
    await write(db1, "DROP TABLE odd_session");
  },
);

test("a lock that somebody holds is not taken for a view that no longer works", async () => {
  await write(db1, `CREATE DEFINER=${PROXY} VIEW sound_session AS SELECT id FROM session`);
  const [looker, holder] = [await pair.root(1), await pair.root(1)];
  await looker.query("SET SESSION lock_wait_timeout = 1");
  await holder.query(`LOCK TABLES ${DATABASE}.session WRITE`);
  const { message } = await failureOf(refuseUnfitToCopy(looker, [DATABASE], []));
  expect(message).toMatch(/can't be copied now: somebody holds a lock on what the view .*sound_session reads/);
  await holder.query("UNLOCK TABLES");
  expect(await refuseUnfitToCopy(looker, [DATABASE], [])).toBeDefined();
  await write(db1, "DROP VIEW sound_session");
});

test.each([
  [
    "a view that no longer works",
    [
      "CREATE TABLE gone_session (id INT PRIMARY KEY)",
      `CREATE DEFINER=${PROXY} VIEW broken_session AS SELECT id FROM gone_session`,
      "DROP TABLE gone_session",
    ],
    "DROP VIEW broken_session",
    /db1 can't be copied, because views there no longer work: .*broken_session.*Repair or drop them on db1/s,
  ],
  [
    "an event of root",
    ["CREATE EVENT of_root ON SCHEDULE EVERY 1 DAY DO SELECT 1"],
    "DROP EVENT of_root",
    /db1 can't be copied: the event replicated_session_store\.of_root \(definer \w+@localhost\) would run on the other node/,
  ],
  [
    "a trigger of root",
    ["CREATE TRIGGER of_root BEFORE INSERT ON session FOR EACH ROW SET NEW.data = NEW.data"],
    "DROP TRIGGER of_root",
    /the trigger replicated_session_store\.of_root \(definer \w+@localhost\)/,
  ],
  [
    "a procedure of an account that is gone",
    ["CREATE DEFINER='somebody'@'%' PROCEDURE of_somebody() SELECT 1"],
    "DROP PROCEDURE of_somebody",
    /the procedure replicated_session_store\.of_somebody \(definer somebody@%\)/,
  ],
])(
  "%s keeps a node from being seeded, by name, before anything is touched; without it one up is enough",
  async (_, bring, take, words) => {
    await write(db1, ...bring);
    await pair.lose(2);
    const before = await findProcess(pair.directory(1));
    const { message } = await failureOf(up());
    expect(message).toMatch(words);
    expect(await findProcess(pair.directory(1))).toBe(before);
    await write(db1, take);
    await up();
    expect(await pair.drift(SHORT_WAITS)).toEqual({});
  },
);

test("only accounts known as the pair's come along, and none that may write beyond its databases, named or not", async () => {
  const named = { ...SHORT_WAITS, definers: ["app"] };
  const refused = expect.stringMatching(
    /the event .*of_app \(definer app@10\.0\.0\.5\) .*Nothing was copied.*add its user name to "definers"/s,
  );
  await pair.lose(2);
  for (const [right, options, outcome] of [
    [`ALL ON ${DATABASE}.*`, SHORT_WAITS, refused],
    ["UPDATE ON *.*", named, refused],
    ["INSERT ON mysql.*", named, refused],
    ["ALL ON `%`.*", named, refused],
    ["UPDATE ON mysql.global_priv", named, refused],
    [`ALL ON ${DATABASE}.*`, named, "it came along"],
  ] as const) {
    await db1.query("CREATE USER app@'10.0.0.5'");
    await db1.query(`GRANT ${right} TO app@'10.0.0.5'`);
    await db1.query("USE ??", [DATABASE]);
    await db1.query("CREATE DEFINER=app@'10.0.0.5' EVENT of_app ON SCHEDULE EVERY 1 DAY DO SELECT 1");
    const seen = await pair.up(options).then(
      () => "it came along",
      ({ message }: Error) => message,
    );
    expect([right, seen]).toEqual([right, outcome]);
    expect((await pair.server(2).login("nevisproxy_user", "proxy-1")) === "in").toBe(outcome !== refused);
    await db1.query("DROP EVENT of_app");
    await db1.query("DROP USER app@'10.0.0.5'");
  }
  expect(await events(2)).toMatchObject({ of_app: "SLAVESIDE_DISABLED 1 app@10.0.0.5" });
  await (await pair.root(2)).query("DROP EVENT ??.of_app", [DATABASE]);
  await up();
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
});

test("a row that the node does not take is told by table and number of the error, and nothing of the row is", async () => {
  await write(
    db1,
    "CREATE TABLE checked_session (id VARCHAR(40) PRIMARY KEY, n INT, CONSTRAINT positive CHECK (n > 0))",
    "SET SESSION check_constraint_checks = 0",
    "INSERT INTO checked_session VALUES ('secret-session-of-a-user', -1)",
    "SET SESSION check_constraint_checks = 1",
  );
  await pair.lose(2);
  const { message } = await failureOf(up());
  expect(message).toMatch(/seeding db2 from db1 was cut off: db2 does not take rows of checked_session: error 4025/);
  expect(message).toMatch(/db1 was only read and serves on; db2 stays closed.*Run `pulumi up` again/s);
  expect(message).not.toContain("secret-session");
  expect(await pair.server(2).login("nevisproxy_user", "proxy-1")).not.toBe("in");
  await write(db1, "DROP TABLE checked_session");
  await up();
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
});

test("when the other node is lost too before a seeding is whole, nothing is copied from the half, until somebody says that it is to be kept", async () => {
  const TABLES = `SELECT GROUP_CONCAT(TABLE_NAME ORDER BY 1) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${DATABASE}'`;
  await write(
    db1,
    "CREATE TABLE a_session (id INT PRIMARY KEY)",
    "INSERT INTO a_session VALUES (1), (2), (3)",
    "CREATE TABLE b_session (id INT PRIMARY KEY, n INT, CONSTRAINT positive CHECK (n > 0))",
    "SET SESSION check_constraint_checks = 0",
    "INSERT INTO b_session VALUES (1, -1)",
  );
  await pair.lose(2);
  await expect(up()).rejects.toThrow(/seeding db2 from db1 was cut off/);
  expect(await pair.server(2).value(TABLES)).toBe("a_session,b_session");
  await pair.lose(1);
  const { message } = await failureOf(up());
  expect(message).toMatch(/db1 lost its data, and its peer db2 holds only a part of the sessions.*Nothing was copied/s);
  const keep = /run on db2: (DROP DATABASE .*?);/.exec(message)?.[1] ?? "";
  await pair.server(2).run(keep);
  await up();
  expect(await pair.server(1).value(TABLES)).toBe("a_session,b_session");
  expect(await pair.server(1).value(`SELECT COUNT(*) FROM ${DATABASE}.a_session`)).toBe("3");
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
});
