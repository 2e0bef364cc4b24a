import { createHash } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { paths } from "../../provider/src/hosts/local/files";
import { format } from "../../provider/src/mariadb/server";
import { passwordHash, withoutHashes } from "../../provider/src/recipe/accounts/password";
import type { Entry } from "../../provider/src/recipe/record";
import { until } from "../../provider/src/waiting";
import { Authority } from "../support/authority";
import { PASSWORDS, type PairOptions } from "../support/engine/declaredPair";
import { Pair } from "../support/local/pair";
import { readRecord } from "../support/record";

/** A record of what was done, judged by what the servers themselves say was done: by their general logs, and their files. */

const ROTATED = "proxy-2";
const SECRETS = [...Object.values(PASSWORDS), ROTATED];
const ROW = "a row of the script";
const SCRIPT = [
  "CREATE TABLE IF NOT EXISTS session (id VARCHAR(40) PRIMARY KEY)",
  "CREATE TABLE IF NOT EXISTS conf (name VARCHAR(40) PRIMARY KEY, value TEXT)",
  `INSERT INTO conf VALUES ('one', '${ROW}'), ('two', '${ROW}')`,
];

/** Its rows are tried a second time, and taken back. */
const isOfScript = (said: string): boolean =>
  SCRIPT.includes(said) || /^SET STATEMENT timestamp = \d+ FOR INSERT IGNORE INTO conf /.test(said);

let folder: string;
let record: string;
let pair: Pair;
let options: PairOptions;

const NODES = [1, 2] as const;

async function upWithRecord(more: PairOptions = {}): Promise<void> {
  process.env["SESSION_STORE_RECORD"] = record;
  try {
    await pair.up({ ...options, ...more });
  } finally {
    delete process.env["SESSION_STORE_RECORD"];
  }
}

async function entries(): Promise<readonly Entry[]> {
  const { entries: all, findings } = await readRecord((await readFile(record, "utf8")).split("\n"));
  expect(findings).toEqual([]);
  expect(all.filter(({ ended }) => !ended)).toEqual([]);
  return all;
}

const changes = async () => (await entries()).map(({ begun }) => begun);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-record-"));
  record = path.join(folder, "record.jsonl");
  pair = await Pair.planned();
  const authority = await Authority.create();
  const tls = [await authority.issue("127.0.0.1"), await authority.issue("127.0.0.1")] as const;
  options = { tls, schema: { script: SCRIPT.join(";\n") }, link: { connectRetry: 1 } };
  await pair.up({ only: ["db1", "db2"] });
  for (const number of NODES) {
    const file = path.join(paths(pair.directory(number)).includeFolder, "10-test.cnf");
    await writeFile(file, "[mariadbd]\ngeneral_log=1\nlog_output=TABLE\n");
    await pair.server(number).restart();
  }
  await upWithRecord();
  options = { ...options, settings: { max_connections: 200 } };
  await upWithRecord({ passwords: { proxy: ROTATED } });
}, 120_000);

afterAll(async () => {
  await pair?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** Looks, and what sets up no more than a session. A DELETE of no row is the trial whether a proxy may write. */
const LOOKS = /^(SELECT|SHOW|USE|DO|COMMIT|ROLLBACK|START TRANSACTION|SET (SESSION|TRANSACTION)) ?|WHERE FALSE$/;

/** What the general log has of sessions over the socket, where none but ours were, as it may be shown. */
async function writesAt(number: 1 | 2): Promise<string[]> {
  const rows = await pair.server(number).rows(
    `SELECT CONVERT(argument USING utf8mb4) AS said FROM mysql.general_log
      WHERE command_type = 'Query' AND user_host LIKE '%@ localhost []' AND thread_id <> CONNECTION_ID()`,
  );
  const all = rows.map((row) => withoutHashes(String(row["said"])));
  return all.filter((said) => !LOOKS.test(said.trim())).sort();
}

test("each write that a server's general log shows stands in the record, and no other one", async () => {
  const all = await changes();
  for (const number of NODES) {
    const told = all.flatMap((change) =>
      change.event === "statement" && change.node === `db${number}` ? [change] : [],
    );
    // Its password keeps CHANGE MASTER out of the general log. What a script says is its own affair.
    const isUnlogged = (text: string) => /^CHANGE MASTER|^the script: /.test(text);
    const recorded = told.filter(({ statement }) => !isUnlogged(statement));
    const logged = await writesAt(number);
    expect(logged.filter((said) => !isOfScript(said))).toEqual(
      recorded.map(({ statement, values }) => format(statement, values).trim()).sort(),
    );
    expect(logged.length).toBeGreaterThan(30);
    expect(told.filter(({ statement }) => statement.startsWith("CHANGE MASTER"))).toHaveLength(1);
  }
  const ofScript = (await entries()).filter(
    ({ begun }) => "statement" in begun && begun.statement.startsWith("the script"),
  );
  expect(
    ofScript.map(({ begun, ended }) => [
      "statement" in begun && begun.statement,
      ended?.event === "outcome" && ended.rows,
    ]),
  ).toEqual([
    ["the script: create session", undefined],
    ["the script: create conf", undefined],
    ["the script: insert conf", 2],
    ["the script: insert conf, tried again to be taken back", undefined],
  ]);
});

test("each file that was written is there with its mode, and its contents have the sum that is told", async () => {
  const written = new Map((await changes()).flatMap((one) => (one.event === "write file" ? [[one.path, one]] : [])));
  const names = [...written.keys()].map((file) => path.relative(pair.folder, file)).sort();
  expect(names.filter((name) => name.startsWith("db1"))).toEqual([
    "db1/conf.d/99-session-store.cnf",
    "db1/tls/ca.pem",
    "db1/tls/node.pem",
  ]);
  for (const [file, { bytes, sha256 }] of written) {
    const contents = await readFile(file);
    const sum = file.endsWith("node.pem") ? undefined : createHash("sha256").update(contents).digest("hex");
    expect([file, bytes, sha256]).toEqual([file, contents.length, sum]);
  }
});

test("stops and starts of the servers are told, and which operation of which resource of which stack did each change", async () => {
  const all = await changes();
  for (const number of NODES) {
    const service = all.filter(
      (one) => "host" in one && one.host === pair.directory(number) && /service/.test(one.event),
    );
    expect(service.map(({ event }) => event)).toEqual(["stop service", "start service"]);
  }
  const stack = "organization/project/stack";
  for (const one of all) expect(one).toMatchObject({ stack, operation: expect.stringMatching(/^(create|update)$/) });
  const rotation = all.filter(
    (one) => one.event === "statement" && /^ALTER USER/.test(one.statement) && one.operation === "update",
  );
  expect(rotation.map((one) => [one.resource, one.event === "statement" && one.values]).sort()).toEqual([
    ["SessionStoreUsers sessions-db1-users", ["nevisproxy_user", "%", "***"]],
    ["SessionStoreUsers sessions-db2-users", ["nevisproxy_user", "%", "***"]],
  ]);
});

test("a copy is told once, with its tables and how many rows, and from where the data left", async () => {
  const before = (await entries()).length;
  await pair.lose(2);
  await upWithRecord({ passwords: { proxy: ROTATED } });
  const since = (await entries()).slice(before);
  const of = (event: string) => since.filter(({ begun }) => begun.event === event);
  expect(of("copy")).toMatchObject([
    {
      begun: { node: "db2", host: pair.directory(2), as: "session_store_load", from: "db1" },
      ended: { outcome: "ok", rows: { "replicated_session_store.conf": 2 } },
    },
  ]);
  const commands = of("command").map(({ begun }) => "command" in begun && [begun.host, begun.command[0]]);
  expect(commands).toEqual([
    [pair.directory(2), "mariadb-install-db"],
    [pair.directory(1), "mariadb-dump"],
  ]);
  const base = paths(pair.directory(2)).baseFile;
  expect(of("write file").map(({ begun }) => "path" in begun && begun.path)).toEqual(expect.arrayContaining([base]));
  expect(of("start service").map(({ begun }) => "host" in begun && begun.host)).toContain(pair.directory(2));
}, 120_000);

test("no password, no hash, no key and no row is in it", async () => {
  const text = await readFile(record, "utf8");
  const keys = options.tls?.map(({ privateKey }) => privateKey.split("\n")[1] ?? "") ?? [];
  expect(keys).toEqual([expect.stringMatching(/^MI/), expect.stringMatching(/^MI/)]);
  for (const secret of [...SECRETS, ...SECRETS.map(passwordHash), ...keys, ROW]) expect(text).not.toContain(secret);
  expect(text).not.toMatch(/\*[0-9A-F]{40}/i);
});

test("a preview and a refresh of a pair that is right leave nothing there", async () => {
  const before = await readFile(record, "utf8");
  process.env["SESSION_STORE_RECORD"] = record;
  try {
    expect(await pair.drift({ ...options, passwords: { proxy: ROTATED } })).toEqual({});
  } finally {
    delete process.env["SESSION_STORE_RECORD"];
  }
  expect(await readFile(record, "utf8")).toBe(before);
});

test("the fields of all lines are those that docs/record.md explains", async () => {
  const page = await readFile(path.join(__dirname, "../../docs/record.md"), "utf8");
  const [table = ""] = /^\| field .*?\n\n/ms.exec(page) ?? [];
  const explained = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
  const used = new Set((await entries()).flatMap(({ begun, ended }) => Object.keys({ ...begun, ...ended })));
  // Nothing has failed here.
  expect(explained.filter((name) => name !== "error").sort()).toEqual([...used].sort());
  const [events = ""] = /^\| `event`.*$/m.exec(table) ?? [];
  for (const { begun } of await entries()) expect(events).toContain(`\`${begun.event}\``);
});

test("where the record is lost in the midst of a restart, nothing more is done, and the next up makes all of it good", async () => {
  record = path.join(folder, "second.jsonl");
  options = { ...options, settings: { ...options.settings, back_log: 120 }, passwords: { proxy: ROTATED } };
  const losing = until({ what: "a server to be stopped", deadline: 30_000, pause: 1 }, async () => {
    const text = await readFile(record, "utf8").catch(() => "");
    return text.includes('"event":"stop service"') ? { done: chmod(record, 0o644).then(Date.now) } : { seen: text };
  });
  // That node alone: the change of the other one is refused because its peer is down.
  const one = upWithRecord({ only: ["db1", "db2", "sessions-db2"] });
  await expect(one).rejects.toThrow(
    /^the record \S*second\.jsonl may be read or written by others \(mode 0644\): chmod 600 it\. Nothing is changed without its line there.*\(what was stopped stays so until then\)/,
  );
  const lost = Number(await losing);
  const { entries } = await readRecord((await readFile(record, "utf8")).split("\n"));
  expect(Date.parse(String(entries.at(-1)?.begun.time))).toBeLessThanOrEqual(lost);
  await chmod(record, 0o600);
  await upWithRecord();
  expect(await pair.drift(options)).toEqual({});
  for (const number of NODES) expect(await pair.server(number).variable("back_log")).toBe("120");
}, 120_000);
