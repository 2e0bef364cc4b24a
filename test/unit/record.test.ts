import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { localHost } from "../../provider/src/hosts/local/host";
import { withRecord } from "../../provider/src/hosts/recorded";
import { Secret } from "../../provider/src/mariadb/secret";
import { passwordHash } from "../../provider/src/recipe/accounts/password";
import { type Change, event, head, type Line, operation } from "../../provider/src/recipe/record";
import { looksOnly } from "../../provider/src/recipe/sql/looksOnly";
import { inOperation, recorded } from "../../provider/src/record/recorder";
import { Run } from "../../provider/src/run";

/** The record of what was done: what is in a line, and which places it refuses before anything is touched. */

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-record-"));
  file = path.join(folder, "record.jsonl");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Does `work` in a run with a record. */
async function withRecordAt<T>(target: string | undefined, work: () => Promise<T>): Promise<T> {
  const { SESSION_STORE_RECORD: former } = process.env;
  if (target === undefined) delete process.env["SESSION_STORE_RECORD"];
  else process.env["SESSION_STORE_RECORD"] = target;
  try {
    return await new Run().within(work);
  } finally {
    if (former === undefined) delete process.env["SESSION_STORE_RECORD"];
    else process.env["SESSION_STORE_RECORD"] = former;
  }
}

const statement = (text: string, values?: readonly unknown[]) => (): Change => ({
  event: "statement",
  host: "m1",
  node: "db1",
  as: "admin",
  statement: text,
  ...(values && { values }),
});
const nothing = async () => undefined;
const lines = (): Line[] =>
  fs
    .readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

test("a change stands in the record while it is under way, and how it ended afterwards, as part of its operation", async () => {
  const meant = {
    operation: "update",
    id: "db1/users",
    stack: "acme/proxy/prod",
    resource: "SessionStoreUsers s",
  } as const;
  const create = statement("CREATE USER ?@?", ["proxy", "%"]);
  await withRecordAt(file, () =>
    inOperation(
      meant,
      () =>
        recorded(
          create,
          async () => expect(lines().at(-1)).toMatchObject(create()),
          () => ({ rows: 7 }),
        ),
      ({ message }) => message,
    ),
  );
  const all = lines();
  expect(all).toMatchObject([
    { ...meant, event: "begin" },
    { ...meant, ...create() },
    { ...meant, event: "outcome", of: 2, outcome: "ok", ms: expect.any(Number), rows: 7 },
    { ...meant, event: "end", of: 1, outcome: "ok", ms: expect.any(Number) },
  ]);
  expect(all.map(({ n }) => n)).toEqual([1, 2, 3, 4]);
  expect(new Set(all.map(({ run, pid }) => `${run} ${pid}`)).size).toBe(1);
  expect(all[0]).toMatchObject({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    user: expect.stringMatching(/./),
    machine: expect.stringMatching(/./),
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
  });
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
});

test("of a failed statement its number is told, of another failure its first line; the error itself is left alone", async () => {
  const refused = Object.assign(new Error("near 'rows of somebody'"), { problem: "error 1064" });
  const fails = (error: Error) =>
    withRecordAt(file, () => recorded(statement("FLUSH SSL"), () => Promise.reject(error)));
  await expect(fails(refused)).rejects.toBe(refused);
  await expect(fails(new Error("tee: no space\u001b[31m left\nat /somewhere"))).rejects.toThrow(/^tee/);
  expect(lines().filter(({ event }) => event === "outcome")).toMatchObject([
    { of: 1, outcome: "failed", error: "error 1064" },
    { of: 1, outcome: "failed", error: "tee: no space left" },
  ]);
});

test("no secret gets into the record, whatever it is and wherever it stands among the values; nor does a password's hash", async () => {
  // No text of the line itself is like that.
  const secrets = fc.string({ unit: "binary", minLength: 1, maxLength: 30 }).map((text) => `§${text}§`);
  await fc.assert(
    fc.asyncProperty(
      fc.array(secrets, { minLength: 1, maxLength: 4 }),
      fc.array(fc.string()),
      async (hidden, others) => {
        fs.rmSync(file, { force: true });
        const values = [...others, ...hidden.map((text) => new Secret(text)), [hidden.map((text) => new Secret(text))]];
        const hashes = hidden.map(passwordHash);
        await withRecordAt(file, () =>
          recorded(statement(`SET PASSWORD = '${hashes[0]}'`, [...values, ...hashes, hashes]), nothing),
        );
        const written = fs.readFileSync(file, "utf8");
        for (const text of hidden) expect(written).not.toContain(JSON.stringify(text).slice(1, -1));
        for (const hash of hashes) expect(written).not.toContain(hash);
        // What is not secret is there, in its place.
        expect(lines()[0]).toMatchObject({ values: expect.arrayContaining([...others, "***"]) });
      },
    ),
    { numRuns: 50 },
  );
});

test("large numbers among the values are told whole", async () => {
  await withRecordAt(file, () => recorded(statement("SET GLOBAL x = ?, y = ?", [80n, 2n ** 64n - 1n]), nothing));
  expect(lines()[0]).toMatchObject({ values: [80, "18446744073709551615"] });
});

test("what steers a terminal is escaped in the record, and is what it was to who reads it", async () => {
  const steering = "a\u202eb\u009b31mc\u2028d\u{e0041}e\u001b";
  await withRecordAt(file, () => recorded(statement("SET GLOBAL x = ?", [steering]), nothing));
  expect(lines()[0]).toMatchObject({ values: [steering] });
  expect(fs.readFileSync(file, "utf8").split("\n")[0]).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u);
});

test("files on a host are recorded by a sum of their contents, except where it would help to guess a secret", async () => {
  const host = withRecord(localHost({ kind: "local", directory: folder }));
  const [plain, key, option] = ["a", "b", "c"].map((name) => path.join(folder, name)) as [string, string, string];
  await withRecordAt(file, async () => {
    await host.writeFile(plain, "abc", { mode: 0o644 });
    await host.writeFile(key, "-----BEGIN PRIVATE KEY-----\nMII\n", { mode: 0o600 });
    await host.writeFile(option, "[client]\npassword = x\n", { mode: 0o600 });
    await host.removeFile(plain);
    await host.run(["touch", plain]);
    await host.run(["cat", plain], { looks: true });
  });
  const common = { event: "write file", host: folder };
  const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  expect(lines().filter(({ event }) => event !== "outcome")).toMatchObject([
    { ...common, path: plain, mode: "0644", bytes: 3, sha256 },
    { ...common, path: key, mode: "0600", bytes: 32 },
    { ...common, path: option, mode: "0600", bytes: 22 },
    { event: "remove file", path: plain },
    { event: "command", command: ["touch", plain] },
  ]);
  expect(lines().filter((line) => "sha256" in line)).toHaveLength(1);
});

describe("a place that is refused, before anything is touched:", () => {
  const links = () => fs.symlinkSync(path.join(folder, "elsewhere"), file);
  test.each<[string, () => void, RegExp]>([
    ["a symbolic link", links, /is a symbolic link/],
    ["a directory", () => fs.mkdirSync(file), /is a directory/],
    ["a FIFO", () => void execFileSync("mkfifo", ["-m", "600", file]), /is not a plain file|can't be opened/],
    ["a file that others may read", () => fs.writeFileSync(file, "", { mode: 0o640 }), /mode 0640.*chmod 600/],
    ["a folder that is not there", () => fs.rmdirSync(folder), /can't be opened \(ENOENT/],
  ])("%s", async (_, prepare, reason) => {
    prepare();
    const touched: string[] = [];
    const work = async () => touched.push("it");
    const operation = { operation: "create", id: "x" } as const;
    await expect(withRecordAt(file, () => inOperation(operation, work, String))).rejects.toThrow(reason);
    await expect(withRecordAt(file, () => recorded(statement("FLUSH SSL"), work))).rejects.toThrow(reason);
    expect(touched).toEqual([]);
    expect(fs.existsSync(path.join(folder, "elsewhere"))).toBe(false);
  });

  const testAsRoot = process.getuid?.() === 0 ? test : test.skip;
  testAsRoot("a file of somebody else", async () => {
    fs.writeFileSync(file, "", { mode: 0o600 });
    fs.chownSync(file, 12_345, 12_345);
    const work = jest.fn(nothing);
    await expect(withRecordAt(file, () => recorded(statement("FLUSH SSL"), work))).rejects.toThrow(/uid 12345/);
    expect(work).not.toHaveBeenCalled();
  });

  test.each(["", "record.jsonl", "~/record.jsonl", "syslog:log"])("SESSION_STORE_RECORD=%s", async (target) => {
    const work = jest.fn(nothing);
    await expect(withRecordAt(target, () => recorded(statement("FLUSH SSL"), work))).rejects.toThrow(
      /^the record SESSION_STORE_RECORD=.* is neither the whole path of a file .* nor syslog:/,
    );
    expect(work).not.toHaveBeenCalled();
  });
});

test("what is already there stays, and half a line of a process that was killed does not spoil the next", async () => {
  fs.writeFileSync(file, '{"run":"a","n":1}\n{"run":"a","n"', { mode: 0o600 });
  await withRecordAt(file, () => recorded(statement("FLUSH SSL"), nothing));
  const [first, half, ...more] = fs.readFileSync(file, "utf8").split("\n");
  expect([first, half]).toEqual(['{"run":"a","n":1}', '{"run":"a","n"']);
  expect(more.map((line) => line && (JSON.parse(line) as Line).event)).toEqual(["statement", "outcome", ""]);
});

test("a file that was moved away meanwhile is followed by a new one", async () => {
  await withRecordAt(file, async () => {
    await recorded(statement("FLUSH SSL"), nothing);
    fs.renameSync(file, `${file}.1`);
    await recorded(statement("FLUSH TABLES"), nothing);
  });
  expect(lines().map(({ n }) => n)).toEqual([3, 4]);
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
});

test("where nobody asked for a record there is none", async () => {
  expect(await withRecordAt(undefined, () => recorded(statement("FLUSH SSL"), async () => "done"))).toBe("done");
  expect(fs.readdirSync(folder)).toEqual([]);
});

test.each([
  ["SELECT GET_LOCK('x', 1)", true],
  ["\n  SHOW ALL SLAVES STATUS", true],
  ["SET SESSION sql_log_bin=0", true],
  ["DELETE FROM ??.?? WHERE FALSE", true],
  ["SET GLOBAL back_log = 5", false],
  ["SET DEFAULT ROLE NONE FOR x", false],
  ["START SLAVE", false],
  ["DELETE FROM ??.?? WHERE id = ?", false],
  ["WITH x AS (SELECT 1) UPDATE t SET a = 1", false],
  ["KILL ?", false],
  ["SELECTED", false],
])("%s only looks: %s", (text, looks) => {
  expect(looksOnly(text)).toBe(looks);
});

/** Rows of the table of fields in docs/record.md: in which lines each is. */
function documentedFields(): [field: string, lines: string][] {
  const text = fs.readFileSync(path.join(__dirname, "../../docs/record.md"), "utf8");
  const [, table = ""] = text.split("## A line\n");
  return (table.split("\n## ", 1)[0] ?? "").split("\n").flatMap((row) => {
    const [, field, lines] = /^\| `(\w+)` +\| (.*?) +\|/.exec(row) ?? [];
    return field && lines ? [[field, lines] as [string, string]] : [];
  });
}

test("docs/record.md has each field of a line, and in which lines it is", () => {
  const inLines = new Map<string, string[]>();
  for (const { shape } of event.options) {
    const [name] = shape.event.values;
    for (const field of Object.keys(shape)) inLines.set(field, [...(inLines.get(field) ?? []), `\`${name}\``]);
  }
  const changes = (inLines.get("host") ?? []).join(", ");
  const fields = Object.keys(head.shape).map((field) => [field, field in operation.shape ? "operations" : "all"]);
  const ofEvents = [...inLines].map(([field, names]) => {
    const list = names.join(", ");
    return [field, field === "event" ? "all" : list === changes ? "changes" : list];
  });
  expect(documentedFields()).toEqual(expect.arrayContaining([...fields, ...ofEvents]));
  expect(documentedFields()).toHaveLength(fields.length + ofEvents.length);
});

test("docs/record.md names each event", () => {
  const row =
    fs.readFileSync(path.join(__dirname, "../../docs/record.md"), "utf8").match(/^\| `event` .*$/m)?.[0] ?? "";
  const named = [...row.matchAll(/`([^`]+)`/g)].slice(1).map(([, name]) => name);
  expect(named).toEqual(event.options.map(({ shape }) => [...shape.event.values][0]));
});
