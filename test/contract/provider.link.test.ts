import { type Failure, failureOfCall, ProviderProcess, type Values } from "../support/engine/providerProcess";
import { type TestServer, testServer } from "../support/local/testServer";

/** One direction of a pair, through the real plugin process, on two real servers. */

const PASSWORD = "replication-of-the-test";
const settings = (number: number) => [
  "log-bin=test",
  `server_id=${number}`,
  `gtid_domain_id=${number}`,
  "rpl_semi_sync_master_enabled=ON",
  "rpl_semi_sync_slave_enabled=ON",
];

let provider: ProviderProcess;
let db1: TestServer;
let db2: TestServer;
/** Has no binary log. */
let mute: TestServer;
/** Has the first one's server_id. */
let twin: TestServer;
let made: { id: string; outs: Values };

beforeAll(async () => {
  [provider, db1, db2, mute, twin] = await Promise.all([
    ProviderProcess.start(),
    testServer({ name: "db1", settings: settings(1) }),
    testServer({ name: "db2", settings: settings(2) }),
    testServer({ name: "mute", settings: ["server_id=3"] }),
    testServer({ name: "twin", settings: settings(1) }),
  ]);
  for (const source of [db2, mute, twin]) {
    await source.root.query("CREATE USER replication_user IDENTIFIED BY ?", [PASSWORD]);
    await source.root.query("GRANT REPLICATION SLAVE ON *.* TO replication_user");
  }
}, 120_000);

afterAll(async () => {
  try {
    expect(provider.printed.join("")).not.toContain(PASSWORD);
  } finally {
    await Promise.all([provider, db1, db2, mute, twin].map((each) => each?.[Symbol.asyncDispose]()));
  }
}, 60_000);

const wanted = (source: TestServer, more: Values = {}) =>
  provider.checked("ReplicationLink", {
    replica: db1.connection,
    source: source.connection,
    password: PASSWORD,
    ...more,
  });
const status = async () => (await db1.root.query("SHOW ALL SLAVES STATUS"))[0];

async function failure(work: Promise<unknown>): Promise<Failure> {
  const failure = await failureOfCall(work);
  expect(failure.message).not.toContain(PASSWORD);
  return failure;
}

test("two servers with one identity are not linked: refused before anything is touched", async () => {
  const { message, kept } = await failure(provider.create("ReplicationLink", await wanted(twin)));
  expect(message).toMatch(/server_id/);
  expect(kept).toBeUndefined();
  expect(await status()).toBeUndefined();
}, 60_000);

test("a link that is made and does not replicate is kept by the engine, and a delete of it leaves nothing", async () => {
  const inputs = await wanted(mute);
  const { message, kept } = await failure(provider.create("ReplicationLink", inputs));
  expect(message).toMatch(/binary log/i);
  const properties = { ...inputs, claim: expect.objectContaining({ token: expect.any(String) }) };
  expect(kept).toEqual({ id: expect.stringContaining("<-"), properties, reasons: [message] });
  expect(await status()).toBeDefined();
  await provider.delete("ReplicationLink", kept?.id ?? "", kept?.properties ?? {});
  expect(await status()).toBeUndefined();
}, 90_000);

test("a link is there when rows really arrive, and reads back as it was made", async () => {
  const inputs = await wanted(db2);
  made = await provider.create("ReplicationLink", inputs);
  expect(made.id).toBe(`127.0.0.1:${db1.connection.port}<-127.0.0.1:${db2.connection.port}`);
  expect(made.outs).toMatchObject({ ...inputs, direction: "db1<-db2", state: "replicating", semiSync: "in effect" });
  expect(await status()).toMatchObject({
    Slave_IO_Running: "Yes",
    Slave_SQL_Running: "Yes",
    Using_Gtid: "Current_Pos",
  });
  const seen = await provider.found("ReplicationLink", made);
  expect(seen.outs).toEqual(made.outs);
  expect((await provider.diff("ReplicationLink", made.id, seen.outs, inputs)).changes).toBe("none");
}, 60_000);

test("a second create adopts it and stops nothing", async () => {
  const threads = async () =>
    (await db1.root.query("SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Slave%' ORDER BY ID")).map(
      ({ ID }) => ID,
    );
  const before = await threads();
  expect(before.length).toBeGreaterThan(1);
  const again = await provider.create("ReplicationLink", await wanted(db2));
  expect(again.id).toBe(made.id);
  expect(await threads()).toEqual(before);
  await provider.delete("ReplicationLink", made.id, made.outs);
  expect(await threads()).toEqual(before);
  made = again;
}, 60_000);

test.each<[string, string, Values]>([
  ["stopped by hand", "STOP SLAVE", { state: "stopped" }],
  ["with only its SQL thread stopped", "STOP SLAVE SQL_THREAD", { state: "SQL thread stopped" }],
])(
  "a link %s is seen by its property, and put right",
  async (_what, statement, seen) => {
    await db1.root.query(statement);
    const live = await provider.found("ReplicationLink", made);
    expect(live.inputs).toMatchObject(seen);
    const inputs = await wanted(db2);
    expect((await provider.diff("ReplicationLink", made.id, live.outs, inputs)).changes).toBe("some");
    made.outs = await provider.update("ReplicationLink", made.id, live.outs, inputs);
    expect((await provider.found("ReplicationLink", made)).outs).toEqual(made.outs);
  },
  60_000,
);

test("a stopped source fails no refresh, and what is not known stays as it was", async () => {
  await db2.stop();
  const seen = await provider.found("ReplicationLink", made);
  expect(seen.outs).toEqual(made.outs);
  await db2.start();
}, 60_000);

test("a link whose replica has lost our account is deleted all the same, and once more when it is gone", async () => {
  await db1.root.query("DROP USER session_store_admin@localhost");
  await provider.delete("ReplicationLink", made.id, made.outs);
  expect(await status()).toBeUndefined();
  await provider.delete("ReplicationLink", made.id, made.outs);
}, 60_000);
