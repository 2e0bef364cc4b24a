import { SHORT_WAITS } from "../support/engine/declaredPair";
import { failureOf } from "../support/engine/faults";
import { HostPair } from "../support/hosts/hostPair";
import { newKey } from "../support/hosts/sshKeys";

/** Before anything is stopped, both machines are looked at: one that does not let us in leaves the server of the other as it was. */

jest.setTimeout(120_000);

test("one on which sudo would stop the server and not start it: neither is stopped", async () => {
  const all = "deploy ALL=(root) NOPASSWD: ALL";
  await using pair = await HostPair.planned({ user: "deploy", sudoers: `${all}\n` }, [
    {},
    { sudoers: `${all}, !/usr/sbin/service mariadb start\n` },
  ]);
  const pids = () => Promise.all(pair.hosts.map((host) => host.serverPid()));
  const before = await pids();
  const { message } = await failureOf(pair.up(SHORT_WAITS));
  expect(message).toMatch(/may not run this as root without a password: service mariadb start/);
  expect(message).toMatch(/nothing was stopped/i);
  expect(await pids()).toEqual(before);
});

test.each([
  ["shows another host key", { hostKeys: [newKey().public] }, /shows the host key .* but "hostKeys" has/],
  ["refuses the login", { privateKey: newKey().private }, /refuses the login with the key/],
])("one that %s", async (_, changes, reason) => {
  await using pair = await HostPair.planned();
  const [one, two] = pair.hosts;
  const pid = () => two.exec(["pidof", "mariadbd"]);
  const before = await pid();
  const { message } = await failureOf(pair.up({ ...SHORT_WAITS, firstHost: { ...one.inputs, ...changes } }));
  expect(message).toMatch(reason);
  expect([await pid(), await two.sql("SELECT @@log_bin")]).toEqual([before, "0"]);
});

test("one whose init script could not log in to stop the server: neither is stopped", async () => {
  await using pair = await HostPair.planned();
  await pair.up(SHORT_WAITS);
  const pids = () => Promise.all(pair.hosts.map((host) => host.serverPid()));
  const before = await pids();
  await pair.host(2).sql("ALTER USER root@localhost IDENTIFIED BY 'by hand'");
  const { message } = await failureOf(
    pair.up({ ...SHORT_WAITS, settings: { ...SHORT_WAITS.settings, back_log: 120 } }),
  );
  expect(message).toMatch(
    /db2 has to restart for back_log, but .*debian\.cnf does not let it log in \(.*Access denied/s,
  );
  expect(message).toMatch(/nothing was stopped/i);
  expect(await pids()).toEqual(before);
});
