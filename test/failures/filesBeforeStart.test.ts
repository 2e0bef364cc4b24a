import { execFile } from "node:child_process";
import { readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { paths } from "../../provider/src/hosts/local/files";
import type { NodeTls } from "../../provider/src/inputs";
import { Authority } from "../support/authority";
import { madeOf } from "../support/certificateTexts";
import { type PairOptions, SHORT_WAITS } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { Pair } from "../support/local/pair";
import { freePort } from "../support/local/ports";

/** Servers that are down and would not start, or with other settings than the pair's: what is missing of their files is there before they are started. */

jest.setTimeout(120_000);

let pair: Pair;
let options: PairOptions;

beforeAll(async () => {
  const authority = await Authority.create("Pair CA");
  const tls: [NodeTls, NodeTls] = [await authority.issue("127.0.0.1"), await authority.issue("127.0.0.1")];
  options = { ...SHORT_WAITS, tls };
  pair = await Pair.up(options);
});
afterAll(() => pair?.[Symbol.asyncDispose]());

const BOTH = [1, 2] as const;
/** A shell command in a server's directory. What opens a fifo that is left there must not wait. */
const sh = (number: 1 | 2, command: string) =>
  promisify(execFile)("sh", ["-ec", command], { cwd: pair.directory(number), timeout: 10_000 });
const settingsFile = (number: 1 | 2) => pair.server(number).settingsFile;
const log = (number: 1 | 2) => readFile(paths(pair.directory(number)).log, "utf8");
const starts = async (number: 1 | 2) => (await log(number)).match(/ready for connections/g)?.length ?? 0;

const OURS = "conf.d/99-session-store.cnf";

it.each([
  ["the certificate is gone", "rm tls/node.pem", "the authority's", "rm tls/ca.pem"],
  ["all certificates are gone", "rm -r tls", "the folder is shut", "chmod 000 tls"],
  ["the certificate is cut off", "truncate -s 500 tls/node.pem", "the authority's is empty", ": >tls/ca.pem"],
  ["the option file is gone", `rm ${OURS}`, "there is a fifo in its place", `rm ${OURS}; mkfifo ${OURS}`],
  ["an option is unknown", `echo no_such_option=1 >>${OURS}`, "everybody may write the file", `chmod 666 ${OURS}`],
  ["the file has no group any more", `sed -i /mariadb]/d ${OURS}`, "it is empty", `rm tls/node.pem; : >${OURS}`],
])("brought back by one up, with one start of each: %s; %s", async (...[, first, , second]) => {
  for (const number of BOTH) await pair.server(number).stop();
  await sh(1, first);
  await sh(2, second);
  const before = await Promise.all(BOTH.map(starts));
  expect(await pair.drift(options)).toMatchObject({ "sessions-db1": expect.arrayContaining(["state"]) });
  await pair.up(options);
  expect(await Promise.all(BOTH.map(starts))).toEqual(before.map((number) => number + 1));
  expect(await pair.drift(options)).toEqual({});
});

it.each([
  ["one", [1]],
  ["both", [1, 2]],
] as const)("%s that somebody started without the option file runs with it after one up", async (_, numbers) => {
  for (const number of numbers) {
    await pair.server(number).stop();
    await sh(number, `mv ${OURS} away`);
    await pair.server(number).start();
    await sh(number, `mv away ${OURS}`);
  }
  expect(await pair.drift(options)).toMatchObject({ "sessions-db1": expect.arrayContaining(["settings"]) });
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
});

it.each([
  ["one", [1]],
  ["both", [1, 2]],
] as const)("%s that listens where its peer does not find it is found again after one up", async (_, numbers) => {
  const elsewhere = { ...options, settings: { ...options.settings, bind_address: "::" } };
  expect((await failureOf(pair.up(elsewhere))).message).toMatch(
    /bind_address: db1 would listen for IPv6 only.*127\.0\.0\.1/,
  );
  for (const number of numbers) {
    await sh(number, `sed -i s/^bind_address=.*/bind_address=::/ ${OURS}`);
    await pair.server(number).restart();
  }
  await pair.refresh();
  expect(pair.kept.get("sessions-db1")?.outs).toMatchObject({ settings: { bind_address: "::" } });
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
});

it("a line of another file that has a server do without TLS is shown before the server has read it; once it has, one up brings TLS back", async () => {
  const byHand = path.join(pair.directory(1), "conf.d/zz-by-hand.cnf");
  await writeFile(byHand, "[mariadbd]\nskip_ssl\n");
  expect(await pair.drift(options)).toEqual({ "sessions-db1": ["overriddenBy"] });
  await pair.server(1).restart();
  expect(await pair.drift(options)).toMatchObject({
    "sessions-db1": expect.arrayContaining(["overriddenBy", "settings", "tlsState"]),
  });
  const before = await starts(1);
  await pair.up(options);
  expect(await starts(1)).toBe(before + 1);
  expect(await readFile(byHand, "utf8")).toMatch(/^# disabled, .*: skip_ssl$/m);
  expect(await pair.drift(options)).toEqual({});
  await rm(byHand);
});

it("an option file of an earlier version, which does not say ssl=ON, gets the line without a restart", async () => {
  for (const number of BOTH) await sh(number, `grep -qx ssl=ON ${OURS}; sed -i /^ssl=ON/d ${OURS}`);
  expect(await pair.drift(options)).toEqual({ "sessions-db1": ["configText"], "sessions-db2": ["configText"] });
  const before = await Promise.all(BOTH.map(starts));
  await pair.up(options);
  expect(await Promise.all(BOTH.map(starts))).toEqual(before);
  expect(await pair.drift(options)).toEqual({});
});

it("a certificate waits for a peer whose authority's file says nothing, until that is written again", async () => {
  const ca = path.join(pair.directory(2), "tls/ca.pem");
  const text = await readFile(ca, "utf8");
  await sh(1, "echo >>tls/node.pem");
  await writeFile(ca, "");
  const restored = setTimeout(2_000).then(() => writeFile(ca, text));
  await Promise.all([pair.up({ ...options, only: ["sessions-db1"] }), restored]);
  expect(await pair.drift(options)).toEqual({});
});

/** Keys of RSA are not for such a server. */
const STRICT = "[mariadbd]\ntls_version=TLSv1.2\nssl_cipher=ECDHE-ECDSA-AES256-GCM-SHA384\n";

it("certificates that OpenSSL on one machine does not take are taken back, and its server goes on with the former, also after a restart", async () => {
  const [one, two] = options.tls as [NodeTls, NodeTls];
  const next = madeOf({ leaf: { key: "rsa2048" } }, "127.0.0.1");
  const [former, renewed] = [one, next].map((node) => ({ ...node, ca: one.ca + next.ca })) as [NodeTls, NodeTls];
  const peer = { ...two, ca: one.ca + next.ca };
  const strict = path.join(pair.directory(1), "conf.d/50-strict.cnf");
  await pair.server(1).stop();
  await writeFile(strict, STRICT);
  await pair.up({ ...options, tls: [former, peer] });
  const files = () => sh(1, "cat tls/ca.pem tls/node.pem").then(({ stdout }) => stdout);
  const before = await files();
  const { message } = await failureOf(pair.up({ ...options, tls: [renewed, peer] }));
  expect(message).toMatch(
    /db1 can't use its new certificates: db1 does not prove itself: .*handshake failure[^\n]*\. The former ones were put back, and it goes on with them/,
  );
  expect(await files()).toBe(before);
  await pair.server(1).stop();
  await pair.up({ ...options, tls: [former, peer] });
  expect(await pair.drift({ ...options, tls: [former, peer] })).toEqual({});
  await rm(strict);
  await pair.server(1).stop();
  await pair.up({ ...options, tls: [renewed, peer] });
  // One that is in use, and with which nobody gets in any more, shows as that, and another one is taken up while the server runs.
  await writeFile(strict, STRICT);
  await pair.server(1).stop();
  await pair.server(1).start();
  expect(await pair.drift({ ...options, tls: [renewed, peer] })).toMatchObject({ "sessions-db1": ["tlsState"] });
  expect(pair.kept.get("sessions-db1")?.outs).toMatchObject({ tlsState: "the server takes no TLS", state: "running" });
  const startsBefore = await starts(1);
  await pair.up(options);
  expect(await starts(1)).toBe(startsBefore);
  await rm(strict);
  expect(await pair.drift(options)).toEqual({});
});

const REFUSED_AT_START = "no_such_option=1";

it.each([
  ["one", [1]],
  ["both", [1, 2]],
] as const)(
  "%s that does not start with the settings that it was given starts with those that the program has now",
  async (_, numbers) => {
    const corrected = { ...options, settings: { ...options.settings, back_log: 91 } };
    const former = await readFile(settingsFile(1), "utf8");
    for (const number of numbers) {
      await pair.server(number).stop();
      await sh(number, `echo ${REFUSED_AT_START} >>${OURS}`);
    }
    // Neither the one nor the other: nothing of the files is changed.
    const neither = { ...options, settings: { ...options.settings, innodb_page_size: 8192 } };
    const { message } = await failureOf(pair.up({ ...neither, only: ["sessions-db1"] }));
    expect(message).toMatch(
      /starts neither .*With the former: .*no_such_option.*With the wanted one: .*page.size.*The former one was put back/is,
    );
    // What its log has of the one start is not told of the other.
    expect(message.slice(message.indexOf("With the wanted one"))).not.toContain("no_such_option");
    expect(await readFile(settingsFile(1), "utf8")).toBe(`${former}${REFUSED_AT_START}\n`);
    await pair.up(corrected);
    expect(await pair.server(numbers[0]).variable("back_log")).toBe("91");
    expect(await pair.drift(corrected)).toEqual({});
    await pair.up(options);
    expect(await pair.drift(options)).toEqual({});
  },
);

it("a server that was started with another port, of a line that is gone: that is said, and no line of the library's own is to be removed", async () => {
  const byHand = path.join(pair.directory(1), "conf.d/50-port.cnf");
  const other = await freePort();
  await writeFile(byHand, `[mariadbd]\nport=${other}\n`);
  await pair.server(1).restart();
  await rm(byHand);
  await pair.refresh();
  expect(pair.kept.get("sessions-db1")?.outs).toMatchObject({
    overriddenBy: [
      expect.stringMatching(`my\\.cnf:\\d+ port=${pair.ports[0]} \\(the server still runs with port=${other}\\)$`),
    ],
  });
  const { message } = await failureOf(pair.up({ ...options, only: ["sessions-db1"] }));
  expect(message).toMatch(
    /db1 still runs with port=.*Its files are right now .*Stop this server by hand, then run `pulumi up`/,
  );
  await pair.server(1).stop();
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
});

it("a line in somebody else's file, which one of the server's includes, is refused by its place, and the file stays as it is", async () => {
  const text = "[mariadbd]\nmax_connections=77\n";
  const theirs = path.join(pair.folder, "theirs.cnf");
  const byHand = path.join(pair.directory(1), "conf.d/zz-by-hand.cnf");
  await writeFile(theirs, text);
  await writeFile(byHand, `[mariadbd]\nmax_binlog_size=4M\n!include ${theirs}\n`);
  const { message } = await failureOf(pair.up({ ...options, only: ["sessions-db1"] }));
  expect(message).toContain(`${theirs}:2 max_connections=77. Nothing was changed.`);
  expect(await readFile(theirs, "utf8")).toBe(text);
  await rm(theirs);
  await pair.up(options);
  expect(await readFile(byHand, "utf8")).toMatch(/^# disabled, .*: max_binlog_size=4M$/m);
  expect(await pair.drift(options)).toEqual({});
  await rm(byHand);
});

it("a link to somebody else's file stays one, and its lines are refused by their place", async () => {
  const theirs = path.join(pair.folder, "theirs.cnf");
  const link = path.join(pair.directory(1), "conf.d/zz-link.cnf");
  await writeFile(theirs, "[mariadbd]\nmax_connections=77\n");
  await symlink(theirs, link);
  const { message } = await failureOf(pair.up({ ...options, only: ["sessions-db1"] }));
  expect(message).toContain(`${link}:2 max_connections=77. Nothing was changed.`);
  expect([await readlink(link), await readFile(theirs, "utf8")]).toEqual([theirs, "[mariadbd]\nmax_connections=77\n"]);
  await rm(link);
  expect(await pair.drift(options)).toEqual({});
});

it.each([
  ["no_such_option=1", /danger.*zz-by-hand\.cnf:2 no_such_option=1 \(.*unknown variable 'no_such_option=1'\)/],
  [
    "tx_isolation=SERIALIZABLE",
    /danger.*zz-by-hand\.cnf:2 tx_isolation=SERIALIZABLE \(.*unknown variable 'tx_isolation/,
  ],
  ["innodb_ft=7", /danger.*zz-by-hand\.cnf:2 innodb_ft=7 \(.*ambiguous option '--innodb_ft=7'/],
])("a line of another file with which the next start fails is told while the server runs: %s", async (line, words) => {
  const byHand = path.join(pair.directory(1), "conf.d/zz-by-hand.cnf");
  await writeFile(byHand, `[mariadbd]\n${line}\n`);
  const advice = () => JSON.stringify(pair.kept.get("sessions-db1")?.outs["advice"]);
  await pair.refresh();
  expect(advice()).toMatch(words);
  await writeFile(byHand, `[mariadbd]\nloose_${line}\nmax_connect_err=77\n`);
  await pair.refresh();
  expect(advice()).not.toMatch(/danger/);
  await rm(byHand);
});

it("a link that goes on by itself when its server is brought back is stored as replicating", async () => {
  await pair.server(1).run("STOP SLAVE");
  expect(await pair.drift(options)).toMatchObject({ "sessions-db1-from-db2": expect.arrayContaining(["state"]) });
  await pair.server(1).stop();
  expect(await pair.drift(options)).toMatchObject({ "sessions-db1-from-db2": expect.arrayContaining(["state"]) });
  await pair.up(options);
  expect(pair.kept.get("sessions-db1-from-db2")?.outs).toMatchObject({ state: "replicating" });
});

it("one that does not start is given no other binary log, and no TLS is taken from it, while it is down", async () => {
  await pair.server(1).stop();
  await sh(1, `echo ${REFUSED_AT_START} >>${OURS}`);
  const before = await readFile(settingsFile(1), "utf8");
  const settings = { ...options.settings, log_basename: "another" };
  const moved = await failureOf(pair.up({ ...options, settings, only: ["sessions-db1"] }));
  expect(moved.message).toMatch(/was not tried instead, because with it the server would begin another binary log/);
  const bare = await failureOf(pair.up({ ...SHORT_WAITS, only: ["sessions-db1"] }));
  expect(bare.message).toMatch(/was not tried instead, because it also says otherwise of "tls"/);
  expect(await readFile(settingsFile(1), "utf8")).toBe(before);
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
});

it("a server that is down with the data of another node gets no files", async () => {
  const [one, two] = BOTH.map((number) => path.join(pair.directory(number), "data"));
  for (const number of BOTH) await pair.server(number).stop();
  await sh(1, `mv data aside; cp -a ${two} data; rm tls/node.pem; echo no_such_option=1 >>${OURS}`);
  const { message } = await failureOf(pair.up({ ...options, only: ["sessions-db1"] }));
  expect(message).toMatch(/ended while it started/);
  await expect(readFile(path.join(pair.directory(1), "tls/node.pem"))).rejects.toThrow("ENOENT");
  expect(await readFile(settingsFile(1), "utf8")).toContain("no_such_option");
  await rm(String(one), { recursive: true });
  await sh(1, "mv aside data");
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
});

it("a server that would wait for ever for one of its option files is not started, and the file is named", async () => {
  await pair.server(2).stop();
  await sh(2, "mkfifo conf.d/50-waits.cnf");
  expect(await pair.drift(options)).toMatchObject({ "sessions-db2": ["overriddenBy", "state"] });
  const { message, seconds } = await failureOf(pair.up(options));
  expect(message).toMatch(
    /option files can't be read as its server would .*50-waits\.cnf: it is not a file but a fifo.*Nothing was changed or started/,
  );
  expect(seconds).toBeLessThan(20);
  await sh(2, "rm conf.d/50-waits.cnf");
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
});

it("a server whose port another program has taken meanwhile gets another one, as the error says, and its peer is told", async () => {
  const other = await freePort();
  const [, taken] = pair.ports;
  pair.givePort(2, other);
  const running = await failureOf(pair.up(options));
  expect(running.message).toMatch(
    /can't be changed from \d+ to \d+ while it runs.*stop this server .*and run `pulumi up` again/,
  );
  pair.givePort(2, taken);
  await pair.server(2).stop();
  const program = createServer().listen(taken, "127.0.0.1").unref();
  const { message } = await failureOf(pair.up(options));
  expect(message).toMatch(/is taken by .* give this server another "port"/);
  pair.givePort(2, other);
  await pair.up(options);
  expect(await pair.drift(options)).toEqual({});
  expect(await pair.server(1).replica()).toMatchObject({ Master_Port: other, Slave_IO_Running: "Yes" });
  program.close();
});

it("a log that somebody has moved is not left by putting our file back", async () => {
  const server = pair.server(1);
  await server.stop();
  const text = await readFile(settingsFile(1), "utf8");
  const moved = text.replace(/^log_basename=.*$/m, `log_bin=${path.join(server.data, "moved-bin")}`);
  await writeFile(settingsFile(1), moved);
  await server.start();
  await server.write("CREATE TABLE replicated_session_store.a_session (id INT PRIMARY KEY)");
  await server.stop();
  const before = await starts(1);
  const { message } = await failureOf(pair.up(options));
  expect(message).toMatch(/the binary log of db1 is \S+moved-bin\.\*.*its next start would leave that log/);
  expect(await readFile(settingsFile(1), "utf8")).toBe(moved);
  expect(await starts(1)).toBe(before + 1);
});
