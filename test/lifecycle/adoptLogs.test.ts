import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { adoptingProgram } from "../support/cli/adoptingProgram";
import { expectSuccess, type Pair, pairProject } from "../support/cli/pairProgram";
import { type HandMadePair, handMadePair } from "../support/local/handMadePair";
import type { PairServer } from "../support/local/pairServer";
import { SessionClient } from "../support/sessionClient";

jest.setTimeout(300_000);

/** The operator's own places, none of which is in the data directory. */
const places = (directory: string): string[] => {
  const logs = `${directory}-logs`;
  mkdirSync(logs, { recursive: true });
  return [
    `log_bin=${logs}/mariadb-bin`,
    `log_bin_index=${logs}/list-of-logs`,
    `relay_log=${logs}/relay`,
    `relay_log_index=${logs}/list-of-relay-logs`,
    `relay_log_info_file=${logs}/relay.info`,
    `master_info_file=${logs}/master.info`,
    `slow_query_log_file=${logs}/slow.log`,
  ];
};

let pair: Pair;
let byHand: HandMadePair;

beforeAll(async () => {
  pair = await pairProject(adoptingProgram());
  byHand = await handMadePair({ folder: pair.project.folder, ports: pair.ports }, places);
  await pair.db1.write(SessionClient.TABLE, "INSERT INTO replicated_session_store.session VALUES ('from before', '')");
  await pair.db2.catchUpWith(pair.db1);
  await pair.db2.write("INSERT INTO replicated_session_store.session VALUES ('from before, too', '')");
  await pair.db1.catchUpWith(pair.db2);
});

afterAll(async () => {
  await byHand?.[Symbol.asyncDispose]();
  await pair?.[Symbol.asyncDispose]();
});

const both = () => [pair.db1, pair.db2] as const;
const useProgram = (text: string) => writeFileSync(path.join(pair.project.program, "index.ts"), text);
const logsOf = async (server: PairServer) =>
  (await server.rows("SHOW BINARY LOGS")).map(({ Log_name }) => String(Log_name));
const ids = async (server: PairServer) =>
  (await server.rows("SELECT id FROM replicated_session_store.session ORDER BY id")).map(({ id }) => String(id));

/** Where the server has its log files, and what it knows of its stream. */
const logFiles = async (server: PairServer) => ({
  files: await server.rows(
    `SELECT VARIABLE_NAME AS name, GLOBAL_VALUE AS value FROM information_schema.SYSTEM_VARIABLES
      WHERE VARIABLE_NAME RLIKE '^(log_bin|relay_log|slow_query_log_file)' ORDER BY 1`,
  ),
  state: await server.variable("gtid_binlog_state"),
});

it.each(["preview", "up"] as const)(
  "%s of a pair whose logs lie elsewhere says whose line says so and what to say, and touches nothing",
  async (command) => {
    const seen = () =>
      Promise.all(
        both().map(async (server) => ({
          ...(await logFiles(server)),
          pid: await server.pid(),
          users: await server.rows("SELECT User, Host FROM mysql.user ORDER BY 1, 2"),
        })),
      );
    const before = await seen();

    const { code, output } = await pair.project[command]();

    expect(code).not.toBe(0);
    // The engine stops at the first node that is refused.
    const node = pair[output.includes("the binary log of db1 is") ? "db1" : "db2"];
    const logs = `${node.directory}-logs`;
    expect(output).toMatch(new RegExp(`50-recipe\\.cnf:\\d+ log_bin=${logs}/mariadb-bin`));
    expect(output).toContain(`log_bin: "${logs}/mariadb-bin", log_bin_index: "${logs}/list-of-logs.index"`);
    expect(await seen()).toEqual(before);
  },
);

it("with these settings up restarts both nodes, one at a time, under clients: the logs go on where they were, and no row is lost", async () => {
  const before = await Promise.all(both().map(logFiles));
  const former = await Promise.all(both().map(logsOf));
  const pids = await Promise.all(both().map((server) => server.pid()));
  useProgram(
    adoptingProgram(`{
      log_bin: path.join(folder, name + "-logs", "mariadb-bin"),
      log_bin_index: path.join(folder, name + "-logs", "list-of-logs"),
      back_log: 77,
    }`),
  );
  const login = { user: "nevisproxy_user", password: "nevisproxypassword" };
  const clients = both().map((server) => new SessionClient(server.name, server.port, login).start());

  const output = expectSuccess(await pair.project.up());
  for (const client of clients) await client.stop();

  expect(output).toMatch(/db1 has to restart for back_log/);
  for (const [index, server] of both().entries()) {
    const { files, state } = await logFiles(server);
    expect(files).toEqual(before[index]?.files);
    expect(await server.pid()).not.toBe(pids[index]);
    expect((await logsOf(server)).slice(0, former[index]?.length)).toEqual(former[index]);
    const sequence = (gtids = "") => Number(gtids.split("-").pop());
    expect(sequence(state)).toBeGreaterThan(sequence(before[index]?.state));
  }
  await pair.db2.catchUpWith(pair.db1);
  await pair.db1.catchUpWith(pair.db2);
  const acknowledged = [...clients.flatMap((client) => client.acknowledged), "from before", "from before, too"].sort();
  expect(acknowledged.length).toBeGreaterThan(100);
  for (const server of both()) expect(await ids(server)).toEqual(expect.arrayContaining(acknowledged));
  expect(await ids(pair.db1)).toEqual(await ids(pair.db2));
  expectSuccess(await pair.project.preview("--diff", "--expect-no-changes"));
});

it("another place for a log that is in use is refused, and the former one goes on", async () => {
  const before = await Promise.all(both().map(logFiles));
  useProgram(adoptingProgram(`{ log_bin: path.join(folder, name, "other-bin"), back_log: 77 }`));
  const { code, output } = await pair.project.up();
  expect(code).not.toBe(0);
  expect(output).toMatch(/settings\.log_bin: the binary log of db[12] is .*-logs\/mariadb-bin/);
  expect(await Promise.all(both().map(logFiles))).toEqual(before);
});
