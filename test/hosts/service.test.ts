import { openHost } from "../../provider/src/hosts";
import { failureOf } from "../support/engine/faults";
import { HostPair } from "../support/hosts/hostPair";
import { layOutAsRedHat } from "../support/hosts/redHat";

/** Where distributions have MariaDB's files and service. */

jest.setTimeout(120_000);

const SETTINGS = {
  debian: "/etc/mysql/mariadb.conf.d/99-session-store.cnf",
  redHat: "/etc/my.cnf.d/99-session-store.cnf",
};

/** A start that fails, since the data are not of that kind. */
const WRONG = { settings: { innodb_page_size: "8K" } };

/** What is said of it, by the server's own log, and what the machine is like then. */
async function expectFormerBack(
  pair: HostPair,
  number: 1 | 2,
  file: string,
  up: () => Promise<unknown>,
): Promise<void> {
  const host = pair.host(number);
  const text = await host.sh(`cat ${file}`);
  const { message } = await failureOf(up());
  expect(message).toMatch(
    /does not start with the new settings\. MariaDB on root@\S+ ended while it started( \(Job for mariadb.*\))?\. Its log says:\n/,
  );
  expect(message).toMatch(/\[ERROR\] InnoDB: .*page.size/i);
  expect(message).toContain(`The former option file was put back and db${number} runs with it.`);
  expect(await host.sh(`cat ${file}`)).toBe(text);
  expect(await host.sql("SELECT @@GLOBAL.innodb_page_size")).toBe("16384");
}

describe("systemd, on a machine laid out as Red Hat does (an imitation), and on one of Debian, where it keeps the server's socket too", () => {
  let pair: HostPair;
  beforeAll(async () => {
    pair = await HostPair.planned({ systemd: true });
    await layOutAsRedHat(pair.host(1));
    await pair.host(2).sh("systemctl is-active mariadb.socket");
    await pair.up();
  });
  afterAll(async () => {
    await pair?.[Symbol.asyncDispose]();
  });

  it("each has the option file where its distribution includes it last, with the distribution's owner and mode", async () => {
    const [one, two] = pair.hosts;
    for (const [host, file] of [
      [one, SETTINGS.redHat],
      [two, SETTINGS.debian],
    ] as const) {
      expect(await host.sh(`stat -c '%a %U:%G' ${file}`)).toBe("644 root:root\n");
      expect(await host.sql("SELECT @@GLOBAL.slave_exec_mode, @@GLOBAL.log_bin")).toBe("IDEMPOTENT\t1");
    }
    await expect(one.sh("ls /etc/mysql")).rejects.toThrow();
    expect(await pair.drift()).toEqual({});
  });

  it("a restart goes through the machine's own service", async () => {
    const settings = { innodb_buffer_pool_chunk_size: "4M" };
    const before = await Promise.all(pair.hosts.map((host) => host.serverPid()));
    await pair.up({ settings });
    const after = await Promise.all(pair.hosts.map((host) => host.serverPid()));
    for (const [index, pid] of after.entries()) expect(pid).not.toBe(before[index]);
    for (const [index, host] of pair.hosts.entries()) {
      expect(Number(await host.sh("systemctl show --property=MainPID --value mariadb"))).toBe(after[index]);
    }
    expect(await pair.drift({ settings })).toEqual({});
    await pair.up();
  });

  it.each([
    [1, SETTINGS.redHat],
    [2, SETTINGS.debian],
  ] as const)(
    "a start of db%d that fails shows the end of its own log and puts the former file back; it runs",
    async (number, file) => {
      await expectFormerBack(pair, number, file, () => pair.up({ only: [`sessions-db${number}`], ...WRONG }));
      expect(await pair.drift()).toEqual({});
    },
  );

  const OVERRIDE = "/etc/systemd/system/mariadb.service.d/override.conf";
  const override = (text: string) =>
    `install -D /dev/null ${OVERRIDE}; printf '${text}' >${OVERRIDE}; systemctl daemon-reload`;
  const END = `rm ${OVERRIDE}; systemctl daemon-reload`;
  const DATA = "/var/lib/mysql";
  const INDEX = `${DATA}/mariadbmaster-bin.index`;
  const BY_HAND = `systemctl stop mariadb.socket mariadb; (setsid mariadbd --user=mysql >/dev/null 2>&1 </dev/null &)
    timeout 30 sh -c 'until mariadb-admin --silent ping 2>/dev/null; do sleep 0.1; done'`;

  it.each([
    ["a mask", "systemctl mask mariadb", "systemctl unmask mariadb", /is masked, .*: systemctl unmask mariadb$/],
    [
      "no program",
      override("[Service]\\nExecStart=\\nExecStart=/none/mariadbd\\n"),
      END,
      /would start \/none\/mariadbd, which/,
    ],
    [
      "a condition",
      override("[Unit]\\nConditionPathExists=/none\\n"),
      END,
      /is not met \(ConditionPathExists=\/none\)/,
    ],
    ["a file of root", `chown root: ${INDEX}`, `chown mysql: ${INDEX}`, /owner and mode of \S+-bin\.index$/],
    ["a directory of root", `chown root: ${DATA}`, `chown mysql: ${DATA}`, /owner and mode of \/var\/lib\/mysql$/],
    ["no stop by hand", override("[Unit]\\nRefuseManualStop=yes\\n"), END, /may not be stopped .* \(CanStop=no\)/],
    [
      "a start by hand",
      BY_HAND,
      "mariadb-admin shutdown; systemctl start mariadb",
      /runs, but not by its service mariadb/,
    ],
  ])("what would keep a server from its restart is told before: %s", async (_, breakIt, mendIt, words) => {
    const [, two] = pair.hosts;
    await two.sh(breakIt);
    await two.serverPid();
    await expect(openHost(two.inputs).mayRestart()).rejects.toThrow(words);
    await two.sh(mendIt);
    await openHost(two.inputs).mayRestart();
  });

  it("a service that is masked: neither node is stopped, and one that is stopped is told why it does not start", async () => {
    const settings = { innodb_buffer_pool_chunk_size: "4M" };
    const [, two] = pair.hosts;
    const before = await Promise.all(pair.hosts.map((host) => host.serverPid()));
    await two.sh("systemctl mask mariadb");
    const { message } = await failureOf(pair.up({ settings }));
    expect(message).toMatch(
      /db2 has to restart for innodb_buffer_pool_chunk_size, but .* is masked.*Nothing was stopped/,
    );
    expect(await Promise.all(pair.hosts.map((host) => host.serverPid()))).toEqual(before);
    await two.sh("systemctl stop mariadb.socket mariadb");
    expect((await failureOf(pair.up())).message).toMatch(/does not start: its service mariadb is masked/);
    await two.sh("systemctl unmask mariadb");
    await pair.up();
    expect(await pair.drift()).toEqual({});
  });

  it("servers that do not start with the settings that they were given start with those that the program has now", async () => {
    for (const [host, file] of [
      [pair.host(1), SETTINGS.redHat],
      [pair.host(2), SETTINGS.debian],
    ] as const)
      await host.sh(`systemctl stop mariadb.socket; systemctl stop mariadb; echo no_such_option=1 >>${file}`);
    const { message } = await failureOf(pair.up({ ...WRONG, only: ["sessions-db1"] }));
    expect(message).toMatch(
      /With the former: .*no_such_option.*With the wanted one: .*page.size.*The former one was put back/is,
    );
    expect(message.slice(message.indexOf("With the wanted one"))).not.toContain("no_such_option");
    const settings = { back_log: 91 };
    await pair.up({ settings });
    for (const host of pair.hosts) expect(await host.sql("SELECT @@GLOBAL.back_log")).toBe("91");
    expect(await pair.drift({ settings })).toEqual({});
    await pair.up();
  });

  it("a server that was stopped by hand is shown, and started by up", async () => {
    await pair.host(2).sh("systemctl stop mariadb.socket");
    for (const host of pair.hosts) await host.sh("systemctl stop mariadb");
    expect(await pair.drift()).toMatchObject({ "sessions-db1": ["state"], "sessions-db2": ["state"] });
    expect(pair.kept.get("sessions-db1")?.outs["state"]).toBe("stopped");
    await pair.up();
    expect(await pair.drift()).toEqual({});
  });
});

it("an init script: a start that fails shows the end of the server's own log and puts the former file back; it runs", async () => {
  const log = "[mysqld_safe]\nskip_syslog\nlog_error=/var/lib/mysql/error.log\n";
  const files = { "/etc/mysql/mariadb.conf.d/60-log.cnf": log };
  await using pair = await HostPair.planned({}, [{ files }, {}]);
  await pair.up({ only: ["sessions-db1"] });
  await expectFormerBack(pair, 1, SETTINGS.debian, () => pair.up({ only: ["sessions-db1"], ...WRONG }));
});

it("a machine on which no option file includes a folder is told what to do, and nothing is touched", async () => {
  await using pair = await HostPair.planned({}, [{}, { withServer: false }]);
  const host = pair.host(1);
  await host.sh("sed -i '/^!includedir/d' /etc/mysql/mariadb.cnf");
  const { message } = await failureOf(pair.up({ only: ["sessions-db1"] }));
  expect(message).toMatch(/option files include no folder.*Add a line "!includedir .*give "settingsFile" a path/s);
  expect(await host.sql("SELECT COUNT(*) FROM mysql.user WHERE User = 'session_store_admin'")).toBe("0");
});
