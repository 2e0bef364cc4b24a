import { waitUntilCaughtUp } from "../../provider/src/pair/proof";
import { until } from "../../provider/src/waiting";
import { SHORT_WAITS } from "../support/engine/declaredPair";
import { Pair } from "../support/local/pair";
import { fillSessions, fingerprint } from "../support/manySessions";
import { SessionClient } from "../support/sessionClient";

/** A node that lost its data comes back whole from its peer, with as many sessions as proxies have. */

const SIZES = (process.env["SEEDING_SESSIONS"] ?? "200000").split(",").map(Number);

jest.setTimeout(Math.max(...SIZES) * 2 + 180_000);

describe.each(SIZES)("with %d sessions", (count) => {
  let pair: Pair;

  beforeAll(async () => {
    pair = await Pair.up(SHORT_WAITS);
    await pair.lose(2);
    await fillSessions(await pair.root(1), count);
  });
  afterAll(() => pair?.[Symbol.asyncDispose]());

  test("a node is seeded while clients write to its peer", async () => {
    const db1 = await pair.root(1);
    const survivor = new SessionClient("survivor", pair.ports[0]).start();
    await until({ what: "the survivor to serve alone", deadline: 20_000 }, async () =>
      survivor.acknowledged.length > 20 ? { done: undefined } : { seen: String(survivor.acknowledged.length) },
    );
    await pair.up(SHORT_WAITS).finally(() => survivor.stop());
    expect(survivor.errors).toEqual([]);
    expect(survivor.acknowledged.length).toBeGreaterThan(50);

    const db2 = await pair.root(2);
    for (const [server, name] of [
      [db1, "from-db1"],
      [db2, "from-db2"],
    ] as const) {
      await server.logged(() => server.query("INSERT INTO replicated_session_store.session VALUES (?, '')", [name]));
    }
    await waitUntilCaughtUp(db1, db2, 20_000);
    await waitUntilCaughtUp(db2, db1, 20_000);
    expect(await fingerprint(db2)).toEqual(await fingerprint(db1));
    const there = await db2.query(
      "SELECT id FROM replicated_session_store.session WHERE id LIKE 'survivor-%' OR id LIKE 'from-%'",
    );
    expect(there).toHaveLength(survivor.acknowledged.length + 2);
    expect(await db2.value("SELECT @@GLOBAL.gtid_slave_pos")).toMatch(/^1-1-\d+,2-2-\d+$/);
    expect(await pair.drift(SHORT_WAITS)).toEqual({});
  });

  test("a node is seeded, and its peer restarts for a setting, in the same up", async () => {
    await pair.lose(2);
    const options = { ...SHORT_WAITS, settings: { ...SHORT_WAITS.settings, innodb_buffer_pool_chunk_size: "4M" } };
    await pair.up(options);
    expect(await pair.drift(options)).toEqual({});
    const [one, two] = [await pair.root(1), await pair.root(2)];
    await waitUntilCaughtUp(one, two, 20_000);
    expect(await fingerprint(two)).toEqual(await fingerprint(one));
    for (const server of [one, two]) {
      expect(await server.value("SELECT @@innodb_buffer_pool_chunk_size")).toBe("4194304");
    }
  });
});
