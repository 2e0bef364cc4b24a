import { writeFile } from "node:fs/promises";
import * as path from "node:path";
import { RECIPE_DATABASE, RECIPE_PATTERNS, wildDoTables } from "../../provider/src/recipe/filters";
import { reachesPeer } from "../../provider/src/recipe/schema/reachesPeer";
import type { HandMadeNode } from "../support/local/handMadePair";
import { db1, db2, pair, useHandMadePair } from "../support/local/handMadePairOfFile";
import { oracleTest } from "../support/oracle";
import { type ReachCase, reachCase } from "../support/reachCases";

/** Two linked servers are the judge of "will it reach the peer?": many statements, each on objects of its own, and one wait for all. */

useHandMadePair();

const PATTERNS = wildDoTables([RECIPE_DATABASE], RECIPE_PATTERNS);
const DATABASES = [RECIPE_DATABASE, "elsewhere", "replicatedXsessionXstore"];
const prefix = (index: number) => `c${index}_`;
const file = () => path.join(pair.folder, "rows.csv");
const own = (text: string, index: number) => text.replaceAll("{p}", prefix(index)).replaceAll("{file}", file());

/** For each case, whether anything of its own is then other than before on the second node. */
async function whatArrives(cases: readonly ReachCase[]): Promise<boolean[]> {
  await writeFile(file(), "5,50\n6,60\n", { mode: 0o644 });
  const scene = [
    ...DATABASES.flatMap((name) => [
      `DROP DATABASE IF EXISTS ${name}`,
      `CREATE DATABASE ${name} CHARACTER SET utf8mb4`,
    ]),
    `USE ${RECIPE_DATABASE}`,
    ...cases.flatMap((one, i) => one.scene.map((text) => own(text, i))),
  ];
  await Promise.all([unlogged(db1, scene), unlogged(db2, scene)]);
  const before = await everything(db2, cases.length);
  const wrong: string[] = [];
  for (const [i, { statements }] of cases.entries()) {
    await db1.session.query("SET SESSION sql_log_bin = 1");
    await db1.session.query(`USE ${RECIPE_DATABASE}`);
    for (const statement of statements) {
      await db1.session.query(own(statement, i)).catch(({ message }) => wrong.push(`${statement}: ${message}`));
    }
    await db1.session.query("UNLOCK TABLES");
  }
  // Each of them has to be one that the server runs.
  expect(wrong).toEqual([]);
  const [sent] = await db1.rows("SELECT @@GLOBAL.gtid_binlog_pos AS position");
  const [reply] = await db2.rows(`SELECT MASTER_GTID_WAIT('${sent?.["position"]}', 60) AS reply`);
  const [status] = await db2.rows("SHOW SLAVE STATUS");
  expect([reply?.["reply"], status?.["Last_SQL_Error"]]).toEqual([0, ""]);
  const after = await everything(db2, cases.length);
  await Promise.all([db1, db2].map(clean));
  return before.map((text, i) => text !== after[i]);
}

const LOOKS = [
  "SELECT TABLE_NAME, TABLE_SCHEMA, TABLE_TYPE, TABLE_COMMENT, ENGINE, CREATE_OPTIONS, TABLE_COLLATION FROM information_schema.TABLES",
  "SELECT TABLE_NAME, TABLE_SCHEMA, COLUMN_NAME, COLUMN_TYPE, COLUMN_KEY FROM information_schema.COLUMNS",
  "SELECT TABLE_NAME, TABLE_SCHEMA, INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS",
  "SELECT TRIGGER_NAME, TRIGGER_SCHEMA, ACTION_STATEMENT FROM information_schema.TRIGGERS",
  "SELECT TABLE_NAME, TABLE_SCHEMA, VIEW_DEFINITION FROM information_schema.VIEWS",
  "SELECT ROUTINE_NAME, ROUTINE_SCHEMA FROM information_schema.ROUTINES",
  "SELECT EVENT_NAME, EVENT_SCHEMA FROM information_schema.EVENTS",
  "SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME FROM information_schema.SCHEMATA",
  "SELECT User, Host, Priv FROM mysql.global_priv",
  "SELECT Db, User FROM mysql.db",
  "SELECT User, Db, Table_name, Table_priv FROM mysql.tables_priv",
];

/** All that a statement could change on a node, by case: definitions, rows, accounts. */
async function everything(node: HandMadeNode, count: number): Promise<string[]> {
  const seen = Array.from({ length: count }, () => [] as string[]);
  const add = (row: string) => {
    for (const [, index] of row.matchAll(/\bc(\d+)_/g)) seen[Number(index)]?.push(row);
  };
  for (const look of LOOKS) for (const row of await node.rows(look)) add(JSON.stringify(row));
  const tables = await node.rows(
    `SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t FROM information_schema.TABLES WHERE TABLE_TYPE <> 'VIEW' AND TABLE_NAME REGEXP '^c[0-9]+_'`,
  );
  for (const { d, t } of tables) add(`${t} ${JSON.stringify(await node.rows(`SELECT * FROM \`${d}\`.\`${t}\``))}`);
  return seen.map((rows) => rows.sort().join("\n"));
}

/** Takes away what no database of the scene holds. */
async function clean(node: HandMadeNode): Promise<void> {
  // Begins the session again: its temporary tables stay when their database is dropped.
  await node.session.changeUser({});
  const databases = await node.rows(
    "SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME REGEXP '^c[0-9]+_'",
  );
  const users = await node.rows(
    "SELECT User AS name, Host = '' AS isRole FROM mysql.global_priv WHERE User REGEXP '^c[0-9]+_'",
  );
  await unlogged(node, [
    ...databases.map(({ name }) => `DROP DATABASE ${name}`),
    ...users.map(({ name, isRole }) => `DROP ${Number(isRole) ? "ROLE" : "USER"} ${name}`),
  ]);
}

async function unlogged(node: HandMadeNode, statements: readonly string[]): Promise<void> {
  await node.session.query("SET SESSION sql_log_bin = 0");
  for (const statement of statements) await node.session.query(statement);
}

const said = ({ statements }: ReachCase): boolean | undefined =>
  reachesPeer(own(statements.join(";\n"), 0), { database: RECIPE_DATABASE, patterns: PATTERNS }).reaches;
const UNTOLD = "the text alone does not tell";
const mayBeUntold = (one: ReachCase): boolean => !one.told && said(one) === undefined;

oracleTest("what is said of a statement is what the servers do", {
  cases: reachCase,
  oracle: async (cases) =>
    (await whatArrives(cases)).map((arrives, i) => (cases[i] && mayBeUntold(cases[i]) ? UNTOLD : arrives)),
  ours: (one) => (mayBeUntold(one) ? UNTOLD : said(one)),
  inTest: 150,
  atOnce: 150,
});
