import { writeFile } from "node:fs/promises";
import * as path from "node:path";
import { paths } from "../../provider/src/hosts/local/files";
import { replicaStatus } from "../../provider/src/mariadb/replication";
import type { Server } from "../../provider/src/mariadb/server";
import { proveRowsArrive, waitUntilCaughtUp } from "../../provider/src/pair/proof";
import { PROBE, PROBE_COMMENT } from "../../provider/src/recipe/probe";
import { failureOf } from "../support/engine/faults";
import {
  db1,
  db2,
  expectHealthyWith,
  openBoth,
  options,
  pair,
  reached,
  restart,
  useOnePair,
  write,
} from "../support/local/pairOfTest";

/** A replica that gets each GTID and not its rows, or late: a preview shows it, `up` takes it away, and no proof is taken in by it. */

useOnePair();

const NODE = "sessions-db1";
const LINK = "sessions-db1-from-db2";

interface Kept {
  readonly what: string;
  readonly byHand: readonly string[];
  readonly on: typeof NODE | typeof LINK;
  readonly property: string;
  /** True: rows that were written meanwhile arrive once it is gone. */
  readonly late?: true;
}

const filter = (name: string, value: string): Kept => ({
  what: `${name} set while it runs`,
  byHand: ["STOP SLAVE", `SET GLOBAL ${name} = '${value}'`, "START SLAVE"],
  on: NODE,
  property: "settings",
});
const option = (text: string, late?: true): Kept => ({
  what: `CHANGE MASTER TO ${text}`,
  byHand: ["STOP SLAVE", `CHANGE MASTER TO ${text}`, "START SLAVE"],
  on: LINK,
  property: "otherOptions",
  ...(late && { late }),
});

test.each<[string, readonly Kept[]]>([
  [
    "filters of the server",
    [
      filter("replicate_do_db", "app"),
      filter("replicate_ignore_db", "replicated_session_store"),
      filter("replicate_ignore_table", "replicated_session_store.session"),
      filter("replicate_wild_ignore_table", "%.s%"),
      filter("replicate_rewrite_db", "replicated_session_store->app"),
      filter("replicate_events_marked_for_skip", "FILTER_ON_SLAVE"),
    ],
  ],
  [
    "options of the link",
    [
      option("MASTER_DELAY=3600", true),
      option("IGNORE_SERVER_IDS=(2)"),
      option("IGNORE_DOMAIN_IDS=(2)"),
      option("DO_DOMAIN_IDS=(7)"),
      {
        what: "a counter of transactions to skip",
        byHand: ["STOP SLAVE", "SET GLOBAL sql_slave_skip_counter = 5", "START SLAVE"],
        on: LINK,
        property: "otherOptions",
      },
      {
        what: "a place up to which it applies",
        byHand: ["STOP SLAVE", "START SLAVE UNTIL master_gtid_pos = '2-2-9999'"],
        on: LINK,
        property: "otherOptions",
        late: true,
      },
    ],
  ],
])("%s that keep rows back are shown by their property, and `up` takes them away", async (_what, all) => {
  const written: string[] = [];
  for (const [index, { what, byHand, on, property, late }] of all.entries()) {
    for (const statement of byHand) await db1.query(statement);
    await reached("db1 to receive again", async () => (await replicaStatus(db1))?.ioThread === "Yes");
    const drift = await pair.drift(options);
    expect([what, drift]).toEqual([what, { [on]: expect.arrayContaining([property]) }]);
    await expect(proveRowsArrive(db2, db1, 5_000)).rejects.toThrow(/rows of db2 don't all reach db1/);
    if (late) {
      await write(db2, `late ${index}`);
      written.push(`late ${index}`);
    }
    expect([what, await pair.up(options)]).toEqual([what, [on]]);
    await write(db2, `after ${index}`);
    written.push(`after ${index}`);
    await expectHealthyWith(written);
  }
});

test("one filter on each node, and a delay of a link, go in the same `up`", async () => {
  for (const server of [db1, db2]) {
    for (const statement of ["STOP SLAVE", "SET GLOBAL replicate_do_db = 'app'", "START SLAVE"])
      await server.query(statement);
  }
  for (const statement of ["STOP SLAVE", "CHANGE MASTER TO MASTER_DELAY=3600", "START SLAVE"])
    await db2.query(statement);
  await reached("both to run", async () =>
    (await Promise.all([db1, db2].map(replicaStatus))).every((status) => status?.ioThread === "Yes"),
  );
  await pair.up(options);
  await write(db1, "from db1");
  await write(db2, "from db2");
  await expectHealthyWith(["from db1", "from db2"]);
});

test("a filter of the binary log in an option file is shown with its line, and goes with a restart", async () => {
  for (const number of [1, 2] as const) await restart(number, "binlog-do-db=app");
  const file = path.join(paths(pair.directory(1)).includeFolder, "zz-more.cnf");
  const drift = await pair.drift(options);
  expect(drift).toEqual({
    [NODE]: ["settings", "overriddenBy"],
    "sessions-db2": ["settings", "overriddenBy"],
  });
  expect(pair.kept.get(NODE)?.outs).toMatchObject({
    overriddenBy: [`${file}:2 binlog_do_db=app`],
    settings: { binlog_do_db: ["app"] },
  });
  await expect(proveRowsArrive(db1, db2, 5_000)).rejects.toThrow(/db1 has binlog_do_db=app/);
  expect(await probesOn(db1)).toEqual([]);
  await pair.up(options);
  await openBoth();
  await write(db1, "from db1");
  await write(db2, "from db2");
  await expectHealthyWith(["from db1", "from db2"]);
});

test("a filter in an option file that the server has not read yet is shown before its next start", async () => {
  await writeFile(
    path.join(paths(pair.directory(1)).includeFolder, "10-more.cnf"),
    "[mariadbd]\nreplicate-ignore-db=replicated_session_store\n",
  );
  expect(await pair.drift(options)).toEqual({ [NODE]: ["overriddenBy"] });
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
});

test("what the comparison does not know, the row itself finds, and nothing is left of the proof", async () => {
  // A trigger that the replica runs for each row: no filter, and no row.
  const table = `replicated_session_store.${PROBE}2_session`;
  await db1.query("SET GLOBAL slave_run_triggers_for_rbr = YES");
  const proof = proveRowsArrive(db2, db1, 10_000);
  const failed = expect(proof).rejects.toThrow(/a row that db2 wrote in .* did not reach db1/);
  // Without a pause: the row comes soon after the table.
  const trigger = `CREATE TRIGGER ${table}_gone BEFORE INSERT ON ${table} FOR EACH ROW SET NEW.id = 1`;
  while (!(await db1.query(trigger).catch(() => undefined)));
  await failed;
  await waitUntilCaughtUp(db2, db1, 10_000);
  for (const server of [db1, db2]) expect(await probesOn(server)).toEqual([]);
  await db1.query("SET GLOBAL slave_run_triggers_for_rbr = NO");
});

test("what a proof left that was cut off is shown and removed, on both nodes, and nobody else's table", async () => {
  const mine = `replicated_session_store.${PROBE}_of_mine_session`;
  await db2.logged(() => db2.query(`CREATE TABLE ${mine} (id INT PRIMARY KEY)`));
  const leave = (server: Server) => server.query(probe("replicated_session_store", `${PROBE}2_conf`));
  await db2.logged(() => leave(db2));
  await waitUntilCaughtUp(db2, db1, 10_000);
  // Half of it: gone on the source, still on the replica.
  await db1.query(probe("replicated_session_store", `${PROBE}2_attribute`));
  expect(await pair.drift(options)).toEqual({ [LINK]: ["leftOver"] });
  expect(await pair.up(options)).toEqual([LINK]);
  for (const server of [db1, db2]) {
    expect(await probesOn(server)).toEqual([]);
    expect(await server.query("SHOW TABLES FROM replicated_session_store LIKE '%mine%'")).toHaveLength(1);
  }
  await db2.logged(() => db2.query(`DROP TABLE ${mine}`));
  await expectHealthyWith([]);
});

test("a link says how each pattern was proved", async () => {
  expect(pair.kept.get(LINK)?.outs["proved"]).toEqual(
    Object.fromEntries(
      ["session", "attribute", "key_id_map", "conf"].map((name) => [
        `replicated_session_store.%${name}`,
        "a row arrived",
      ]),
    ),
  );
  await db1.query("DROP DATABASE replicated_session_store");
  const { proved } = await proveRowsArrive(db2, db1, 10_000);
  expect(new Set(Object.values(proved))).toEqual(new Set(["filters compared, no database for it on both nodes"]));
  await db1.query("CREATE DATABASE replicated_session_store");
  await db1.query("STOP SLAVE");
  await db1.query(
    "SET GLOBAL replicate_wild_do_table = 'replicated_session_store.session,replicated_session_store.%x'",
  );
  await db1.query("START SLAVE");
  expect((await proveRowsArrive(db2, db1, 10_000)).proved).toEqual({
    "replicated_session_store.session": "filters compared, the name is exact",
    "replicated_session_store.%x": "a row arrived",
  });
  await pair.up(options);
  await expectHealthyWith([]);
});

test("a replica that applies late and holds what its source no longer has is not changed", async () => {
  await db1.query("STOP SLAVE");
  await db1.query("CHANGE MASTER TO MASTER_DELAY=3600");
  await db1.query("START SLAVE");
  await write(db2, "late");
  const target = await db2.value("SELECT @@GLOBAL.gtid_binlog_pos");
  await reached("db1 to have received it", async () => {
    const [row] = await db1.query("SHOW ALL SLAVES STATUS");
    return String(row?.["Gtid_IO_Pos"]).includes(target);
  });
  await db2.query("FLUSH BINARY LOGS");
  await reached("db2 to have purged its log", async () => {
    const [log] = await db2.query("SHOW MASTER STATUS");
    await db2.query("PURGE BINARY LOGS TO ?", [log?.["File"]]);
    return (await db2.query("SHOW BINARY LOGS")).length === 1;
  });
  const { message } = await failureOf(pair.up(options));
  expect(message).toMatch(/db1 has received what it has not applied yet \(MASTER_DELAY=3600\).*nothing was touched/s);
  const [row] = await db1.query("SHOW ALL SLAVES STATUS");
  expect(row).toMatchObject({ SQL_Delay: 3600, Slave_SQL_Running: "Yes" });
});

const probe = (database: string, table: string) =>
  `CREATE TABLE ${database}.${table} (id BIGINT UNSIGNED PRIMARY KEY) COMMENT='${PROBE_COMMENT}'`;
const probesOn = (server: Server) =>
  server.query("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_COMMENT = ?", [PROBE_COMMENT]);
