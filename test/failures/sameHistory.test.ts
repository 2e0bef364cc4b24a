import * as operations from "../../provider/src/operations/all";
import { compareLogs } from "../../provider/src/pair/fork";
import { compareStreams, waitUntilCaughtUp } from "../../provider/src/pair/proof";
import { failureOf } from "../support/engine/faults";
import {
  db1,
  db2,
  expectHealthyWith,
  forgetMarks,
  openBoth,
  options,
  pair,
  restart,
  SESSION,
  useOnePair,
  write,
} from "../support/local/pairOfTest";

/** A source that started since it was last looked at: it is told apart from one with another history, and not refused for what can't be told. */

useOnePair();

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

test("so does one whose relay log was thrown away by a run that was cut off, after a look since its source started", async () => {
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

test("links that were removed and whose nodes both wrote since go on as the error says", async () => {
  await write(db2, "of both");
  await waitUntilCaughtUp(db2, db1, 10_000);
  await pair.down("ReplicationLink");
  await Promise.all([pair.server(1).restart(), pair.server(2).restart()]);
  await openBoth();
  forgetMarks();
  await write(db1, "of db1");
  await write(db2, "of db2");
  const { message } = await failureOf(pair.up(options));
  const [, byHand = ""] = /run (CHANGE MASTER TO .*?; START SLAVE;) on db[12], then `pulumi up`/.exec(message) ?? [];
  for (const [server, source] of [
    [db1, 2],
    [db2, 1],
  ] as const) {
    const { port } = pair.connection(source);
    const statement = byHand
      .replace(/MASTER_PORT=\d+/, `MASTER_PORT=${port}`)
      .replace("<the replication account>", "'replication_user'")
      .replace("<its password>", "'replication-1'");
    for (const each of statement.split("; ")) await server.query(each.replace(/;$/, ""));
  }
  await pair.up(options);
  await expectHealthyWith(["of both", "of db1", "of db2"]);
});

test("a node whose binary log was reset by hand is told from one that lost sessions, and not brought up", async () => {
  await write(db2, "one", "two", "three");
  await waitUntilCaughtUp(db2, db1, 10_000);
  // Fewer transactions than the peer has from here, as after a restored snapshot; but all rows are there.
  await db2.query("STOP SLAVE");
  await db2.query("RESET MASTER");
  await db2.query("START SLAVE");
  await write(db2, "after the reset");
  expect((await pair.drift(options))["sessions-db2"]).toEqual(["state"]);
  expect(pair.kept.get("sessions-db2")?.outs["state"]).toBe("binary log was reset");
  await expect(pair.up(options)).rejects.toThrow(/db2's binary log was reset .*Nothing was touched/s);
});
