import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import * as path from "node:path";
import { paths } from "../../provider/src/hosts/local/files";
import { waitUntilCaughtUp } from "../../provider/src/pair/proof";
import { until } from "../../provider/src/waiting";
import { type PairOptions, SHORT_WAITS } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { Pair } from "../support/local/pair";
import { SmallDisk } from "../support/local/smallDisk";
import { fillSessions, fingerprint } from "../support/manySessions";
import { SessionClient } from "../support/sessionClient";

/** A node that comes back on a disk too small for the sessions of its peer. */

jest.setTimeout(300_000);

const options: PairOptions = {
  ...SHORT_WAITS,
  settings: { ...SHORT_WAITS.settings, innodb_log_file_size: 8 << 20 },
};
const SESSIONS = 60_000;

let pair: Pair;
let disk: SmallDisk | undefined;

beforeEach(async () => {
  pair = await Pair.up(options);
}, 120_000);

afterEach(async () => {
  await pair?.server(2).kill();
  disk?.[Symbol.dispose]();
  await rm(pair.directory(2), { recursive: true });
  await pair?.[Symbol.asyncDispose]();
}, 120_000);

test("a disk that gets full while its node is seeded is one error that says so, and one up goes on when there is room", async () => {
  const db1 = await pair.root(1);
  await fillSessions(db1, SESSIONS);
  await waitUntilCaughtUp(db1, await pair.root(2), 60_000);
  await pair.lose(2);
  await mkdir(pair.directory(2));
  const small = SmallDisk.over(pair.directory(2), 300 * 1024);
  disk = small;
  const before = await fingerprint(db1);

  const run = failureOf(pair.up(options));
  await until({ what: "the copy to begin", deadline: 30_000, pause: 1 }, async () => {
    const begun = existsSync(path.join(paths(pair.directory(2)).data, "replicated_session_store", "session.ibd"));
    return begun ? { done: undefined } : { seen: "no table" };
  });
  small.fill(4 * 1024);
  const { message, seconds } = await run;
  expect(message).toMatch(/seeding db2 from db1 was cut off: .*disk (is|got) full.*Make room.*db1 was only read/s);
  expect(seconds).toBeLessThan(30);
  expect(await fingerprint(db1)).toEqual(before);

  small.makeRoom();
  const client = new SessionClient("survivor", pair.ports[0]).start();
  await pair.up(options).finally(() => client.stop());
  expect(client.errors).toEqual([]);
  const db2 = await pair.root(2);
  await waitUntilCaughtUp(db1, db2, 20_000);
  expect(await fingerprint(db2)).toEqual(await fingerprint(db1));
  expect(await pair.drift(options)).toEqual({});
});
