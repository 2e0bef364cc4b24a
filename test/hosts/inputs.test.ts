import * as path from "node:path";
import type { SshHostInputs } from "../../provider/src/inputs";
import { HostPair } from "../support/hosts/hostPair";
import { newKey } from "../support/hosts/sshKeys";

/** What is said of a machine, all the way through an `up`: names that a shell would take for something else, and other keys. */

jest.setTimeout(120_000);

it("a settings file whose name has quotes, blanks, a line break and commands in it is written, read, shown and removed as it is", async () => {
  const settingsFile =
    '/etc/mysql/mariadb.conf.d/zz it\'s "ours" $(touch pwned)\n`touch pwned`; touch pwned & -rf *.cnf';
  await using pair = await HostPair.planned({ inputs: { settingsFile } }, [{ user: "deploy" }, {}]);
  const each = (command: string[]) => Promise.all(pair.hosts.map((host) => host.exec(command)));

  await pair.up();
  expect(pair.kept.get("sessions-db1")?.outs["configFile"]).toBe(settingsFile);
  for (const text of await each(["cat", "--", settingsFile])) expect(text).toContain("gtid_domain_id");
  expect(await pair.drift()).toEqual({});

  const [one, two] = pair.hosts;
  await one.exec(["sed", "-i", "s/^max_connections=.*/max_connections=78/", settingsFile]);
  await two.exec(["rm", "--", settingsFile]);
  expect(await pair.drift()).toEqual({ "sessions-db1": ["configText"], "sessions-db2": ["configText"] });
  await pair.up();
  expect(await pair.drift()).toEqual({});

  await pair.down();
  expect(await each(["find", path.dirname(settingsFile), "-name", "zz*"])).toEqual(["", ""]);
  for (const host of pair.hosts) expect(await host.sh("find / -xdev -name pwned")).toBe("");
});

it("how a machine is reached may change, keys and all: nothing on it is touched", async () => {
  const login: Partial<SshHostInputs> = {};
  await using pair = await HostPair.planned({}, [{ inputs: login }, {}]);
  const [one] = pair.hosts;
  const traces = async () => [
    await one.sh("stat -c '%n %y %s' /etc/mysql/mariadb.conf.d/*"),
    await one.serverPid(),
    await one.sql("SELECT User, Host, Priv FROM mysql.global_priv"),
    await one.sql("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'system user' ORDER BY ID"),
  ];
  await pair.up();
  const before = await traces();

  const key = newKey();
  await one.exec(["tee", "/root/.ssh/authorized_keys"], { input: `${key.public}\n` });
  Object.assign(login, { privateKey: key.private, hostKeys: [newKey().public, one.hostKey] });
  expect(await pair.up()).toContain("sessions-db1");

  expect(await traces()).toEqual(before);
  expect(await pair.drift()).toEqual({});
});
