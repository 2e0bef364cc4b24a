import { createHash } from "node:crypto";
import { openHost } from "../../provider/src/hosts";
import type { Host } from "../../provider/src/hosts/Host";
import { until } from "../../provider/src/waiting";
import { ContainerHost } from "../support/hosts/containerHost";
import { cut } from "../support/hosts/networkFaults";
import { TestNetwork } from "../support/hosts/testNetwork";

/** Files of a machine over SSH, as root and by sudo. */

jest.setTimeout(60_000);

const ACCESS = { mode: 0o644 };
let network: TestNetwork;
let machines: ContainerHost[];

beforeAll(async () => {
  network = await TestNetwork.create();
  const users = ["root", "deploy"];
  machines = await Promise.all(
    users.map((user) => ContainerHost.start(network, { name: `of-${user}`, user, withServer: false })),
  );
});
afterAll(async () => {
  await Promise.all(machines.map((machine) => machine[Symbol.asyncDispose]()));
  await network?.[Symbol.asyncDispose]();
});

const both = (work: (machine: ContainerHost, host: Host) => Promise<void>): Promise<unknown> =>
  Promise.all(machines.map((machine) => work(machine, openHost(machine.inputs))));

/** Paths that a shell would take for something else. */
const NASTY = [
  "it's",
  'a "quoted" name',
  "$(touch pwned)",
  "`touch pwned`",
  "; touch pwned",
  "& touch pwned #",
  "two\nlines",
  "-rf",
  "--help",
  "*",
  "~root",
  "$HOME",
  "\\",
  " ",
  "ünïcødé",
];

it("a path is a path, whatever is in it: quotes, blanks, line breaks, substitutions, leading dashes", () =>
  both(async (machine, host) => {
    await Promise.all(
      NASTY.map(async (name) => {
        const file = `/srv/files/${name}/${name}.cnf`;
        await host.writeFile(file, `of ${name}\n`, ACCESS);
        expect(await machine.exec(["cat", "--", file])).toBe(`of ${name}\n`);
        expect(await host.readFile(file)).toMatchObject({ text: `of ${name}\n`, mode: 0o644 });
        expect(await host.run(["printf", "%s", name])).toBe(name);
        expect(await host.run(["printf", "%s", name], { asSuperuser: true })).toBe(name);
      }),
    );
    // One name is a line of the answer.
    for (const name of NASTY.filter((each) => !each.includes("\n"))) {
      const found = await host.readFolder(`/srv/files/${name}`, /\.cnf$/);
      expect([...(found?.files ?? [])]).toMatchObject([[`${name}.cnf`, { text: `of ${name}\n`, mode: 0o644 }]]);
    }
    expect((await machine.sh("ls -A /srv/files | wc -l")).trim()).toBe(String(NASTY.length + 1));
    for (const name of NASTY) await host.removeFile(`/srv/files/${name}/${name}.cnf`);
    expect(await machine.sh("find /srv/files -type f")).toBe("");
    expect(await machine.sh("find / -xdev -name pwned")).toBe("");
    // Many at a time, but no more than one connection has room for.
    expect(await machine.handshakes()).toBe(1);
  }));

it("a file has the owner and the permissions that were asked for, from its first byte on", () =>
  both(async (machine, host) => {
    const look = async (file: string) => (await machine.exec(["stat", "-c", "%a %U:%G", file])).trim();
    await host.writeFile("/etc/ours/open.cnf", "a", ACCESS);
    await host.writeFile("/etc/ours/key.pem", "a", { mode: 0o600, ofServer: true });
    expect(await look("/etc/ours/open.cnf")).toBe("644 root:root");
    expect(await look("/etc/ours/key.pem")).toBe("600 mysql:mysql");
    // Also where the former one was open to all.
    await machine.sh("chmod 666 /etc/ours/key.pem; chown root:root /etc/ours/key.pem");
    await host.writeFile("/etc/ours/key.pem", "b", { mode: 0o600, ofServer: true });
    expect(await look("/etc/ours/key.pem")).toBe("600 mysql:mysql");
    expect(await host.readFile("/etc/ours/key.pem")).toMatchObject({ text: "b", mode: 0o600, owner: "mysql:mysql" });
    expect(await host.readFile("/etc/ours/none")).toBeUndefined();
    expect(await host.readFile("/etc/ours/key.pem/none")).toBeUndefined();
  }));

it("whose a file is, is seen, also where only root may look; what can't be read as a file is named, and nothing waits for it", () =>
  both(async (machine, host) => {
    await machine.sh(`mkdir -p /srv/kinds/shut; cd /srv/kinds; chmod 700 shut; useradd -M ops; echo 'two words:x:4713:' >>/etc/group
      echo a >theirs; chown ops:4713 theirs; echo b >shut/in; chown 4711:4712 shut/in; chmod 640 shut/in
      mkfifo fifo shut/fifo; truncate -s 2M long; ln -s /dev/null null; ln -s none broken; ln -s circle circle; : >empty`);
    const look = async (name: string) => host.readFile(`/srv/kinds/${name}`);
    expect(await look("theirs")).toMatchObject({ text: "a\n", mode: 0o644, owner: "ops:two words" });
    expect(await look("shut/in")).toMatchObject({
      text: "b\n",
      mode: 0o640,
      uid: 4711,
      gid: 4712,
      owner: "UNKNOWN:UNKNOWN",
    });
    const [uid, gid] = (await machine.sh("id -u mysql; id -g mysql")).split("\n").map(Number);
    expect(await host.ownerOf({ mode: 0o600, ofServer: true })).toEqual({ uid, gid });
    expect(await look("fifo")).toMatchObject({ text: "", unread: "it is not a file but a fifo" });
    expect(await look("shut/fifo")).toMatchObject({ text: "", unread: "it is not a file but a fifo" });
    expect(await host.readFile("/dev/zero")).toMatchObject({ unread: "it is not a file but a character special file" });
    expect(await look("long")).toMatchObject({ text: "", unread: "it is longer than 1 MiB" });
    expect(await look("shut")).toMatchObject({ text: "", isFolder: true, mode: 0o700, owner: "root:root" });
    for (const name of ["null", "empty"]) expect(await look(name)).toMatchObject({ text: "", isFolder: false });
    expect((await look("null"))?.unread).toBeUndefined();
    for (const name of ["none", "broken", "circle", "theirs/none"]) expect(await look(name)).toBeUndefined();
    expect(await host.readFolder("/srv/kinds/none", /./)).toBeUndefined();
    expect([...((await host.readFolder("/srv/kinds", /^(theirs|broken|shut)$/))?.files ?? [])]).toMatchObject([
      ["theirs", { text: "a\n" }],
    ]);
  }));

it("what each program says besides of itself is no part of a file: its facts are, or it is an error", () =>
  both(async (machine, host) => {
    await machine.sh("mkdir -p /srv/noise; cd /srv/noise; echo a >open; echo b >shut; chmod 600 shut");
    const look = async (name: string) => host.readFile(`/srv/noise/${name}`);
    await machine.sh("echo /usr/lib/removed-agent.so >/etc/ld.so.preload");
    try {
      expect(await look("open")).toMatchObject({ text: "a\n", mode: 0o644, owner: "root:root" });
      expect(await look("shut")).toMatchObject({ text: "b\n", mode: 0o600, owner: "root:root" });
      expect(await look("none")).toBeUndefined();
      expect(await host.readFolder("/srv/noise/none", /./)).toBeUndefined();
      await host.writeFile("/srv/noise/ours", "of us\n", ACCESS);
      expect(await look("ours")).toMatchObject({ text: "of us\n", mode: 0o644 });
    } finally {
      await machine.sh("rm /etc/ld.so.preload");
    }
    await machine.exec(["tee", "/usr/local/bin/stat"], { input: "#!/bin/sh\necho unusual\n" });
    await machine.sh("chmod +x /usr/local/bin/stat");
    try {
      await expect(look("open")).rejects.toThrow(/what `stat` says of \/srv\/noise\/open can't be read: "unusual"/);
    } finally {
      await machine.sh("rm /usr/local/bin/stat");
    }
  }));

it("however many files a folder has, all are read, over one connection", () =>
  both(async (machine, host) => {
    const before = await machine.handshakes();
    await machine.sh(`mkdir -p /srv/many; cd /srv/many; i=0
      while [ $i -lt 3000 ]; do echo $i >"it's the option file number $i.cnf"; i=$((i+1)); done`);
    const { files } = (await host.readFolder("/srv/many", /\.cnf$/)) ?? {};
    expect(files?.size).toBe(3000);
    for (const number of [0, 1471, 2999]) {
      expect(files?.get(`it's the option file number ${number}.cnf`)).toMatchObject({ text: `${number}\n` });
    }
    expect((await machine.handshakes()) - before).toBeLessThanOrEqual(1);
  }));

it("a sudo that logs what programs read and write leaves them what they read", async () => {
  const [, machine] = machines as [ContainerHost, ContainerHost];
  const file = "/etc/sudoers.d/zz-log";
  await machine.exec(["tee", file], { input: "Defaults log_input, log_output, use_pty\n" });
  try {
    const host = openHost(machine.inputs);
    const text = "of us\n".repeat(20_000);
    await host.writeFile("/srv/logged/file.cnf", text, ACCESS);
    expect(await machine.exec(["cat", "/srv/logged/file.cnf"])).toBe(text);
    expect(await host.run(["cat"], { asSuperuser: true, input: "given\n" })).toBe("given\n");
  } finally {
    await machine.sh(`rm ${file}`);
  }
});

const big = (letter: string): string => letter.repeat(2_000_000);
const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

it("who reads a file while it is written sees the former one or the new one, never a part", () =>
  both(async (machine, host) => {
    const [a, b] = [big("a"), big("b")];
    await host.writeFile("/srv/whole.cnf", a, ACCESS);
    const reading = machine.sh("while [ ! -e /srv/stop ]; do sha256sum </srv/whole.cnf; done | sort -u; rm /srv/stop");
    for (const text of [b, a, b, a, b, a, b, a]) await host.writeFile("/srv/whole.cnf", text, ACCESS);
    await machine.sh("touch /srv/stop");
    const seen = (await reading).split("\n").flatMap((line) => line.split(" ")[0] || []);
    expect(seen.sort()).toEqual([digest(a), digest(b)].sort());
  }));

it("a connection that is cut while a file is written leaves the former one, and nothing of the new one", () =>
  both(async (machine, host) => {
    await host.writeFile("/srv/cut.cnf", "former", ACCESS);
    const written = host.writeFile("/srv/cut.cnf", "x".repeat(200_000_000), ACCESS).then(
      () => "it was written",
      (error: Error) => error.message,
    );
    const size = async () => Number(await machine.sh("stat -c %s /srv/cut.cnf.unfinished 2>/dev/null || echo 0"));
    const begun = { what: "a part of it", deadline: 20_000 };
    await until(begun, async () => ((await size()) > 1_000_000 ? { done: undefined } : { seen: "nothing" }));
    expect(await cut({ to: machine, port: 22, from: network.gateway })).toBe(1);
    expect(await written).toMatch(/the connection to \S+ (was|is) lost/);
    await until({ what: "the machine to clean up", deadline: 20_000 }, async () => {
      const files = (await machine.sh("ls /srv")).split("\n").filter((name) => name.startsWith("cut"));
      return files.length === 1 ? { done: undefined } : { seen: files.join() };
    });
    expect(await host.readFile("/srv/cut.cnf")).toMatchObject({ text: "former", mode: 0o644 });
  }));

it("a disk that is full is named, and the former file stays", async () => {
  const [machine] = machines as [ContainerHost];
  const host = openHost(machine.inputs);
  await host.writeFile("/dev/shm/full.cnf", "former", ACCESS);
  await expect(host.writeFile("/dev/shm/full.cnf", "x".repeat(80_000_000), ACCESS)).rejects.toThrow(
    /tee \/dev\/shm\/full\.cnf.*No space left on device/s,
  );
  expect(await machine.sh("ls /dev/shm; cat /dev/shm/full.cnf")).toBe("full.cnf\nformer");
});

it("where SELinux rules, a file keeps its context (stand-ins for its programs: no SELinux here)", () =>
  both(async (machine, host) => {
    await machine.exec(["tee", "/usr/local/bin/selinuxenabled"], { input: "#!/bin/sh\n" });
    await machine.exec(["tee", "/usr/local/bin/chcon"], { input: '#!/bin/sh\necho "$@" >>/srv/chcon\n' });
    await machine.sh("chmod +x /usr/local/bin/*");
    await host.writeFile("/srv/new.cnf", "a", ACCESS);
    await expect(machine.sh("test -e /srv/chcon")).rejects.toThrow();
    await host.writeFile("/srv/new.cnf", "b", ACCESS);
    expect(await machine.sh("cat /srv/chcon")).toBe("--reference=/srv/new.cnf -- /srv/new.cnf.unfinished\n");
  }));
