import { rename, rm, truncate, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { errorLines } from "../../provider/src/hosts/errorLog";
import { paths } from "../../provider/src/hosts/local/files";
import { start, stop } from "../../provider/src/hosts/local/server";
import { replicaStatus } from "../../provider/src/mariadb/replication";
import * as operations from "../../provider/src/operations/all";
import { bringAcknowledgement, withoutWaiting } from "../../provider/src/pair/acknowledgement";
import { proveRowsArrive, waitUntilCaughtUp, waitUntilReplicating } from "../../provider/src/pair/proof";
import { failureOf } from "../support/engine/faults";
import {
  db1,
  db2,
  expectHealthyWith,
  idsOf,
  openBoth,
  options,
  pair,
  reached,
  SESSION,
  usePair,
  write,
} from "../support/local/pairOfTest";

/** A direction that an error stopped: its cause is known before it is started, and what can be repaired without a loss is. */

usePair();

test("a proof does not count whose number the replica had before", async () => {
  await write(db2, "a", "b", "c");
  await waitUntilCaughtUp(db2, db1, 10_000);
  await db2.query("RESET MASTER");
  const { message } = await failureOf(proveRowsArrive(db2, db1, 5000));
  expect(message).toMatch(
    /db2 wrote 2-2-1, but db1 had received up to number \d+ .*went back in time or its binary log was reset/s,
  );
});

test("a wait for a direction ends at once when an error stops it, and starts nothing", async () => {
  await db2.query("SET GLOBAL server_id = 1");
  await db1.query("STOP SLAVE");
  await db1.query("START SLAVE");
  await reached("db1 to be stopped", async () => (await replicaStatus(db1))?.ioError?.errno === 1593);
  const start = Date.now();
  for (const wait of [
    bringAcknowledgement(db2, db1, 60_000),
    withoutWaiting(
      db2,
      async () => undefined,
      () => waitUntilReplicating(db1, db2, 60_000),
    ),
  ]) {
    await expect(wait).rejects.toMatchObject({
      message: expect.stringMatching(/db1 does not replicate from db2: IO thread No, .*1593/s),
      errno: 1593,
    });
  }
  await db2.query("SET GLOBAL server_id = 2");
  await db1.query("START SLAVE");

  await db1.query(`DROP TABLE ${SESSION}`);
  await write(db2, "a");
  await expect(proveRowsArrive(db2, db1, 60_000)).rejects.toMatchObject({
    message: expect.stringMatching(/SQL thread No, 1146/),
    errno: 1146,
  });
  expect(Date.now() - start).toBeLessThan(20_000);
});

test("an error that stops a replica is shown and kept without the statement and the row that it quotes", async () => {
  const SECRET = "secret of a user's";
  const TABLE = "replicated_session_store.broken_session";
  const make = (engine: string, id = "VARCHAR(99)", more = "") =>
    `CREATE OR REPLACE TABLE ${TABLE} (id ${id} PRIMARY KEY, v VARCHAR(99)) ENGINE=${engine} ${more}`;
  const signal = "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = NEW.id";
  // The recipe's settings skip some of these errors.
  await stop(pair.directory(2));
  const { includeFolder } = paths(pair.directory(2));
  await writeFile(path.join(includeFolder, "99-z.cnf"), "[mariadbd]\nslave_skip_errors=1452\nslave_exec_mode=STRICT\n");
  await start(pair.directory(2));
  await openBoth();
  await db1.query("SET SESSION sql_mode = 'STRICT_ALL_TABLES'");
  await db2.query("SET GLOBAL slave_run_triggers_for_rbr = YES");
  for (const [engine, onDb2, words] of [
    ["Aria", [make("Aria"), `INSERT INTO ${TABLE} VALUES (?, '')`], "Error 'Duplicate entry '...' for key 'PRIMARY'"],
    ["Aria", [make("Aria", "INT")], "Error 'Incorrect integer value: '...' for column"],
    [
      "Aria",
      [make("Aria"), `CREATE TRIGGER ${TABLE}_t BEFORE INSERT ON ${TABLE} FOR EACH ROW ${signal}`],
      "Error '...'",
    ],
    [
      "Aria",
      [make("Aria", "VARCHAR(99)", "PARTITION BY LIST COLUMNS (id) (PARTITION p VALUES IN ('a'))")],
      "Error 'Table has no partition for value ...'",
    ],
    ["Aria", [`DROP TABLE ${TABLE}`], `Error 'Table '${TABLE}' doesn't exist'`],
    [
      "InnoDB",
      [make("InnoDB"), `INSERT INTO ${TABLE} VALUES (?, '')`],
      `on table ${TABLE}; Duplicate entry '...' for key 'PRIMARY', Error_code: 1062`,
    ],
    [
      "InnoDB",
      [make("InnoDB"), `CREATE TRIGGER ${TABLE}_t BEFORE INSERT ON ${TABLE} FOR EACH ROW ${signal}`],
      `on table ${TABLE}; ...`,
    ],
  ] as const) {
    await db1.logged(() => db1.query(make(engine)));
    await waitUntilCaughtUp(db1, db2, 10_000);
    for (const statement of onDb2) await db2.query(statement, [SECRET]);
    await db1.query("USE replicated_session_store");
    await db1.logged(() => db1.query(`INSERT INTO ${TABLE} VALUES (?, ?)`, [SECRET, SECRET]));
    await reached("db2 to be stopped", async () => (await replicaStatus(db2))?.sqlThread === "No");
    const kept = pair.kept.get("sessions-db2-from-db1");
    const seen = await operations.ReplicationLink.read("", kept?.outs as never);
    expect("inputs" in seen && seen.inputs).toMatchObject({ state: expect.stringContaining(words) });
    const { message } = await failureOf(proveRowsArrive(db1, db2, 5000));
    expect(message).toContain(words);
    const log = errorLines(await db2.host.serverLog(30));
    expect(log).toMatch(/Slave SQL|Slave:/);
    for (const shown of [JSON.stringify(seen), message, log]) expect(shown).not.toMatch(/secret|INSERT/);
    await db2.query(`DROP TABLE IF EXISTS ${TABLE}`);
    await db2.query(make(engine));
    await db2.query("START SLAVE SQL_THREAD");
    await waitUntilCaughtUp(db1, db2, 10_000);
  }
  await write(db1, SECRET);
  const { message } = await failureOf(db1.query(`ALTER TABLE ${SESSION} MODIFY id INT`));
  expect(message).toMatch(/ value: '\.\.\.'/);
  expect(message).not.toContain("secret");
});

test("a server that is half filled is neither linked nor called proved, in either direction", async () => {
  await db2.query("CREATE DATABASE session_store_seeding");
  for (const only of ["sessions-db1-from-db2", "sessions-db2-from-db1"]) {
    const { message } = await failureOf(pair.up({ link: { connectRetry: 2 }, only: [only] }));
    expect(message).toMatch(/db2 is only half filled from db1.*nothing was emptied/s);
  }
  expect([await replicaStatus(db1), await replicaStatus(db2)]).toMatchObject([
    { connectRetry: 1 },
    { connectRetry: 1 },
  ]);
});

const DAMAGES: [string, (data: string) => Promise<void>][] = [
  ["relay-log.info is empty", (data) => truncate(path.join(data, "relay-log.info"))],
  ["master.info is cut off", (data) => truncate(path.join(data, "master.info"), 20)],
  ["relay-log.info is cut off", (data) => truncate(path.join(data, "relay-log.info"), 10)],
  ["master.info is empty", (data) => truncate(path.join(data, "master.info"))],
  ["the index of the relay log is gone", (data) => rm(path.join(data, "mariadbmaster-relay-bin.index"))],
];

// `npm run test:kill` has all of them.
test.each(process.env["KILL_WALK"] ? DAMAGES : DAMAGES.slice(0, 2))(
  "a replica that was killed and whose %s goes on with all it had received",
  async (_what, damage) => {
    await write(db2, "applied");
    await waitUntilCaughtUp(db2, db1, 10_000);
    // Received and not applied.
    await db1.query(`LOCK TABLES ${SESSION} READ`);
    await write(db2, "received");
    for (const number of [1, 2] as const) await pair.server(number).kill();
    await damage(paths(pair.directory(1)).data);
    await Promise.all([start(pair.directory(1)), start(pair.directory(2))]);
    await openBoth();
    await write(db2, "later");
    await pair.up(options);
    await expectHealthyWith(["applied", "later", "received"]);
  },
);

test("where a replica was away for too long, the other direction is repaired all the same, and nothing is lost on the way back", async () => {
  await db1.query("STOP SLAVE");
  await db2.query("STOP SLAVE");
  await db2.query("SET GLOBAL rpl_semi_sync_master_enabled=OFF");
  await db1.query("SET GLOBAL rpl_semi_sync_master_enabled=OFF");
  await write(db2, "missed by db1");
  await write(db1, "only on db1");
  await db2.query("FLUSH BINARY LOGS");
  // A thread that sends to a replica that is gone holds its file until it notices.
  await reached("db2 to have purged its log", async () => {
    const [log] = await db2.query("SHOW MASTER STATUS");
    await db2.query("PURGE BINARY LOGS TO ?", [log?.["File"]]);
    for (const { ID } of await db2.query(
      "SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND = 'Binlog Dump'",
    )) {
      await db2.query("KILL ?", [Number(ID)]);
    }
    return (await db2.query("SHOW BINARY LOGS")).length === 1;
  });
  await db1.query("START SLAVE");
  await reached("db1 to be refused", async () => (await replicaStatus(db1))?.ioError?.errno === 1236);

  const { message } = await failureOf(pair.up(options));
  expect(message).toMatch(
    /db1 was away for longer than db2 keeps its binary log \(1236: .*Nothing was touched.*repair db2<-db1 first/s,
  );
  await reached("db2 to have what only db1 had", async () => (await idsOf(db2)).includes("only on db1"));
  const { message: then } = await failureOf(pair.up(options));
  expect(then).toMatch(/db2 holds every row of db1; .*stop db1, move its data directory away/s);
  await stop(pair.directory(1));
  await rename(paths(pair.directory(1)).data, path.join(pair.folder, "away"));
  await pair.up(options);
  await expectHealthyWith(["missed by db1", "only on db1"]);
});

test("two servers that were never linked and both hold sessions: what each lacks is said, and nothing is to be emptied", async () => {
  await pair.down("ReplicationLink");
  for (const [server, id] of [
    [db1, "of db1"],
    [db2, "of db2"],
  ] as const) {
    await server.query("STOP ALL SLAVES");
    await server.query("RESET MASTER");
    await server.query("SET GLOBAL gtid_slave_pos = ''");
    await write(server, "of both", id);
  }
  const { message } = await failureOf(pair.up({ ...options, only: ["sessions-db1-from-db2"] }));
  expect(message).toMatch(
    /never linked.*db1 has what db2 does not: 1 row more in replicated_session_store\.session.*mariadb-dump .*--insert-ignore/s,
  );
  expect(message).not.toMatch(/[Ee]mpty the|drop its database|move its data directory away/);
  await write(db2, "of db1");
  const { message: then } = await failureOf(pair.up({ ...options, only: ["sessions-db1-from-db2"] }));
  expect(then).toMatch(/db2 holds every row of db1; .*stop db1, move its data directory away/s);
});

test("a restart is refused while the peer is gone, and what was received from it is applied, not thrown away", async () => {
  const before = await pair.server(1).pid();
  // db1 has received 20 sessions and can't apply them yet.
  await db1.query(`LOCK TABLES ${SESSION} WRITE`);
  const ids = Array.from({ length: 20 }, (_, number) => `unapplied-${number}`);
  await write(db2, ...ids);
  await pair.server(2).kill();
  const restarting = { ...options, settings: { ...options.settings, innodb_buffer_pool_chunk_size: "4M" } };
  await expect(pair.up({ ...restarting, only: ["sessions-db1"] })).rejects.toThrow(
    /db1 has to restart for innodb_buffer_pool_chunk_size, but its peer can't be looked at .*nothing was stopped.*Bring db2 back first/s,
  );
  expect(await pair.server(1).pid()).toBe(before);
  await db1.query("UNLOCK TABLES");
  await reached("db1 to apply what it has received", async () => (await idsOf(db1)).length === 20);
});
