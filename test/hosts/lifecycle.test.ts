import type { Server } from "../../provider/src/mariadb/server";
import { PASSWORDS, type PairOptions } from "../support/engine/declaredPair";
import { NEWEST, OTHER_VERSIONS } from "../support/hosts/dockerEngine";
import { setUpByHand } from "../support/hosts/handMadeHosts";
import { HostPair } from "../support/hosts/hostPair";
import { expectSessionsBothWays, TABLE } from "../support/hosts/sessionsBothWays";
import { PROOF } from "../support/proof";

/** The life of a pair on two machines over SSH: one logs in as root, the other by sudo. */

jest.setTimeout(120_000);

const SETTINGS_FILE = "/etc/mysql/mariadb.conf.d/99-session-store.cnf";

/** Each account's password and when it was set. */
const PASSWORDS_SET = `SELECT User, Host, JSON_VALUE(Priv, '$.authentication_string'), JSON_VALUE(Priv, '$.password_last_changed')
  FROM mysql.global_priv WHERE User REGEXP '^(nevis|repl|binary)'`;

/** What must not change where nothing is to be changed: files, the server's process, its accounts, its log. */
async function traces(pair: HostPair): Promise<unknown> {
  return Promise.all(
    pair.hosts.map(async (host) => [
      await host.sh("stat -c '%n %y %s %a %U' /etc/mysql/mariadb.conf.d/* /etc/my.cnf 2>/dev/null || true"),
      await host.serverPid(),
      await host.sql("SELECT User, Host, Priv FROM mysql.global_priv WHERE User <> 'session_store_admin'"),
      await host.sql("SELECT @@GLOBAL.gtid_binlog_pos, @@GLOBAL.gtid_binlog_state"),
      await threads(host),
    ]),
  );
}

/** The replication's threads: others, when it was stopped and started. */
const threads = (host: { sql(statement: string): Promise<string> }): Promise<string> =>
  host.sql(
    "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'system user' OR COMMAND = 'Binlog Dump' ORDER BY ID",
  );

/** While an option file that is read after ours says otherwise. */
async function overriding(pair: HostPair, work: (line: string) => Promise<void>): Promise<void> {
  const file = "/etc/mysql/mariadb.conf.d/zz-by-hand.cnf";
  await pair.host(1).exec(["tee", file], { input: "[mariadbd]\nmax_connections=500\n" });
  await work(`${file}:2 max_connections=500`);
  await pair.host(1).sh(`rm ${file}`);
}

const seen = (pair: HostPair, resource: string) => pair.kept.get(resource)?.outs as Record<string, unknown>;

describe.each(OTHER_VERSIONS)("on Debian's %s with MariaDB %s", (suite, version) => {
  let pair: HostPair;
  let options: PairOptions = {};

  beforeAll(async () => {
    // A line in a login script is no answer of the machine.
    const files = { "/etc/bash.bashrc": "echo Welcome; echo Welcome >&2\n" };
    pair = await HostPair.planned({ suite, files }, [{ user: "deploy" }, {}]);
  });
  afterAll(() => pair?.[Symbol.asyncDispose]());

  it("a line of another file that would win over ours is refused by name before ours is written", async () => {
    await overriding(pair, async (line) => {
      const before = await pair.host(1).serverPid();
      await expect(pair.up({ only: ["sessions-db1"] })).rejects.toThrow(line);
      await expect(pair.host(1).sh(`test -e ${SETTINGS_FILE}`)).rejects.toThrow();
      expect(await pair.host(1).serverPid()).toBe(before);
    });
  });

  it("up brings the pair up, and sessions go both ways", async () => {
    await pair.up();
    for (const host of pair.hosts) {
      expect(await host.sh(`stat -c '%a %U:%G' ${SETTINGS_FILE}`)).toBe("644 root:root\n");
      expect(await host.sql("SELECT VERSION()")).toMatch(new RegExp(`^${version}\\.`));
    }
    expect(seen(pair, "sessions-db1")["configFile"]).toBe(SETTINGS_FILE);
    await pair.host(1).sql(`CREATE TABLE ${TABLE} (id VARCHAR(20) PRIMARY KEY)`);
    await pair.catchUp();
    await expectSessionsBothWays(pair, "first");
  });

  it("the pair is as wanted then: nothing is shown, and up touches nothing", async () => {
    const before = await traces(pair);
    expect(await pair.drift()).toEqual({});
    expect(await pair.up()).toEqual([]);
    expect(await traces(pair)).toEqual(before);
  });

  it("what was changed by hand is shown by property, and put back by one up without a restart", async () => {
    const [one, two] = pair.hosts;
    const processes = () => Promise.all(pair.hosts.map((host) => host.serverPid()));
    const before = await processes();
    await one.sql("SET GLOBAL max_connections=77");
    await one.sh(`sed -i 's/^max_connections=.*/max_connections=78/' ${SETTINGS_FILE}`);
    await two.sh(`rm ${SETTINGS_FILE}`);
    await one.sql("SET sql_log_bin=0; REVOKE INSERT ON replicated_session_store.* FROM nevisproxy_user");
    await two.sql("SET sql_log_bin=0; SET PASSWORD FOR replication_user = PASSWORD('by hand')");
    await two.sql("SET sql_log_bin=0; ALTER DATABASE replicated_session_store CHARACTER SET latin1");
    await two.sql("STOP SLAVE SQL_THREAD");

    expect(await pair.drift()).toEqual({
      "sessions-db1": ["settings", "configText"],
      "sessions-db1-users": ["accounts"],
      "sessions-db2": ["configText"],
      "sessions-db2-users": ["accounts"],
      "sessions-db2-database-replicated_session_store": ["characterSet", "collation"],
      "sessions-db2-from-db1": ["state"],
    });
    expect(seen(pair, "sessions-db1")["settings"]).toMatchObject({ max_connections: "77" });
    expect(seen(pair, "sessions-db2")["configText"]).toBe("");
    expect(seen(pair, "sessions-db2-from-db1")["state"]).toBe("SQL thread stopped");

    await pair.up();
    expect(await pair.drift()).toEqual({});
    expect(await one.sql("SELECT @@GLOBAL.max_connections")).toBe("1000");
    expect(await two.sh(`stat -c '%a %U:%G' ${SETTINGS_FILE}`)).toBe("644 root:root\n");
    expect(await processes()).toEqual(before);
    await expectSessionsBothWays(pair, "mended");
  });

  it("a setting that needs a restart reaches both servers, one after the other", async () => {
    const option = "innodb_buffer_pool_chunk_size";
    options = { settings: { [option]: "4M" } };
    const before = await Promise.all(pair.hosts.map((host) => host.serverPid()));
    expect((await pair.up(options)).sort()).toEqual(["sessions-db1", "sessions-db2"]);
    for (const [index, host] of pair.hosts.entries()) {
      expect(await host.sql(`SELECT @@GLOBAL.${option}`)).toBe("4194304");
      expect(await host.serverPid()).not.toBe(before[index]);
    }
    expect(await pair.drift(options)).toEqual({});
    await expectSessionsBothWays(pair, "restarted");
  });

  it("a line of another file that would win is shown, refused by name, and nothing is touched", async () => {
    await overriding(pair, async (line) => {
      const before = await traces(pair);
      expect(await pair.drift(options)).toEqual({ "sessions-db1": ["overriddenBy"] });
      expect(seen(pair, "sessions-db1")["overriddenBy"]).toEqual([line]);
      await expect(pair.up(options)).rejects.toThrow(`${line}. Nothing was changed.`);
      expect(await traces(pair)).toEqual(before);
    });
    expect(await pair.drift(options)).toEqual({});
  });

  it("destroy takes off what is ours, and leaves the servers with their sessions", async () => {
    const [one] = pair.hosts;
    const before = await one.serverPid();
    await pair.down();
    for (const host of pair.hosts) {
      await expect(host.sh(`test -e ${SETTINGS_FILE}`)).rejects.toThrow();
      expect(await host.sql("SHOW SLAVE STATUS")).toBe("");
      expect(await host.sql("SELECT User FROM mysql.user WHERE User REGEXP '^(nevis|repl|binary|session_store)'")).toBe(
        "",
      );
      expect(await host.sql(`SELECT COUNT(*) FROM ${TABLE}`)).toBe("6");
    }
    expect(await one.serverPid()).toBe(before);
  });
});

describe.each(NEWEST)("a pair set up by hand on %s, MariaDB %s", (suite) => {
  /** The recipe's own example passwords, as somebody took them over. */
  const AS_IT_IS: PairOptions = {
    passwords: {
      admin: PASSWORDS.admin,
      proxy: "nevisproxypassword",
      replication: "replicationpassword",
      binaryLog: "binarylogspassword",
    },
    proxyFrom: ["%", "LocalHostName"],
  };
  let pair: HostPair;
  let root: Server;

  beforeAll(async () => {
    pair = await HostPair.planned({ suite }, [{ user: "deploy" }, {}]);
    await setUpByHand(pair.hosts);
    await pair.host(1).sql(`CREATE TABLE ${TABLE} (id VARCHAR(20) PRIMARY KEY)`);
    await expectSessionsBothWays(pair, "by-hand");
    root = await pair.root(1);
  });
  afterAll(() => pair?.[Symbol.asyncDispose]());

  it("is adopted without a restart, a stop of the replication or a new password, and /etc/my.cnf is named", async () => {
    const processes = () => Promise.all(pair.hosts.map(async (host) => [await host.serverPid(), await threads(host)]));
    const passwords = () => Promise.all(pair.hosts.map((host) => host.sql(PASSWORDS_SET)));
    const before = [await processes(), await passwords()];
    const written = await pair.host(1).sql("SELECT @@GLOBAL.gtid_binlog_pos");

    await pair.up(AS_IT_IS);

    expect([await processes(), await passwords()]).toEqual(before);
    // One proof, and nothing else.
    const sequence = Number(written.split("-").pop());
    expect(await pair.host(1).sql("SELECT @@GLOBAL.gtid_binlog_pos")).toBe(`1-1-${sequence + PROOF.gtids}`);
    expect(seen(pair, "sessions-db1")["advice"]).toContainEqual(
      expect.objectContaining({
        severity: "note",
        where: "db1",
        about: "/etc/my.cnf",
        text: expect.stringMatching(/server_id=1, gtid_domain_id=1, .*innodb_deadlock_detect=0/),
      }),
    );
    expect(await pair.drift(AS_IT_IS)).toEqual({});
    await expectSessionsBothWays(pair, "adopted");
  });

  it("the recipe's option file may go then: nothing is shown, also after a restart, and it is named no more", async () => {
    for (const host of pair.hosts) await host.sh("rm /etc/my.cnf");
    await pair.host(2).sh("service mariadb restart >/dev/null 2>&1 </dev/null");
    await pair.up(AS_IT_IS);
    expect(await pair.drift(AS_IT_IS)).toEqual({});
    expect(JSON.stringify(seen(pair, "sessions-db1")["advice"])).not.toContain("/etc/my.cnf");
    await expectSessionsBothWays(pair, "without");
  });

  it("SUPER as an upgrade of the server spells it out is no drift", async () => {
    // What mariadb-upgrade of 10.11 to 11.8 makes of GRANT SUPER.
    await root.query(
      "GRANT SUPER, BINLOG MONITOR, SET USER, FEDERATED ADMIN, CONNECTION ADMIN, REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN, BINLOG ADMIN, BINLOG REPLAY, SLAVE MONITOR ON *.* TO binarylog_user",
    );
    expect(await pair.drift(AS_IT_IS)).toEqual({});
  });
});
