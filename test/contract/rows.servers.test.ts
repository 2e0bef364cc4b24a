import { createConnection } from "mysql2/promise";
import type { Server } from "../../provider/src/mariadb/server";
import { lackingTables } from "../../provider/src/pair/lackingTables";
import {
  compareRows,
  compareUnreplicated,
  otherHoldsAll,
  stillLacking,
  type TableRows,
  turned,
} from "../../provider/src/pair/rows";
import { wayOut } from "../../provider/src/pair/wayOut";
import { type TestServer, testServer } from "../support/local/testServer";

/** Rows of two real servers, compared without a row leaving its server. */

const settings = ["replicate_wild_do_table=store.%session", "log_bin"];
let db1: TestServer;
let db2: TestServer;

beforeAll(async () => {
  [db1, db2] = await Promise.all([testServer({ name: "db1", settings }), testServer({ name: "db2", settings })]);
}, 60_000);

afterAll(() => Promise.all([db1, db2].map((server) => server?.[Symbol.asyncDispose]())));

beforeEach(async () => {
  for (const { root } of [db1, db2]) {
    await root.query("DROP DATABASE IF EXISTS store");
    await root.query("DROP DATABASE IF EXISTS shop");
    await root.query("CREATE DATABASE store CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci");
    await root.query("USE store");
  }
});

const both = async (...statements: string[]) => {
  for (const { root } of [db1, db2]) for (const statement of statements) await root.query(statement);
};
const on = async (server: TestServer, ...statements: string[]) => {
  for (const statement of statements) await server.root.query(statement);
};
const compared = async (): Promise<TableRows[]> => [...(await compareRows(db1.root, db2.root)).tables];
const table = "a_session";
const same = { database: "store", table, onlyOne: 0, onlyOther: 0, differing: 0 };

test.each<[string, string, string]>([
  ["a text key", "id VARCHAR(64) PRIMARY KEY, v VARCHAR(20)", "CONCAT('s', seq), seq"],
  ["a key of two columns", "a VARCHAR(64), b INT, v INT, PRIMARY KEY (a, b)", "CONCAT('s', seq % 7), seq, seq"],
  ["a binary key", "id VARBINARY(32) PRIMARY KEY, v BLOB", "UNHEX(SHA1(seq)), REPEAT('x', seq)"],
  ["large numbers", "id BIGINT UNSIGNED PRIMARY KEY, v INT", "18446744073709551615 - seq, seq"],
  ["times", "id TIMESTAMP(6) PRIMARY KEY, v INT", "TIMESTAMPADD(MICROSECOND, seq, '2026-01-01'), seq"],
  [
    "a case-sensitive key",
    "id VARCHAR(64) COLLATE utf8mb4_bin PRIMARY KEY, v INT",
    "CONCAT(CHAR(65 + seq % 58), seq), seq",
  ],
  ["latin1", "id VARCHAR(64) CHARACTER SET latin1 PRIMARY KEY, v INT", "CONCAT('é', seq), seq"],
])(
  "rows with %s: one missing, one more and one changed are counted, whatever is between",
  async (_what, columns, values) => {
    await both(
      `CREATE TABLE ${table} (${columns})`,
      `INSERT INTO ${table} SELECT ${values} FROM seq_1_to_5000 ORDER BY RAND(1)`,
    );
    expect(await compared()).toEqual([same]);
    await on(db1, `DELETE FROM ${table} ORDER BY v DESC LIMIT 3`);
    await on(
      db2,
      `DELETE FROM ${table} ORDER BY v ASC LIMIT 2`,
      `UPDATE ${table} SET v = 7777 WHERE v = 2500 OR v = 'xxxx'`,
    );
    const [seen] = await compared();
    expect(seen).toMatchObject({ onlyOne: 2, onlyOther: 3 });
    expect(seen?.differing).toBe(1);
  },
);

test("two rows whose contents were swapped differ, both of them", async () => {
  await both(`CREATE TABLE ${table} (id INT PRIMARY KEY, v VARCHAR(20))`);
  await on(db1, `INSERT INTO ${table} VALUES (1, 'A'), (2, 'B')`);
  await on(db2, `INSERT INTO ${table} VALUES (1, 'B'), (2, 'A')`);
  expect(await compared()).toEqual([{ ...same, differing: 2 }]);
});

test.each<[string, string, string]>([
  ["NULL and the empty text", "NULL, ''", "'', NULL"],
  ["texts of which one ends where the other begins", "'1:a', 'b'", "'1', ':ab'"],
])("%s are not taken for the same", async (_what, one, other) => {
  await both(`CREATE TABLE ${table} (id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20))`);
  await on(db1, `INSERT INTO ${table} VALUES (1, ${one})`);
  await on(db2, `INSERT INTO ${table} VALUES (1, ${other})`);
  expect(await compared()).toEqual([{ ...same, differing: 1 }]);
});

test("computed columns count by what they are computed from; a FLOAT by all its digits; a long text whole", async () => {
  await both(
    `CREATE TABLE ${table} (id INT PRIMARY KEY, f FLOAT, t LONGTEXT, doubled INT AS (id * 2) VIRTUAL, kept INT AS (id * 3) STORED)`,
    `INSERT INTO ${table} (id, f, t) VALUES (1, 0.1, REPEAT('x', 5000000)), (2, 16777215, ''), (3, NULL, NULL)`,
  );
  expect(await compared()).toEqual([same]);
  await on(
    db2,
    `UPDATE ${table} SET f = 16777214 WHERE id = 2`,
    `UPDATE ${table} SET t = CONCAT(REPEAT('x', 4999999), 'y') WHERE id = 1`,
  );
  expect(await compared()).toEqual([{ ...same, differing: 2 }]);
});

test("a key that the collation takes for the same one is one row, which differs", async () => {
  await both(`CREATE TABLE ${table} (id VARCHAR(20) PRIMARY KEY)`);
  await on(db1, `INSERT INTO ${table} VALUES ('abc')`);
  await on(db2, `INSERT INTO ${table} VALUES ('ABC')`);
  expect(await compared()).toEqual([{ ...same, differing: 1 }]);
});

test("what can't be compared is neither the same nor different, and the reason is said", async () => {
  await both("CREATE TABLE keyless_session (id INT)", "INSERT INTO keyless_session VALUES (1)");
  await both("CREATE TABLE prefix_session (id TEXT, PRIMARY KEY (id(10)))");
  await on(db1, "CREATE TABLE lonely_session (id INT PRIMARY KEY)", "CREATE TABLE wide_session (id INT PRIMARY KEY)");
  await on(
    db2,
    "CREATE TABLE wide_session (id BIGINT PRIMARY KEY)",
    "CREATE TABLE other_than_those (id INT PRIMARY KEY)",
  );
  const comparison = await compareRows(db1.root, db2.root);
  expect(Object.fromEntries(comparison.tables.map((seen) => [seen.table, seen.notComparable]))).toEqual({
    keyless_session: "it has no primary key",
    prefix_session: "its primary key covers only the beginning of a column",
    lonely_session: "db2 does not have it",
    wide_session: "its columns or its primary key differ",
  });
  expect([otherHoldsAll(comparison), otherHoldsAll(turned(comparison))]).toEqual([false, false]);
});

test.each([
  "id INT PRIMARY KEY, v INT",
  `id INT PRIMARY KEY, v INT, since TIMESTAMP(6) GENERATED ALWAYS AS ROW START, until TIMESTAMP(6) GENERATED ALWAYS AS ROW END,
     PERIOD FOR SYSTEM_TIME (since, until)`,
])("a table that keeps the history of its rows is compared by the rows of now: %s", async (columns) => {
  await both(
    `CREATE TABLE ${table} (${columns}) WITH SYSTEM VERSIONING`,
    `INSERT INTO ${table} (id, v) SELECT seq, seq FROM seq_1_to_3000`,
    `DELETE FROM ${table} WHERE id > 2900`,
  );
  expect(await compared()).toEqual([same]);
  await on(db1, `DELETE FROM ${table} WHERE id = 7`, `UPDATE ${table} SET v = 0 WHERE id = 2000`);
  expect(await compared()).toEqual([{ ...same, onlyOther: 1, differing: 1 }]);
  await on(db2, `DROP TABLE ${table}`);
  expect(await lackingTables(db2.root, db1.root, "store")).toEqual([table]);
});

test("rows of which a server makes no hash are not taken for the same", async () => {
  await both(`CREATE TABLE ${table} (id INT PRIMARY KEY, v VARCHAR(15000))`);
  await on(db1, `INSERT INTO ${table} VALUES (1, REPEAT('x', 10000))`);
  await on(db2, `INSERT INTO ${table} VALUES (1, REPEAT('y', 10000))`);
  await on(db1, "SET GLOBAL max_allowed_packet = 8192");
  await on(db2, "SET GLOBAL max_allowed_packet = 8192");
  try {
    const comparison = await compareRows(db1.root, db2.root);
    expect(comparison.tables).toMatchObject([{ notComparable: expect.stringContaining("max_allowed_packet") }]);
    expect(otherHoldsAll(comparison)).toBe(false);
  } finally {
    await both("SET GLOBAL max_allowed_packet = DEFAULT");
  }
});

const advice = async () => wayOut({ node: db1.root, from: db2.root }, await compareRows(db1.root, db2.root));
const GIVEN_UP = "move its data directory away";

test("the data of a node are needed as long as a row of it is in a table that does not replicate", async () => {
  expect(await advice()).toContain(GIVEN_UP);
  await both("CREATE TABLE other_things (id INT PRIMARY KEY)", "CREATE DATABASE shop");
  await both("CREATE TABLE shop.goods (id INT PRIMARY KEY)", "CREATE VIEW shop.v AS SELECT * FROM shop.goods");
  expect(await advice()).toContain(GIVEN_UP);
  for (const unseen of ["store.other_things", "shop.goods"]) {
    await on(db1, `INSERT INTO ${unseen} VALUES (1)`);
    expect(await compareUnreplicated(db1.root, db2.root)).toContainEqual({
      database: unseen.split(".")[0],
      table: unseen.split(".")[1],
      onlyOne: 1,
      onlyOther: 0,
      differing: 0,
    });
    expect(await advice()).toMatch(new RegExp(`db1 has what db2 does not: 1 row more in ${unseen}`));
    expect(await advice()).not.toContain(GIVEN_UP);
    await on(db2, `INSERT INTO ${unseen} VALUES (1)`);
    expect(await advice()).toContain(GIVEN_UP);
  }
  await on(db2, "DROP TABLE shop.goods");
  expect(await advice()).toContain("shop.goods can't be compared, because db2 does not have it");
  expect(await advice()).not.toContain(GIVEN_UP);
});

test("they are needed while somebody may still write to it, and former versions of rows are named", async () => {
  await both(`CREATE TABLE ${table} (id INT PRIMARY KEY) WITH SYSTEM VERSIONING`);
  await on(db1, "CREATE OR REPLACE USER proxy IDENTIFIED BY 'proxy'", "GRANT ALL ON store.* TO proxy");
  const client = await createConnection({
    host: db1.connection.address,
    port: db1.connection.port,
    user: "proxy",
    password: "proxy",
  });
  const idle = await advice();
  expect(idle).toMatch(/others are connected to db1 and may write to it \(proxy\)/);
  expect(idle).not.toContain(GIVEN_UP);
  const before = await compareRows(db1.root, db2.root);
  await client.query(`INSERT INTO store.${table} VALUES (1)`);
  await client.end();
  expect(await wayOut({ node: db1.root, from: db2.root }, before)).toMatch(/db1 was written to meanwhile/);
  expect(await advice()).toContain("1 row more");
  await on(db2, `INSERT INTO ${table} VALUES (1)`);
  expect(await advice()).toMatch(
    new RegExp(`Former versions of rows \\(.*store.${table}\\) were not compared.*${GIVEN_UP}`, "s"),
  );
});

test("a table that is empty on one side is counted whole, and what the one lacks can be looked at again", async () => {
  await both(`CREATE TABLE ${table} (id VARCHAR(20) PRIMARY KEY, v INT)`);
  await on(db2, `INSERT INTO ${table} SELECT CONCAT('s', seq), seq FROM seq_1_to_30000`);
  const comparison = await compareRows(db1.root, db2.root);
  expect(comparison.tables).toEqual([{ ...same, onlyOther: 30_000 }]);
  expect([otherHoldsAll(comparison), otherHoldsAll(turned(comparison))]).toEqual([true, false]);
  await on(db1, `INSERT INTO ${table} SELECT CONCAT('s', seq), seq FROM seq_1_to_30000`);
  expect(await stillLacking(db1.root, db2.root, comparison.lacking)).toEqual([]);
  await on(db1, `DELETE FROM ${table}`);
  const [left] = await stillLacking(db1.root, db2.root, comparison.lacking);
  expect(left?.keys).toHaveLength(1000);
  await on(db2, `DELETE FROM ${table}`);
  expect(await stillLacking(db1.root, db2.root, comparison.lacking)).toEqual([]);
});

test("two hundred thousand rows take seconds, and are never all in memory", async () => {
  await both(
    `CREATE TABLE ${table} (id VARCHAR(64) PRIMARY KEY, d VARCHAR(200))`,
    `INSERT INTO ${table} SELECT SHA1(seq), REPEAT('x', 100) FROM seq_1_to_200000`,
  );
  await on(db2, `DELETE FROM ${table} WHERE id LIKE '00%'`);
  const missing = Number(await count(db1.root)) - Number(await count(db2.root));
  const before = process.memoryUsage().heapUsed;
  const start = Date.now();
  expect(await compared()).toEqual([{ ...same, onlyOne: missing }]);
  expect(Date.now() - start).toBeLessThan(30_000);
  // The keys and hashes alone would be more than that.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(40 << 20);
}, 120_000);

const count = (server: Server): Promise<string> => server.value(`SELECT COUNT(*) FROM store.${table}`);
