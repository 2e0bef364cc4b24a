import type { PairOptions } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { OTHER_VERSIONS } from "../support/hosts/dockerEngine";
import { setUpByHand } from "../support/hosts/handMadeHosts";
import { HostPair } from "../support/hosts/hostPair";
import { SessionClient } from "../support/sessionClient";

/** Pairs set up by hand on Debian machines whose administrators have their logs where Debian's files suggest it. */

jest.setTimeout(300_000);

const AS_IT_IS: PairOptions = {
  passwords: {
    proxy: "nevisproxypassword",
    replication: "replicationpassword",
    binaryLog: "binarylogspassword",
  },
  proxyFrom: ["%", "LocalHostName"],
};
const LINES = [
  "log_bin = /var/log/mysql/mariadb-bin",
  "relay_log = /var/log/mysql/relay",
  "log_error = /var/log/mysql/error.log",
];
const SESSION = "replicated_session_store.session";

const logs = (pair: HostPair) =>
  Promise.all(
    pair.hosts.map((host) =>
      host.sql("SELECT @@log_bin_basename, @@log_bin_index, @@relay_log_basename, @@log_error, @@slow_query_log_file"),
    ),
  );
const names = (pair: HostPair) => Promise.all(pair.hosts.map((host) => host.sql("SHOW BINARY LOGS")));
const pids = (pair: HostPair) => Promise.all(pair.hosts.map((host) => host.serverPid()));

describe.each(OTHER_VERSIONS)("on Debian's %s with MariaDB %s", (suite) => {
  it("the logs stay where Debian's file has them, through a restart under clients; without a word on them up is refused", async () => {
    await using pair = await HostPair.planned({ suite });
    for (const host of pair.hosts) await host.sh("install -d -o mysql -g adm /var/log/mysql");
    await setUpByHand(pair.hosts, LINES);
    await pair.host(1).sql(SessionClient.TABLE);
    await pair.catchUp();
    const [before, processes] = [await logs(pair), await pids(pair)];
    expect(before[0]).toMatch(
      /^\/var\/log\/mysql\/mariadb-bin\t\/var\/lib\/mysql\/mariadbmaster-bin\.index\t\/var\/log\/mysql\/relay/,
    );

    const { message } = await failureOf(pair.up(AS_IT_IS));
    expect(message).toMatch(/50-server\.cnf:\d+ log_bin=\/var\/log\/mysql\/mariadb-bin/);
    const told = 'log_bin: "/var/log/mysql/mariadb-bin", log_bin_index: "/var/lib/mysql/mariadbmaster-bin.index"';
    expect(message).toContain(told);
    expect([await logs(pair), await pids(pair)]).toEqual([before, processes]);
    for (const host of pair.hosts) await expect(host.sh("ls /etc/mysql/mariadb.conf.d/99-*")).rejects.toThrow();

    const settings = {
      log_bin: "/var/log/mysql/mariadb-bin",
      log_bin_index: "/var/lib/mysql/mariadbmaster-bin.index",
    };
    await pair.up({ ...AS_IT_IS, settings });
    expect(await pids(pair)).toEqual(processes);
    expect(await pair.drift({ ...AS_IT_IS, settings })).toEqual({});

    const kept = await names(pair);
    const login = { user: "nevisproxy_user", password: "nevisproxypassword" };
    const clients = pair.hosts.map(({ name, address }) => new SessionClient(name, 3306, login, address).start());
    const restarting = { ...AS_IT_IS, settings: { ...settings, back_log: 77 } };
    await pair.up(restarting);
    for (const client of clients) await client.stop();
    await pair.catchUp();

    expect(await logs(pair)).toEqual(before);
    const after = await names(pair);
    for (const [index, text] of kept.entries()) {
      expect(after[index]?.split("\n").length).toBeGreaterThan(text.split("\n").length);
      expect(after[index]).toMatch(/^mariadb-bin\.000001\t/);
    }
    const acknowledged = clients.flatMap((client) => client.acknowledged).sort();
    expect(acknowledged.length).toBeGreaterThan(100);
    for (const host of pair.hosts) {
      const rows = (await host.sql(`SELECT id FROM ${SESSION}`)).split("\n").sort();
      expect(rows).toEqual(expect.arrayContaining(acknowledged));
    }
    expect(await pair.drift(restarting)).toEqual({});
  });
});
