import { rm } from "node:fs/promises";
import { SHORT_WAITS } from "../support/engine/declaredPair";
import { Pair } from "../support/local/pair";

/** A server that was down when `up` looked at it, and has lost its data by the time it is started. */

jest.setTimeout(120_000);

const TABLE = "replicated_session_store.session";

let pair: Pair;

beforeAll(async () => {
  pair = await Pair.up(SHORT_WAITS);
  const one = await pair.root(1);
  await one.logged(() => one.query(`CREATE TABLE ${TABLE} (id VARCHAR(20) PRIMARY KEY)`));
  await one.logged(() => one.query(`INSERT INTO ${TABLE} VALUES ('kept')`));
});
afterAll(() => pair?.[Symbol.asyncDispose]());

test.each([2, 1] as const)("db%i is whole after one up: its accounts, databases and both links too", async (lost) => {
  await pair.server(lost).kill();
  await pair.up(SHORT_WAITS, () => rm(pair.directory(lost), { recursive: true }));
  const server = await pair.root(lost);
  expect(await server.value("SELECT COUNT(*) FROM mysql.user WHERE User = 'nevisproxy_user'")).toBe("1");
  for (const node of [1, 2] as const) {
    const [source, replica] = [await pair.root(node), await pair.root(node === 1 ? 2 : 1)];
    await source.logged(() => source.query(`INSERT INTO ${TABLE} VALUES (?)`, [`${lost}-from-${node}`]));
    const position = await source.value("SELECT @@GLOBAL.gtid_binlog_pos");
    expect(await replica.value("SELECT MASTER_GTID_WAIT(?, 20)", [position])).toBe("0");
  }
  const rows = await server.query(`SELECT id FROM ${TABLE} ORDER BY id`);
  expect(rows.map(({ id }) => id)).toEqual(expect.arrayContaining([`${lost}-from-1`, `${lost}-from-2`, "kept"]));
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
});

test("a server that is removed and made again within one up is whole after it", async () => {
  await pair.up(SHORT_WAITS, async () => {
    await pair.lose(2);
    // As the engine does it for `up --replace`: it runs when everything is looked at.
    const [name] = [...pair.kept].find(([, { id }]) => id === pair.directory(2)) ?? [];
    pair.kept.delete(String(name));
  });
  const server = await pair.root(2);
  expect(await server.value("SELECT COUNT(*) FROM mysql.user WHERE User = 'nevisproxy_user'")).toBe("1");
  expect(await server.value(`SELECT COUNT(*) FROM ${TABLE} WHERE id = 'kept'`)).toBe("1");
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
});

test("a server that was merely down is started, and nothing else is changed", async () => {
  await pair.server(2).kill();
  expect((await pair.up(SHORT_WAITS)).sort()).toEqual(expect.not.arrayContaining(["sessions-db2-users"]));
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
});

test("a pair that lost all data is a new one after one up", async () => {
  for (const node of [1, 2] as const) await pair.server(node).kill();
  await pair.up(SHORT_WAITS, async () => {
    for (const node of [1, 2] as const) await rm(pair.directory(node), { recursive: true });
  });
  expect(await pair.drift(SHORT_WAITS)).toEqual({});
});
