import { cp, rename, rm } from "node:fs/promises";
import * as path from "node:path";
import { paths } from "../../provider/src/hosts/local/files";
import { failureOf } from "../support/engine/faults";
import { db1, db2, idsOf, openBoth, options, pair, SESSION, usePair, write } from "../support/local/pairOfTest";

/** Which server answers in a node's place: told by what is in its data, not by where it is. */

usePair();

const data = (number: 1 | 2) => paths(pair.directory(number)).data;
const stopBoth = () => Promise.all([pair.server(1).stop(), pair.server(2).stop()]);
const startBoth = async () => {
  await Promise.all([pair.server(1).start(), pair.server(2).start()]);
  await openBoth();
};
const identities = () =>
  Promise.all([db1, db2].map((server) => server.value("SELECT id FROM session_store_register.identity")));
const settings = () =>
  Promise.all([db1, db2].map((server) => server.value("SELECT CONCAT(@@server_id, @@log_bin_basename)")));

test("each server has one of its own, which stays, and is in no binary log", async () => {
  const before = await identities();
  expect(new Set(before).size).toBe(2);
  expect(before[0]).toMatch(/^[0-9a-f-]{36}$/);
  await pair.up({ ...options, settings: { ...options.settings, max_connections: 901 } });
  expect(await identities()).toEqual(before);
  for (const server of [db1, db2]) {
    for (const log of await server.query("SHOW BINARY LOGS")) {
      const events = await server.query("SHOW BINLOG EVENTS IN ?", [log["Log_name"]]);
      expect(events.filter(({ Info }) => String(Info).includes("session_store_register"))).toEqual([]);
    }
  }
});

test("two servers with each other's data are seen, and refused before anything is changed", async () => {
  await write(db1, "one");
  await write(db2, "two");
  await stopBoth();
  const aside = path.join(pair.folder, "aside");
  await rename(data(1), aside);
  await rename(data(2), data(1));
  await rename(aside, data(2));
  await startBoth();
  const before = [await settings(), await idsOf(db1), await identities()];

  expect(await pair.drift(options)).toMatchObject({ "sessions-db1": ["state"], "sessions-db2": ["state"] });
  expect(pair.kept.get("sessions-db1")?.outs["state"]).toBe("another server");
  const { message } = await failureOf(pair.up(options));
  expect(message).toMatch(/another server than before answers as db[12]: .*Nothing was changed/);
  expect([await settings(), await idsOf(db1), await identities()]).toEqual(before);
});

test("a copy of its peer's data in a node's place is refused", async () => {
  await write(db2, "two");
  await stopBoth();
  await rm(data(1), { recursive: true });
  await cp(data(2), data(1), { recursive: true, preserveTimestamps: true });
  await startBoth();
  const { message } = await failureOf(pair.up(options));
  expect(message).toMatch(/another server than before answers as db1/);
  const [one, other] = await identities();
  expect(one).toBe(other);
});

test("a server whose identity was dropped is known by its numbers and positions, and gets it back", async () => {
  const before = await identities();
  await write(db1, "one");
  await db1.query("DROP DATABASE session_store_register");
  await pair.up(options);
  expect(await identities()).toEqual(before);

  await db1.query("DROP DATABASE session_store_register");
  await pair.server(2).kill();
  await pair.up({ ...options, only: ["sessions-db1"] });
  expect(await db1.value("SELECT id FROM session_store_register.identity")).toBe(before[0]);
});

test("a server without an identity and with other numbers is refused", async () => {
  await db1.query("DROP DATABASE session_store_register");
  await write(db1, "one");
  await db1.query("SET GLOBAL server_id = 7");
  const { message } = await failureOf(pair.up(options));
  expect(message).toMatch(
    /whether the server that answers as db1 is the same as before can't be told: .*server_id 7 instead of 1/,
  );
  expect(await db1.value("SELECT @@GLOBAL.server_id")).toBe("7");
  expect(await db1.value(`SELECT COUNT(*) FROM ${SESSION}`)).toBe("1");
});

test("a node that was lost and is seeded keeps its identity", async () => {
  const before = await identities();
  await write(db2, "two");
  await pair.lose(1);
  await pair.up(options);
  await openBoth();
  expect(await identities()).toEqual(before);
  expect(await idsOf(db1)).toEqual(["two"]);
});

test("what both nodes knew of themselves is gone, with both admin accounts: one `up` brings it back", async () => {
  const before = await identities();
  await write(db1, "one");
  for (const server of [db1, db2]) {
    await server.query("DROP DATABASE session_store_register");
    await server.query("DROP USER session_store_admin@localhost");
  }
  await pair.up(options);
  expect(await identities()).toEqual(before);
  expect(await pair.drift(options)).toEqual({});
});

test("a note of a resource that is in no state any more keeps no password from changing, nor an address", async () => {
  const [{ stack } = {}] = await db1.query("SELECT stack FROM session_store_register.claims LIMIT 1");
  for (const object of ["the account nevisproxy_user@%", "the account session_store_admin@localhost"]) {
    await db1.query("INSERT INTO session_store_register.claims VALUES (?, 'x', ?, 'SessionStoreUsers gone', NOW())", [
      object,
      stack,
    ]);
  }
  const changed = { ...options, passwords: { admin: "admin-2" } };
  await pair.up(changed);
  expect(await pair.drift(changed)).toEqual({});
});
