import { rename, rm, truncate, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { errorLines } from "../../provider/src/hosts/errorLog";
import { paths } from "../../provider/src/hosts/local/files";
import { start, stop } from "../../provider/src/hosts/local/server";
import { isMerelyStopped, isRunning, replicaStatus, uptime } from "../../provider/src/mariadb/replication";
import type { Server } from "../../provider/src/mariadb/server";
import * as operations from "../../provider/src/operations/all";
import { bringAcknowledgement, withoutWaiting } from "../../provider/src/pair/acknowledgement";
import { compareLogs } from "../../provider/src/pair/fork";
import {
  compareStreams,
  proveRowsArrive,
  waitUntilCaughtUp,
  waitUntilReplicating,
} from "../../provider/src/pair/proof";
import { until } from "../../provider/src/waiting";
import { SHORT_WAITS } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { killServer } from "../support/local/killServer";
import { Pair } from "../support/local/pair";
import { SessionClient } from "../support/sessionClient";

/** A direction that an error stopped: its cause is known before it is started, and what can be repaired without a loss is. */

jest.setTimeout(120_000);

const SESSION = "replicated_session_store.session";
const options = SHORT_WAITS;
let pair: Pair;
let db1: Server;
let db2: Server;

beforeEach(async () => {
  pair = await Pair.up(options);
  await openBoth();
  await db1.logged(() => db1.query(SessionClient.TABLE));
  await waitUntilCaughtUp(db1, db2, 10_000);
});

afterEach(() => pair?.[Symbol.asyncDispose]());

async function openBoth(): Promise<void> {
  [db1, db2] = await Promise.all([pair.root(1), pair.root(2)]);
}

const write = (server: Server, ...ids: string[]) =>
  server.logged(async () => {
    for (const id of ids) await server.query(`INSERT INTO ${SESSION} VALUES (?, '')`, [id]);
  });
const idsOf = async (server: Server): Promise<string[]> =>
  (await server.query(`SELECT id FROM ${SESSION} ORDER BY id`)).map(({ id }) => String(id));
const reached = (what: string, look: () => boolean | Promise<boolean>) =>
  until({ what, deadline: 30_000 }, async () => ((await look()) ? { done: undefined } : { seen: "not yet" }));

/** A clean restart, with a line more in its option files. */
async function restart(number: 1 | 2, line = ""): Promise<void> {
  // Two starts in the same second would look like one.
  await reached("another second", async () => (await uptime(await pair.root(number))) > 1);
  await stop(pair.directory(number));
  await writeFile(path.join(paths(pair.directory(number)).includeFolder, "zz-more.cnf"), `[mariadbd]\n${line}\n`);
  await start(pair.directory(number));
  await openBoth();
  const runs = async (server: Server) => isRunning(await replicaStatus(server));
  await reached("both directions to run", async () => (await runs(db1)) && (await runs(db2)));
}

/** As in a state of a version that kept none, or before the first look. */
function forgetMarks(): void {
  for (const { outs } of pair.kept.values()) {
    delete outs["historyMark"];
    delete outs["sourceMark"];
  }
}

async function expectHealthyWith(ids: readonly string[]): Promise<void> {
  expect(await pair.drift(options)).toEqual({});
  await openBoth();
  await waitUntilCaughtUp(db1, db2, 20_000);
  await waitUntilCaughtUp(db2, db1, 20_000);
  for (const server of [db1, db2]) expect(await idsOf(server)).toEqual([...ids].sort());
}

test("a proof does not count whose number the replica had before", async () => {
  await write(db2, "a", "b", "c");
  await waitUntilCaughtUp(db2, db1, 10_000);
  await db2.query("RESET MASTER");
  const { message } = await failureOf(proveRowsArrive(db2, db1, 5000));
  expect(message).toMatch(
    /db2 wrote 2-2-1, but db1 had received up to number \d .*went back in time or its binary log was reset/s,
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
    expect((await failureOf(wait)).message).toMatch(/db1 does not replicate from db2: IO thread No, .*1593/s);
  }
  await db2.query("SET GLOBAL server_id = 2");
  await db1.query("START SLAVE");

  await db1.query(`DROP TABLE ${SESSION}`);
  await write(db2, "a");
  expect((await failureOf(proveRowsArrive(db2, db1, 60_000))).message).toMatch(/SQL thread No, 1146/);
  expect(Date.now() - start).toBeLessThan(20_000);
});

test("an error that stops a replica is shown and kept without the statement and the row that it quotes", async () => {
  const SECRET = "secret of a user's";
  const TABLE = "replicated_session_store.broken_session";
  const make = (engine: string, id = "VARCHAR(99)", more = "") =>
    `CREATE OR REPLACE TABLE ${TABLE} (id ${id} PRIMARY KEY, v VARCHAR(99)) ENGINE=${engine} ${more}`;
  await db1.query("SET SESSION sql_mode = 'STRICT_ALL_TABLES'");
  const signal = "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = NEW.id";
  // The recipe's settings skip some of these errors.
  await stop(pair.directory(2));
  const { includeFolder } = paths(pair.directory(2));
  await writeFile(path.join(includeFolder, "99-z.cnf"), "[mariadbd]\nslave_skip_errors=1452\nslave_exec_mode=STRICT\n");
  await start(pair.directory(2));
  db2 = await pair.root(2);
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

test("two nodes given in the other order are called so, and nothing of them is changed", async () => {
  await write(db1, "of db1");
  await write(db2, "of db2");
  for (const [nodeNumber, own, peer] of [
    [1, 2, 1],
    [2, 1, 2],
  ] as const) {
    const { inputs } = await operations.MariaDbNode.check({}, {
      connection: pair.connection(own),
      peer: pair.connection(peer),
      nodeNumber,
    } as never);
    const { message } = await failureOf(operations.MariaDbNode.create(inputs));
    expect(message).toMatch(new RegExp(`db${own} is the other node of the pair.*Nothing was touched`, "s"));
    expect(message).not.toMatch(/data directory|went back/);
    const kept = pair.kept.get(`sessions-db${own}`);
    const seen = await operations.MariaDbNode.read("", { ...kept?.outs, ...inputs } as never);
    expect("inputs" in seen && seen.inputs).toMatchObject({ state: "the other node" });
  }
  await expectHealthyWith(["of db1", "of db2"]);
});

test.each<[string, (data: string) => Promise<void>]>([
  ["relay-log.info is empty", (data) => truncate(path.join(data, "relay-log.info"))],
  ["relay-log.info is cut off", (data) => truncate(path.join(data, "relay-log.info"), 10)],
  ["master.info is empty", (data) => truncate(path.join(data, "master.info"))],
  ["master.info is cut off", (data) => truncate(path.join(data, "master.info"), 20)],
  ["the index of the relay log is gone", (data) => rm(path.join(data, "mariadbmaster-relay-bin.index"))],
])("a replica that was killed and whose %s goes on with all it had received", async (_what, damage) => {
  await write(db2, "applied");
  await waitUntilCaughtUp(db2, db1, 10_000);
  // Received and not applied.
  await db1.query(`LOCK TABLES ${SESSION} READ`);
  await write(db2, "received");
  for (const number of [1, 2] as const) {
    await killServer(pair.directory(number), pair.ports[number - 1] ?? 0);
  }
  await damage(paths(pair.directory(1)).data);
  await Promise.all([start(pair.directory(1)), start(pair.directory(2))]);
  await openBoth();
  await write(db2, "later");
  await pair.up(options);
  await expectHealthyWith(["applied", "later", "received"]);
});

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

test("a binary log that its server compresses is not taken for one with another history", async () => {
  await restart(2, "log_bin_compress=ON\nlog_bin_compress_min_len=10");
  for (const [kind, statement] of [
    [
      "Write_rows_compressed_v1",
      `INSERT INTO ${SESSION} VALUES ('long', REPEAT('x', 200)), ('longer', REPEAT('x', 200))`,
    ],
    ["Update_rows_compressed_v1", `UPDATE ${SESSION} SET data = REPEAT('y', 200)`],
    ["Delete_rows_compressed_v1", `DELETE FROM ${SESSION} WHERE id = 'longer'`],
    ["Query_compressed", `ALTER TABLE ${SESSION} COMMENT '${"c".repeat(100)}'`],
  ] as const) {
    await db2.logged(() => db2.query(statement));
    await waitUntilCaughtUp(db2, db1, 10_000);
    const { File: log } = (await db2.row("SHOW MASTER STATUS")) ?? {};
    expect((await db2.query("SHOW BINLOG EVENTS IN ?", [log])).map((event) => event["Event_type"])).toContain(kind);
    const { known } = await compareStreams(db2, db1, 2);
    expect(await compareLogs({ replica: db1, source: db2, domain: 2, known, since: 0n })).toMatch(/^same/);
  }
  forgetMarks();
  await restart(2);
  expect(await pair.drift(options)).toEqual({});
});

/** Updates and deletes on db2, while db1 stands still. */
async function writeMeanwhile(): Promise<void> {
  await db2.query("SET GLOBAL rpl_semi_sync_master_enabled = OFF");
  await write(db2, "later");
  await db2.logged(async () => {
    await db2.query(`UPDATE ${SESSION} SET data = 'other' WHERE id = 'a'`);
    await db2.query(`DELETE FROM ${SESSION} WHERE id = 'b'`);
  });
}

test("a direction that was merely stopped goes on in one `up`, although its source has started since and rows changed", async () => {
  // db1's relay log does not reach back to the first of these starts.
  for (const id of ["a", "b", "c"]) {
    await restart(2);
    await write(db2, id);
    await waitUntilCaughtUp(db2, db1, 10_000);
  }
  await db1.query("STOP SLAVE");
  await writeMeanwhile();
  await pair.up(options);
  await expectHealthyWith(["a", "c", "later"]);
});

test("so does one of which a run was cut off that had thrown its relay log away, after a look since its source started", async () => {
  await write(db2, "a", "b", "c");
  await restart(2);
  await waitUntilCaughtUp(db2, db1, 10_000);
  expect(await pair.drift(options)).toEqual({});
  await db1.query("STOP SLAVE");
  await db1.query("CHANGE MASTER TO MASTER_CONNECT_RETRY = 2");
  await writeMeanwhile();
  await pair.up(options);
  await expectHealthyWith(["a", "c", "later"]);
});

test("where rows can't be compared and a relay log is gone, a source that runs is refused nothing, and is not called whole", async () => {
  await db1.logged(() => db1.query("CREATE TABLE replicated_session_store.keyless_session (id INT)"));
  await write(db2, "a");
  await waitUntilCaughtUp(db2, db1, 10_000);
  await waitUntilCaughtUp(db1, db2, 10_000);
  await db1.query("INSERT INTO replicated_session_store.keyless_session VALUES (1)");
  await restart(1);
  forgetMarks();
  expect(await pair.drift(options)).toEqual({});
  const marks = () =>
    ["sessions-db2", "sessions-db1-from-db2"]
      .map((name) => pair.kept.get(name)?.outs)
      .map((outs) => [outs?.["historyMark"], outs?.["sourceMark"]]);
  expect(
    marks()
      .flat()
      .filter((mark) => mark !== undefined),
  ).toEqual([]);
  await db1.logged(() => db1.query("DROP TABLE replicated_session_store.keyless_session"));
  await waitUntilCaughtUp(db1, db2, 10_000);
  await pair.refresh();
  expect(
    marks()
      .flat()
      .filter((mark) => mark !== undefined),
  ).toHaveLength(2);
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

test("a refused login of a replica, for whatever reason, is retried and no reason to leave it alone", () => {
  const stopped = (errno: number) =>
    isMerelyStopped({ ioThread: "No", sqlThread: "No", ioError: { errno, text: "" }, sqlError: undefined } as never);
  expect([1045, 1597, 4151, 2003].map(stopped)).toEqual([true, true, true, true]);
  expect([1236, 1593].map(stopped)).toEqual([false, false]);
});
