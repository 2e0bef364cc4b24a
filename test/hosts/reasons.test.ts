import { openHost } from "../../provider/src/hosts";
import { type Host, SuperuserRefused } from "../../provider/src/hosts/Host";
import { Run } from "../../provider/src/run";
import { until } from "../../provider/src/waiting";
import { failureOf } from "../support/engine/faults";
import type { ContainerHost } from "../support/hosts/containerHost";
import { HostPair } from "../support/hosts/hostPair";

/** What a machine said is the reason that is told, wherever it said it. */

jest.setTimeout(120_000);

const only = ["sessions-db1"];
let pair: HostPair;
let machine: ContainerHost;

beforeAll(async () => {
  pair = await HostPair.planned({ user: "deploy" });
  machine = pair.host(1);
  await pair.up({ only });
});
afterAll(() => pair?.[Symbol.asyncDispose]());

it.each([
  [
    "into a place where there is none",
    "/proc/none",
    'saying "sudo: unable to mkdir /proc/none: No such file or directory": ',
  ],
  [
    "on a full disk, of which sudo says nothing",
    "/dev/shm/log",
    "and said nothing, as sudo does where it can't write its log",
  ],
])(
  "sudo that can't write its log of what it ran, %s: nothing is missed or full, and sudo is named",
  async (_, folder, said) => {
    const file = "/etc/sudoers.d/zz-log";
    await machine.sh("dd if=/dev/zero of=/dev/shm/fill 2>/dev/null || true");
    await machine.sh("chmod 700 /var/lib/mysql");
    await machine.exec(["tee", file], { input: `Defaults log_output, iolog_dir=${folder}\n` });
    try {
      const host = openHost(machine.inputs);
      for (const work of [
        host.readFile("/etc/shadow"),
        host.readFolder("/root", /./),
        host.removeFile("/etc/none"),
        host.hasData(),
        host.run(["true"], { asSuperuser: true }),
        host.openStream({ asSuperuser: true }),
        pair.up({ only, settings: { max_connections: "77" } }),
      ]) {
        const { message } = await failureOf(work);
        expect(message).toContain(`did not run this by sudo, or not to its end, ${said}`);
        expect(message).not.toMatch(/Make room|writable|does not run/);
      }
      await expect(host.removeFile("/etc/none")).rejects.toThrow(SuperuserRefused);
      await machine.sh("service mariadb stop >/dev/null 2>&1 </dev/null");
      await expect(host.startService()).rejects.toThrow(said);
    } finally {
      await machine.sh(
        `rm -f ${file} /dev/shm/fill; chmod 755 /var/lib/mysql; service mariadb start >/dev/null 2>&1 </dev/null`,
      );
    }
  },
);

describe("sudo that runs nothing: it is told what it said, and what to do", () => {
  it.each([
    [
      "without a terminal",
      "echo 'Defaults requiretty' >/etc/sudoers.d/zz",
      "rm /etc/sudoers.d/zz",
      /"sudo: sorry, you must have a tty to run sudo"\. Add the line "Defaults:deploy !requiretty" to the machine's sudoers file/,
    ],
    [
      "since it is not there",
      "mv /usr/bin/sudo /usr/bin/sudo.off; mkdir -p /usr/libexec/sudo",
      "mv /usr/bin/sudo.off /usr/bin/sudo",
      /did not run this by sudo, .*saying "sudo: there is none in PATH": .*Repair how sudo is set up there, or log in as root/,
    ],
    [
      "since perl is not there",
      "mv /usr/bin/perl /usr/bin/perl.off",
      "mv /usr/bin/perl.off /usr/bin/perl",
      /no way to the server's socket \S+: sudo: perl: command not found\. Install perl there/,
    ],
    [
      "since its path is another",
      "echo 'Defaults secure_path=/opt/none' >/etc/sudoers.d/zz",
      "rm /etc/sudoers.d/zz",
      /no way to the server's socket \S+: sudo: perl: command not found\. Install perl there .*secure_path/,
    ],
  ])("%s", async (_, spoil, restore, told) => {
    await machine.sh(spoil);
    try {
      expect((await failureOf(openHost(machine.inputs).openStream({ asSuperuser: true }))).message).toMatch(told);
    } finally {
      await machine.sh(restore);
    }
  });
});

describe("a server whose socket is elsewhere: it is told where it was looked for, what was seen there, and what the service said", () => {
  const looked = "/run/mysqld/mysqld\\.sock";
  const seen = "(No such file or directory|nothing listens on it)";
  it.each([
    [
      "start",
      new RegExp(`to take connections on ${looked}, which .*; ${seen} \\(process `),
      (host: Host) => host.startService(),
    ],
    [
      "stop",
      new RegExp(`to stop \\(waited .* a greeting on ${looked}; .*${seen}.*its service said "Stopping MariaDB`),
      (host: Host) => host.stopService(),
    ],
  ])("%s", async (_, told, work) => {
    const lines: string[] = [];
    const print = jest.spyOn(Run.current, "sink").mockImplementation((line) => void lines.push(line));
    try {
      await machine.sh(`service mariadb stop >/dev/null 2>&1 </dev/null
        setsid mariadbd-safe --socket=/run/mysqld/elsewhere.sock >/dev/null 2>&1 </dev/null &
        timeout 30 sh -c 'until mariadb --socket=/run/mysqld/elsewhere.sock -e "SELECT 1"; do sleep 0.1; done' >/dev/null 2>&1`);
      const done = work(openHost(machine.inputs));
      await until({ what: `${told}`, deadline: 30_000 }, async () =>
        lines.some((line) => told.test(line)) ? { done: undefined } : { seen: "other lines" },
      );
      await machine.sh("pkill mariadbd");
      expect(await done).toBeUndefined();
    } finally {
      print.mockRestore();
    }
  });
});
