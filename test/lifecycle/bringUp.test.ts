import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import * as path from "node:path";
import { until } from "../../provider/src/waiting";
import { expectSuccess, PASSWORDS, type Pair, pairProgram, pairProject } from "../support/cli/pairProgram";
import { previewedChanges } from "../support/cli/previewedChanges";
import type { PairServer } from "../support/local/pairServer";
import { PROOF } from "../support/proof";
import { optionFile } from "../support/recipeText";

jest.setTimeout(300_000);

let pair: Pair;
let firstUp: string;

beforeAll(async () => {
  pair = await pairProject();
  firstUp = expectSuccess(await pair.project.up());
});

afterAll(async () => {
  await pair?.[Symbol.asyncDispose]();
});

/** Known only when its server is made; too long for a replica, which a preview can't tell. */
const LATE = pairProgram().replace(
  `password: config.requireSecret("replicationPassword")`,
  `password: db1.state.apply(() => "x".repeat(97))`,
);

it("a password that turns out to be none when another resource is made is refused before a node is changed", async () => {
  await using late = await pairProject(LATE);
  const { code, output } = await late.project.up();
  expect([code, output]).toEqual([
    expect.any(Number),
    expect.stringContaining("replication.password: must have at most 96 bytes"),
  ]);
  expect(code).not.toBe(0);
  expect(output).not.toMatch(/unexpected unknown|\+ .*MariaDbNode.* created/);
  expect(await late.db1.value("SELECT COUNT(*) FROM mysql.global_priv WHERE User = 'session_store_admin'")).toBe("0");
});

const both = () => [pair.db1, pair.db2] as const;
const otherThan = (server: PairServer) => (server === pair.db1 ? pair.db2 : pair.db1);

describe("the first up", () => {
  it("makes every resource of the pair once", () => {
    expect(firstUp).toMatch(/\+ 12 created/);
  });

  it("gives each server every line of the recipe's option file, value for value", expectTheRecipesValues);

  it("makes the database and the accounts of the recipe, with the configured passwords", async () => {
    for (const server of both()) {
      const [database] = await server.rows(
        "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME='replicated_session_store'",
      );
      expect(Object.values(database ?? {})).toEqual(["utf8mb4", "utf8mb4_general_ci"]);
      // As the server itself renders the recipe's GRANT statements.
      const proxy = ["BINLOG MONITOR ON *.*", "ALL PRIVILEGES ON `replicated_session_store`.*"];
      expect(await grants(server, "nevisproxy_user", "%")).toEqual(proxy);
      expect(await grants(server, "nevisproxy_user", "localhost")).toEqual(proxy);
      expect(await grants(server, "replication_user", "%")).toEqual(["REPLICATION SLAVE ON *.*"]);
      expect((await grants(server, "binarylog_user", "%"))[0]).toMatch(/^SUPER\b.* ON \*\.\*$/);
      expect(await server.login("nevisproxy_user", PASSWORDS.proxyPassword)).toBe("in");
      expect(await server.login("replication_user", PASSWORDS.replicationPassword)).toBe("in");
      expect(await server.login("binarylog_user", PASSWORDS.binaryLogPassword)).toBe("in");
      expect(await server.login("session_store_monitor", PASSWORDS.monitorPassword)).toBe("in");
      expect(await server.login("nevisproxy_user", "nevisproxypassword")).toBe("1045");
    }
  });

  it("links each server to the other as the recipe's CHANGE MASTER does", async () => {
    for (const server of both()) {
      expect(await server.replica()).toMatchObject({
        Master_Host: "127.0.0.1",
        Master_Port: otherThan(server).port,
        Master_User: "replication_user",
        Using_Gtid: "Current_Pos",
        Connect_Retry: 10,
        Slave_IO_Running: "Yes",
        Slave_SQL_Running: "Yes",
        Last_IO_Errno: 0,
        Last_SQL_Errno: 0,
      });
    }
  });

  it("writes one proof per direction to the binary logs, and no password", async () => {
    for (const [index, server] of both().entries()) {
      const logs = await server.rows("SHOW BINARY LOGS");
      const events = [];
      for (const log of logs) events.push(...(await server.rows("SHOW BINLOG EVENTS IN ?", [log["Log_name"]])));
      expect(events.filter((event) => event["Event_type"] === "Gtid")).toHaveLength(PROOF.gtids);
      const statements = events
        .filter((event) => event["Event_type"] === "Query")
        .map((event) => String(event["Info"]));
      expect(statements.filter((text) => !PROOF.text.test(text))).toEqual([]);
      const tables = events
        .filter((event) => event["Event_type"] === "Table_map")
        .map((event) => String(event["Info"]));
      expect(tables.filter((text) => !PROOF.text.test(text))).toEqual([]);
      expect(tables).toHaveLength(PROOF.tables);
      expect(await server.variable("gtid_binlog_pos")).toBe(`${index + 1}-${index + 1}-${PROOF.gtids}`);
      const files = (await readdir(server.data)).filter((name) => /^mariadbmaster-bin\.\d+$/.test(name));
      expect(files).toHaveLength(logs.length);
      for (const file of files) {
        const bytes = await readFile(path.join(server.data, file), "latin1");
        for (const password of Object.values(PASSWORDS)) expect(bytes).not.toContain(password);
      }
    }
  });

  it("has semi-sync in effect both ways: a commit is acknowledged by the peer", async () => {
    await pair.db1.write(
      "CREATE TABLE IF NOT EXISTS replicated_session_store.a_session (id BIGINT AUTO_INCREMENT PRIMARY KEY, v TEXT)",
    );
    await pair.db2.catchUpWith(pair.db1);
    for (const server of both()) {
      expect(await server.status("Rpl_semi_sync_master_status")).toBe("ON");
      expect(await server.status("Rpl_semi_sync_master_clients")).toBe("1");
      expect(await server.status("Rpl_semi_sync_slave_status")).toBe("ON");
      const acknowledged = Number(await server.status("Rpl_semi_sync_master_yes_tx"));
      const alone = await server.status("Rpl_semi_sync_master_no_tx");
      await server.write(`INSERT INTO replicated_session_store.a_session (v) VALUES ('first of ${server.name}')`);
      expect(Number(await server.status("Rpl_semi_sync_master_yes_tx"))).toBe(acknowledged + 1);
      expect(await server.status("Rpl_semi_sync_master_no_tx")).toBe(alone);
      await otherThan(server).catchUpWith(server);
    }
  });

  it("replicates sessions both ways, with odd numbers from db1 and even ones from db2", async () => {
    for (const server of both()) {
      for (const which of ["second", "third"]) {
        await server.write(`INSERT INTO replicated_session_store.a_session (v) VALUES ('${which} of ${server.name}')`);
      }
      await otherThan(server).catchUpWith(server);
    }
    for (const server of both()) {
      const rows = await server.rows("SELECT id, v FROM replicated_session_store.a_session ORDER BY id");
      const idsOf = (name: string) =>
        rows.filter((row) => String(row["v"]).endsWith(name)).map((row) => Number(row["id"]));
      expect(rows).toHaveLength(6);
      expect(idsOf("db1").map((id) => id % 2)).toEqual([1, 1, 1]);
      expect(idsOf("db2").map((id) => id % 2)).toEqual([0, 0, 0]);
    }
  });
});

it("a second up and a preview change nothing and write nothing on a server", async () => {
  const before = await positions();
  const pids = await Promise.all(both().map((server) => server.pid()));
  for (const server of both()) {
    await server.run("SET GLOBAL log_output='TABLE'", "TRUNCATE mysql.general_log", "SET GLOBAL general_log=1");
  }
  const up = await pair.project.up();
  const preview = await pair.project.preview("--diff", "--expect-no-changes");
  for (const server of both()) await server.run("SET GLOBAL general_log=0");

  expect(expectSuccess(up)).toMatch(/^\s+12 unchanged$/m);
  expect(expectSuccess(preview)).toMatch(/^\s+12 unchanged$/m);
  expect(previewedChanges(preview.output)).toEqual({});
  expect(await positions()).toEqual(before);
  expect(await Promise.all(both().map((server) => server.pid()))).toEqual(pids);
  for (const server of both()) {
    const said = await server.rows(
      `SELECT CONVERT(argument USING utf8mb4) AS said FROM mysql.general_log
        WHERE command_type NOT IN ('Connect', 'Quit') AND thread_id <> CONNECTION_ID()`,
    );
    const statements = said.map((row) => String(row["said"]));
    expect(statements.length).toBeGreaterThan(10);
    // As the proxies' account, whose writes are tried: of no row, and rolled back.
    const tried = /^(DELETE FROM \S+ WHERE FALSE|ROLLBACK)$/;
    const others = statements.filter((statement) => !tried.test(statement));
    expect(others.filter((statement) => !/^(SELECT|SHOW|SET SESSION)\s/.test(statement))).toEqual([]);
  }
});

it("both servers killed, as by a reboot: preview names them, up starts them with their data", async () => {
  const rows = () => pair.db1.rows("SELECT id, v FROM replicated_session_store.a_session ORDER BY id");
  const sessions = await rows();
  expect(sessions).toHaveLength(6);
  await Promise.all(both().map((server) => server.kill()));

  const preview = await pair.project.preview("--diff");
  const stopped = ['~ state: "stopped" => "running"'];
  expect(previewedChanges(expectSuccess(preview))).toEqual({
    db1: stopped,
    db2: stopped,
    "sessions-db1": stopped,
    "sessions-db2": stopped,
  });

  expectSuccess(await pair.project.up());
  expect(await rows()).toEqual(sessions);
  expect(await pair.db2.rows("SELECT id, v FROM replicated_session_store.a_session ORDER BY id")).toEqual(sessions);
  // All of the recipe came out of the option files again.
  await expectTheRecipesValues();
  for (const server of both()) {
    await server.waitFor(
      "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME='Rpl_semi_sync_master_clients'",
      "1",
    );
    await server.write(`INSERT INTO replicated_session_store.a_session (v) VALUES ('afterwards on ${server.name}')`);
    await otherThan(server).catchUpWith(server);
  }
  expect(await rows()).toHaveLength(8);
  expectSuccess(await pair.project.preview("--expect-no-changes"));
});

it("a machine lost, and the CLI killed while it is seeded: `pulumi cancel` and one up, and nothing is left to do", async () => {
  const table = "replicated_session_store.a_session";
  await pair.db1.write(`INSERT INTO ${table} (v) SELECT seq FROM replicated_session_store.seq_1_to_20000`);
  await pair.db2.kill();
  await rm(pair.db2.directory, { recursive: true });

  // The dump gets no further while this is held.
  await pair.db1.run(`LOCK TABLES ${table} WRITE`);
  const cutOff = pair.project.up();
  await until({ what: "the seeding to begin", deadline: 60_000 }, async () => {
    const begun = existsSync(path.join(pair.db2.data, "session_store_seeding"));
    return begun ? { done: undefined } : { seen: "no mark" };
  });
  pair.project.kill();
  expect((await cutOff).code).not.toBe(0);
  expect(await pair.db2.login("nevisproxy_user", PASSWORDS.proxyPassword)).not.toBe("in");
  await pair.db1.run("UNLOCK TABLES");

  expect((await pair.project.up()).output).toMatch(/pulumi cancel/);
  expectSuccess(await pair.project.run(["cancel", "--yes"]));
  expectSuccess(await pair.project.up());
  const rows = `SELECT COUNT(*) FROM ${table}`;
  expect(await pair.db2.value(rows)).toBe(await pair.db1.value(rows));
  expect(await pair.db2.login("nevisproxy_user", PASSWORDS.proxyPassword)).toBe("in");
  expectSuccess(await pair.project.preview("--expect-no-changes"));
});

async function expectTheRecipesValues(): Promise<void> {
  for (const [index, server] of both().entries()) {
    const wanted = recipeValues((index + 1) as 1 | 2);
    expect(wanted.size).toBe(17);
    const seen = new Map<string, string>();
    for (const variable of wanted.keys()) seen.set(variable, asInFile(await server.variable(variable)));
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(wanted));
    expect(await server.variable("log_bin_basename")).toBe(path.join(server.data, "mariadbmaster-bin"));
  }
}

/** The recipe's lines as the server's variables show them; `log-basename` apart, which has none. */
function recipeValues(node: 1 | 2): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of optionFile(node).split("\n")) {
    if (/^(#|\[|$)/.test(line)) continue;
    const [option = "", value = "ON"] = line.split(/=(.*)/);
    const variable = option.replaceAll("-", "_").replace("transaction_isolation", "tx_isolation");
    const text = value.replaceAll('"', "");
    if (variable === "log_basename") continue;
    if (variable === "replicate_wild_do_table" && values.has(variable)) {
      values.set(variable, `${values.get(variable)},${text}`);
    } else values.set(variable, asInFile(text));
  }
  return values;
}

/** One spelling for what means the same: sizes in bytes, 1 for ON, error numbers in order. */
function asInFile(text: string): string {
  if (/^(ON|OFF)$/.test(text)) return text === "ON" ? "1" : "0";
  if (/^\d+M$/.test(text)) return String(Number.parseInt(text, 10) * 1024 * 1024);
  if (/^\d+(\.\d+)?$/.test(text)) return String(Number(text));
  return /^\d+(,\d+)+$/.test(text) ? text.split(",").sort().join(",") : text;
}

async function grants(server: PairServer, user: string, host: string): Promise<string[]> {
  const rows = await server.rows("SHOW GRANTS FOR ?@?", [user, host]);
  return rows.map((row) => String(Object.values(row)[0]).replace(/^GRANT (.*) TO `.*$/, "$1"));
}

const positions = () =>
  Promise.all(
    both().map(async (server) => ({
      log: await server.rows("SHOW MASTER STATUS"),
      written: await server.variable("gtid_binlog_state"),
      applied: await server.variable("gtid_slave_pos"),
    })),
  );
