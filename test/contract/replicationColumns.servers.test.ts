import { namedReplicas, replicaStatus, sourceStatus } from "../../provider/src/mariadb/replication";
import type { Row, Server } from "../../provider/src/mariadb/server";
import { REPLICA_COLUMNS, SOURCE_COLUMNS, unknownColumns } from "../../provider/src/recipe/replicationColumns";
import { SOURCE_FILTERS, UNWRITTEN } from "../../provider/src/recipe/settings/table";
import { Run } from "../../provider/src/run";
import { type TestServer, testServer } from "../support/local/testServer";

/** The table of columns is compared with what the installed server says of replication. */

let db1: TestServer;

beforeAll(async () => {
  db1 = await testServer({ settings: ["log-bin=test", "server_id=1"] });
  await db1.root.query("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=9, MASTER_USER='x'");
}, 120_000);

afterAll(() => db1?.[Symbol.asyncDispose](), 60_000);

test("every column that this server has is in the table", async () => {
  const [replica] = await db1.root.query("SHOW ALL SLAVES STATUS");
  const [source] = await db1.root.query("SHOW MASTER STATUS");
  expect(Object.keys(replica ?? {}).length).toBeGreaterThan(50);
  expect(unknownColumns(Object.keys(replica ?? {}), REPLICA_COLUMNS)).toEqual([]);
  expect(unknownColumns(Object.keys(source ?? {}), SOURCE_COLUMNS)).toEqual([]);
});

test("every filter that this server knows is the pair's own, or one that it runs without", async () => {
  const rows = await db1.root.query(
    "SELECT LOWER(VARIABLE_NAME) AS name FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME REGEXP '^(replicate|binlog)_.*_(db|table)$'",
  );
  const known = ["replicate_wild_do_table", ...UNWRITTEN];
  expect(rows.map((row) => String(row["name"])).filter((name) => !known.includes(name))).toEqual([]);
  expect(rows.length).toBeGreaterThan(5);
  for (const column of Object.values(SOURCE_FILTERS)) expect(SOURCE_COLUMNS[column]?.is).toBe("compared");
});

test("a replica as a link makes it has no option that no link has", async () => {
  expect((await replicaStatus(db1.root))?.otherOptions).toEqual([]);
});

test("a column of a later version is told of once, and is no error", async () => {
  const lines: string[] = [];
  const later = new Proxy(db1.root, {
    get: (server, property) =>
      property === "query"
        ? async (statement: string): Promise<Row[]> =>
            (await server.query(statement)).map((row) => ({ ...row, Replicate_By_Moon: "full" }))
        : Reflect.get(server, property, server),
  }) as Server;
  await new Run((line) => lines.push(line)).within(async () => {
    expect(await replicaStatus(later)).toMatchObject({ sourcePort: 9 });
    expect(await namedReplicas(later)).toEqual([]);
    expect(await sourceStatus(later)).toMatchObject({ Binlog_Do_DB: "" });
  });
  expect(lines).toEqual([expect.stringMatching(/Replicate_By_Moon.*does not know it/)]);
});
