import { adoptingProgram } from "../support/cli/adoptingProgram";
import { expectSuccess, type Pair, pairProject } from "../support/cli/pairProgram";
import { type HandMadePair, handMadePair } from "../support/local/handMadePair";
import type { PairServer } from "../support/local/pairServer";
import { PROOF } from "../support/proof";

jest.setTimeout(300_000);

let pair: Pair;
let byHand: HandMadePair;

beforeAll(async () => {
  pair = await pairProject(adoptingProgram());
  byHand = await handMadePair({ folder: pair.project.folder, ports: pair.ports });
  await pair.db1.write(
    "CREATE TABLE replicated_session_store.a_session (id BIGINT AUTO_INCREMENT PRIMARY KEY, v TEXT)",
    "INSERT INTO replicated_session_store.a_session (v) VALUES ('from before')",
  );
  await pair.db2.catchUpWith(pair.db1);
});

afterAll(async () => {
  await byHand?.[Symbol.asyncDispose]();
  await pair?.[Symbol.asyncDispose]();
});

const both = () => [pair.db1, pair.db2] as const;

/** What would change if somebody restarted a server, linked it anew, or set a password that was right. */
async function traces(server: PairServer): Promise<object> {
  const threads = await server.rows(
    "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'system user' OR COMMAND = 'Binlog Dump' ORDER BY ID",
  );
  const passwords = await server.rows(
    `SELECT User, Host, JSON_VALUE(Priv, '$.authentication_string') AS hash, JSON_VALUE(Priv, '$.password_last_changed') AS changed
       FROM mysql.global_priv WHERE User IN ('nevisproxy_user', 'replication_user') ORDER BY User, Host`,
  );
  expect(threads.length).toBeGreaterThan(2);
  expect(passwords).toHaveLength(3);
  return { pid: await server.pid(), threads, passwords };
}

it("up adopts a pair that was set up by hand: says what it found different, and touches nothing else", async () => {
  // By hand after the recipe, and forgotten.
  await pair.db1.run("SET GLOBAL max_connections=500");
  await pair.db2.run("SET PASSWORD FOR binarylog_user = PASSWORD('somebody changed it')");
  const before = await Promise.all(both().map(traces));
  const written = await Promise.all(both().map((server) => server.variable("gtid_binlog_pos")));

  const output = expectSuccess(await pair.project.up());

  expect(await Promise.all(both().map(traces))).toEqual(before);
  expect(output).toMatch(/db1: changing max_connections=1000$/m);
  expect(output).toMatch(/db2: binarylog_user@% was there already; corrected: password differs$/m);
  expect(output.match(/: changing /g)).toHaveLength(output.match(/db1: changing max_connections=1000$/gm)?.length ?? 0);
  expect(await pair.db1.variable("max_connections")).toBe("1000");
  expect(await pair.db2.login("binarylog_user", "binarylogspassword")).toBe("in");
  // One proof in each direction, and nothing else.
  for (const [index, server] of both().entries()) {
    const sequence = Number(written[index]?.split("-").pop() || 0);
    expect(await server.variable("gtid_binlog_pos")).toBe(`${index + 1}-${index + 1}-${sequence + PROOF.gtids}`);
  }
});

it("the adopted pair is as wanted, with the sessions it had", async () => {
  expectSuccess(await pair.project.preview("--diff", "--expect-no-changes"));
  for (const server of both()) {
    expect(await server.value("SELECT v FROM replicated_session_store.a_session")).toBe("from before");
  }
});

describe("with a server that is gone and is not ours to make", () => {
  beforeAll(() => pair.db2.kill());

  it("destroy stops, names it, and leaves the other resources in the state", async () => {
    const { code, output } = await pair.project.destroy();
    expect(code).not.toBe(0);
    expect(output).toMatch(/db2 .*does not run/);
    expect(output).toContain("SESSION_STORE_SKIP_UNREACHABLE=1");
    expect(await pair.project.exportState()).toContain("::sessions-db2");
  });

  it("destroy with SESSION_STORE_SKIP_UNREACHABLE=1 goes on without it, and keeps the sessions of the other", async () => {
    const { code, output } = await pair.project.run(["destroy", "--yes", "--skip-preview"], {
      environment: { SESSION_STORE_SKIP_UNREACHABLE: "1" },
    });
    expectSuccess({ code, output });
    expect(output).toMatch(/db2: .*skipped/);
    expect(await pair.project.exportState()).not.toContain("sessions-db");
    expect(await pair.db1.replica()).toBeUndefined();
    expect(
      await pair.db1.value("SELECT COUNT(*) FROM mysql.user WHERE User IN ('nevisproxy_user', 'session_store_admin')"),
    ).toBe("0");
    expect(await pair.db1.value("SELECT v FROM replicated_session_store.a_session")).toBe("from before");
  });
});
