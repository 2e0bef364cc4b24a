import { writeFile } from "node:fs/promises";
import * as path from "node:path";
import { createConnection } from "mysql2/promise";
import { paths } from "../../provider/src/hosts/local/files";
import { start, stop } from "../../provider/src/hosts/local/server";
import { SessionStoreUsers } from "../../provider/src/operations/SessionStoreUsers";
import { Authority } from "../support/authority";
import type { PairOptions } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import {
  db1,
  expectHealthyWith,
  openBoth,
  options,
  pair,
  reached,
  restart,
  SESSION,
  useOnePair,
  write,
} from "../support/local/pairOfTest";

/** A server that replicates, and takes no writes of the proxies: a preview shows it, and `up` repairs it or names the cause. */

useOnePair();

const NODE = "sessions-db1";
const USERS = "sessions-db1-users";

const onDb1 = async (...statements: readonly string[]) => {
  for (const statement of statements) await db1.query(statement);
};
const shown = () => pair.kept.get(USERS)?.outs["proxyWrites"];
const drift = (more: PairOptions = {}) => pair.drift({ ...options, ...more });

test.each([
  ["read_only", "SET GLOBAL read_only = 1", "refused, error 1290: read_only is on"],
  ["transaction_read_only", "SET GLOBAL tx_read_only = 1", "refused, error 1792: transactions are read-only"],
])(
  "%s that was set by hand is shown by the node and by the accounts, and `up` switches it back",
  async (name, byHand, word) => {
    await onDb1(byHand);
    expect(await drift()).toEqual({ [NODE]: ["settings"], [USERS]: ["proxyWrites"] });
    expect(shown()).toBe(word);
    // The accounts alone can't repair it, and say who does.
    const { message } = await failureOf(pair.up({ ...options, only: [USERS] }));
    expect(message).toMatch(
      new RegExp(
        `db1: .*tried as nevisproxy_user@%: error \\d+, .*${name === "read_only" ? name : "transactions"}.*of the node`,
        "s",
      ),
    );
    expect(await pair.up(options)).toEqual([NODE, USERS]);
    await write(db1, "after");
    await expectHealthyWith(["after"]);
  },
);

test.each([
  ["sql_safe_updates", "1"],
  ["autocommit", "0"],
  ["sql_select_limit", "0"],
  ["read_binlog_speed_limit", "1"],
  ["slave_max_statement_time", "0.0001"],
])("%s = %s that was set by hand shows too", async (option, value) => {
  const before = await db1.value("SELECT @@GLOBAL.??", [option]);
  await onDb1(`SET GLOBAL ${option} = ${value}`);
  expect(await drift()).toEqual({ [NODE]: ["settings"] });
  expect(await pair.up(options)).toEqual([NODE]);
  expect(await db1.value("SELECT @@GLOBAL.??", [option])).toBe(before);
  await expectHealthyWith([]);
});

test("an init_connect that fails for the proxies is named by preview and `up`, until it is repaired", async () => {
  await onDb1("SET GLOBAL init_connect = 'SELECT * FROM nowhere.nothing'");
  expect(await drift()).toEqual({ [USERS]: ["proxyWrites"] });
  expect(shown()).toBe("refused, error 1184: init_connect fails");
  const { message, seconds } = await failureOf(pair.up(options));
  expect(message).toMatch(
    /db1: its accounts are as wanted.*error 1184, init_connect fails.*SET GLOBAL init_connect=''/s,
  );
  expect(seconds).toBeLessThan(10);
  await onDb1("SET GLOBAL init_connect = ''");
  expect(await pair.up(options)).toEqual([]);
  await expectHealthyWith([]);
});

test("tables that somebody keeps locked are shown, waited for by `up` while they may be free in a moment, and named else", async () => {
  await onDb1("FLUSH TABLES WITH READ LOCK");
  expect(await drift()).toEqual({ [USERS]: ["proxyWrites"] });
  expect(shown()).toBe("refused, error 1205: its tables are locked");
  const { message, seconds } = await failureOf(pair.up({ ...options, only: [USERS] }));
  expect(message).toMatch(/error 1205, its tables are locked.*SHOW PROCESSLIST/s);
  expect(seconds).toBeLessThan(20);
  // Released while `up` tries.
  await onDb1("UNLOCK TABLES", `LOCK TABLES ${SESSION} WRITE`);
  const { id = "", outs = {} } = pair.kept.get(USERS) ?? {};
  const update = SessionStoreUsers.update(id, outs as never, outs as never);
  await reached("the proxy's account to be tried", async () => {
    return (await db1.row("SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'DELETE %'")) !== undefined;
  });
  await onDb1("UNLOCK TABLES");
  expect((await update).outs).toMatchObject({ node: outs["node"] });
  await expectHealthyWith([]);
});

test("a limit that proxies have reached is named", async () => {
  await restart(1, "max_user_connections=1");
  const { port } = pair.connection(1);
  const proxy = await createConnection({ host: "127.0.0.1", port, user: "nevisproxy_user", password: "proxy-1" });
  try {
    expect(await drift()).toEqual({ [USERS]: ["proxyWrites"] });
    expect(shown()).toBe("refused, error 1203: max_user_connections is reached");
  } finally {
    await proxy.end();
  }
  expect(await drift()).toEqual({});
});

test("an InnoDB that only reads since a start is shown, with the line that says so, and `up` ends it", async () => {
  await stop(pair.directory(1));
  const file = path.join(paths(pair.directory(1)).includeFolder, "zz-more.cnf");
  await writeFile(file, "[mariadbd]\ninnodb_read_only=1\n");
  await start(pair.directory(1));
  const seen = await drift();
  expect(seen).toMatchObject({
    [NODE]: expect.arrayContaining(["overriddenBy", "settings"]),
    [USERS]: ["proxyWrites"],
  });
  expect(shown()).toBe("refused, error 1036: the engine of its tables is read-only");
  const { message } = await failureOf(pair.up({ ...options, only: [USERS] }));
  expect(message).toMatch(/db1: .*error 1036.*innodb_read_only and innodb_force_recovery/s);
  // A line in a server of this machine, which is all ours, is commented out, and the server restarted.
  expect(await pair.up(options)).toEqual(expect.arrayContaining([NODE, USERS]));
  await openBoth();
  await write(db1, "after");
  await expectHealthyWith(["after"]);
});

test("a look at a healthy pair leaves nothing: no row, no transaction in the binary log, and no error", async () => {
  await write(db1, "one");
  await drift();
  const look = () => db1.row("SELECT @@gtid_binlog_pos AS position, @@gtid_binlog_state AS state");
  const log = () => db1.row("SHOW MASTER STATUS");
  const before = [await look(), await log()];
  expect(await drift()).toEqual({});
  expect([await look(), await log()]).toEqual(before);
  await expectHealthyWith(["one"]);
});

test("where the server takes the proxy's name for another account's, it says nothing of the proxies", async () => {
  await onDb1("CREATE USER ''@localhost IDENTIFIED BY 'another'");
  expect(await drift()).toEqual({});
  await onDb1("DROP USER ''@localhost", "CREATE USER nevisproxy_user@localhost IDENTIFIED BY 'proxy-1'");
  expect(await drift()).toEqual({});
  await onDb1("DROP USER nevisproxy_user@localhost", "SET PASSWORD FOR nevisproxy_user = PASSWORD('by hand')");
  expect(await drift()).toEqual({ [USERS]: ["accounts"] });
  await pair.up(options);
  await expectHealthyWith([]);
});

test("an account that requires TLS is tried with it; one that needs a certificate, or may not come from here, is not", async () => {
  const authority = await Authority.create();
  const issue = async () => ({ ...(await authority.issue("127.0.0.1")), ca: authority.ca });
  const more: PairOptions = { ...options, tls: [await issue(), await issue()], requireTls: "SSL" };
  await pair.up(more);
  await openBoth();
  await onDb1("SET GLOBAL read_only = 1");
  expect(await drift(more)).toEqual({ [NODE]: ["settings"], [USERS]: ["proxyWrites"] });
  await pair.up(more);
  expect(await drift(more)).toEqual({});
  const tried = [
    { ...more, requireTls: "X509" as const },
    { ...more, proxyFrom: ["10.%"] },
  ];
  for (const other of tried) {
    await pair.up(other);
    await onDb1("SET GLOBAL read_only = 1");
    expect(await drift(other)).toEqual({ [NODE]: ["settings"] });
    await pair.up(other);
    expect(await drift(other)).toEqual({});
  }
});
