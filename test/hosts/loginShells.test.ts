import { randomBytes } from "node:crypto";
import { Readable, Writable } from "node:stream";
import fc from "fast-check";
import { openHost } from "../../provider/src/hosts";
import { greets } from "../../provider/src/hosts/greets";
import { HostUnreachable } from "../../provider/src/hosts/Host";
import { quote } from "../../provider/src/hosts/ssh/commands";
import { forLoginShell } from "../../provider/src/hosts/ssh/loginShell";
import type { SshHostInputs } from "../../provider/src/inputs";
import { ContainerHost } from "../support/hosts/containerHost";
import { TestNetwork } from "../support/hosts/testNetwork";

/** Login shells of all kinds, whose scripts write, read and change what they like before a command of ours begins, and after its end. */

jest.setTimeout(120_000);

/** Each line is in place of a kind of things that people have in such scripts. */
const OF_BASH = `
printf 'Welcome'; printf 'stdin: is not a tty' >&2
head -c 9000 /dev/urandom; head -c 9000 /dev/zero >&2
printf '\\n5.5.5\\n\\0systemd nothing\\n\\0No such file or directory\\nConnection refused\\n' | tee /dev/stderr
s() { echo stolen; }; quiet() { echo stolen; }; rm() { echo stolen; }; cat() { echo stolen; }; stat() { echo stolen; }
export -f s quiet rm cat stat
shopt -s expand_aliases; alias mv='mv -i' ls='ls --color=always -l' install=false
IFS=/; CDPATH=/etc; LANG=de_DE.UTF-8; LC_MESSAGES=de_DE.UTF-8; PATH=$PATH:; export IFS CDPATH LANG LC_MESSAGES
umask 077; mkdir -p /tmp/gone.$$; cd /tmp/gone.$$; rmdir /tmp/gone.$$
trap 'echo bye; echo bye >&2; exit 7' EXIT
sleep 300 &
set -o noclobber -o pipefail -ufxv; export SHELLOPTS
`;
const OF_ZSH = `
printf 'Welcome'; printf 'Welcome' >&2
alias rm='rm -i' cat='cat -n' s=false; alias -g -- '|'='&&'
rm() { echo stolen; }; TRAPEXIT() { echo bye; echo bye >&2; return 7 }
setopt err_exit no_unset sh_word_split ksh_arrays xtrace verbose; cd /tmp; umask 077
`;
const OF_FISH = `
echo -n Welcome; echo -n Welcome >&2
alias rm 'rm -i'; function cat; echo stolen; end; function s; echo stolen; end
function bye --on-event fish_exit; echo bye; echo bye >&2; end
cd /tmp; umask 077; set -gx LC_ALL de_DE.UTF-8; set -g fish_trace 1
`;
const OF_CSH = `
echo -n Welcome; sh -c 'printf Welcome >&2'
alias rm 'rm -i'; alias cat echo stolen; alias s echo stolen
set noclobber; set echo; set verbose; set noglob; set history=100; setenv LC_ALL de_DE.UTF-8; cd /tmp; umask 077
`;
/** sshd runs this one, whatever the shell is. */
const OF_SSHD = "printf Welcome; printf Welcome >&2\n";

/** A user for each shell, and the script that it reads first. */
const USERS: Readonly<Record<string, readonly [shell: string, script: string, text: string]>> = {
  bash: ["/bin/bash", ".bashrc", OF_BASH],
  zsh: ["/bin/zsh", ".zshenv", OF_ZSH],
  fish: ["/usr/bin/fish", ".config/fish/config.fish", OF_FISH],
  tcsh: ["/bin/tcsh", ".tcshrc", OF_CSH],
  csh: ["/bin/bsd-csh", ".cshrc", OF_CSH],
  mksh: ["/bin/mksh", ".ssh/rc", OF_SSHD],
  dash: ["/bin/dash", ".ssh/rc", OF_SSHD],
};
const users = Object.keys(USERS);

let network: TestNetwork;
let machine: ContainerHost;

/** A user of that machine, with that shell and script. */
async function addUser(user: string, shell: string, script: string, text: string): Promise<void> {
  const file = `/home/${user}/${script}`;
  await machine.sh(`useradd --create-home --shell ${shell} u-${user} --home-dir /home/${user}
    install -D -m 600 /authorized_keys /home/${user}/.ssh/authorized_keys
    echo 'u-${user} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/${user}; mkdir -p $(dirname ${file})`);
  await machine.exec(["tee", file], { input: text });
  await machine.sh(`chown -R u-${user}: /home/${user}`);
}

const hostOf = (user: string, changes: Partial<SshHostInputs> = {}) =>
  openHost({ ...machine.inputs, user: user === "root" ? user : `u-${user}`, ...changes });

beforeAll(async () => {
  network = await TestNetwork.create();
  machine = await ContainerHost.start(network);
  for (const [user, how] of Object.entries(USERS)) await addUser(user, ...how);
});
afterAll(async () => {
  await machine?.[Symbol.asyncDispose]();
  await network?.[Symbol.asyncDispose]();
});

it("each shell hands over whatever is written, as it is", async () => {
  const DRIVER = `
import json, subprocess, sys
shells, lines = json.load(sys.stdin)
run = lambda shell, line: subprocess.run([shell, "-c", line], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL).stdout.hex()
print(json.dumps([[run(shell, line) for shell in shells] for line in lines]))
`;
  const shells = Object.values(USERS).map(([shell]) => shell);
  const unit = fc.oneof(
    fc.constantFrom(..."'\"\\!$`\n\t ;&|<>()[]{}*?~^#%=-", "\\'", "!!", "\\\n"),
    fc.string({ unit: "binary", maxLength: 1 }),
  );
  const text = fc.oneof(
    fc.string({ unit, maxLength: 30 }),
    fc.string({ unit, minLength: 180, maxLength: 450 }),
    fc.string({ minLength: 5000, maxLength: 9000 }),
  );
  const withoutZero = text.map((each) => each.replace(/\0|\p{Surrogate}/gu, ""));
  await fc.assert(
    fc.asyncProperty(fc.array(withoutZero, { minLength: 12, maxLength: 12 }), async (texts) => {
      const lines = texts.map((each) => forLoginShell(`printf %s. ${quote(each)}`));
      const input = JSON.stringify([shells, lines]);
      const written: string[][] = JSON.parse(await machine.exec(["python3", "-c", DRIVER], { input }));
      expect(written).toEqual(texts.map((each) => shells.map(() => Buffer.from(`${each}.`).toString("hex"))));
    }),
    { numRuns: 3 },
  );
});

describe.each(users)("%s", (user) => {
  const file = `/srv/${user}/of 'us'.cnf`;

  it("commands, as the user and as root, return what they write and nothing else, and their own exit code", async () => {
    const host = hostOf(user);
    expect(await host.run(["echo", "it's"])).toBe("it's\n");
    expect(await host.run(["id", "-un"], { asSuperuser: true })).toBe("root\n");
    expect(await host.run(["cat"], { input: "given\n" })).toBe("given\n");
    const failing = (command: string[]) => expect(host.run(command)).rejects;
    await failing(["sh", "-c", "echo why >&2; exit 3"]).toThrow(/^u-\S+: "[\s\S]*" ended with 3: why$/);
    await failing(["sh", "-c", "echo why; exit 3"]).toThrow(/^u-\S+: "[\s\S]*" ended with 3: why$/);
    await failing(["sh", "-c", "exit 3"]).toThrow(/ ended with 3 and said nothing$/);
    await failing(["sh", "-c", "kill -9 $PPID"]).toThrow(/ ended with (a signal|137)/);
  });

  it("files are written, read, listed and missed", async () => {
    const host = hostOf(user);
    await host.writeFile(file, "of us\n", { mode: 0o644 });
    expect(await machine.exec(["stat", "-c", "%a", "--", `/srv/${user}`, file])).toBe("755\n644\n");
    expect(await host.readFile(file)).toMatchObject({ text: "of us\n", mode: 0o644 });
    expect([...((await host.readFolder(`/srv/${user}`, /cnf$/))?.files.keys() ?? [])]).toEqual(["of 'us'.cnf"]);
    await host.removeFile(file);
    expect(await host.readFile(file)).toBeUndefined();
  });

  it("the machine is known by its own answers, and the server greets through a bridge as the superuser", async () => {
    const host = hostOf(user);
    expect(await host.socket()).toBe("/run/mysqld/mysqld.sock");
    expect(await host.settingsFile()).toBe("/etc/mysql/mariadb.conf.d/99-session-store.cnf");
    expect(await host.hasData()).toBe(true);
    const stream = await host.openStream({ asSuperuser: true });
    // Of a MySQL packet the fourth byte is its number.
    expect((await stream.take(1).toArray())[0][3]).toBe(0);
    expect(await greets(await host.openStream({ asSuperuser: true }))).toBe(true);
  });
});

it("what bash takes over from the environment where it is sh, as on Red Hat, is not ours", async () => {
  const host = hostOf("bash");
  await machine.sh("ln -sf bash /bin/sh");
  try {
    await host.writeFile("/srv/sh.cnf", "of us\n", { mode: 0o644 });
    expect(await host.readFile("/srv/sh.cnf")).toMatchObject({ text: "of us\n", mode: 0o644 });
    await expect(host.run(["cat", "/none"], { asSuperuser: true })).rejects.toThrow(
      /ended with 1: cat: \/none: No such/,
    );
  } finally {
    await machine.sh("ln -sf dash /bin/sh");
  }
});

it("a dump goes through whole, and what is given goes to the command and not to a script that reads", async () => {
  await addUser("reader", "/bin/bash", ".bashrc", "echo Welcome; read -t 0.2 line; echo $line\n");
  const host = hostOf("reader");
  const given = randomBytes(3_000_000);
  const pieces: Buffer[] = [];
  const output = new Writable({ write: (piece, _, done) => done(void pieces.push(piece)) });
  await host.run(["cat"], { input: Readable.from([given]), output });
  expect(Buffer.concat(pieces).equals(given)).toBe(true);
});

it.each([
  ["merged", "both outputs in one", "exec 2>&1"],
  ["logged", "a log of both", "exec > >(tee -a /tmp/session.log) 2>&1"],
  ["apart", "a log of each", "exec > >(tee -a /tmp/out.log) 2> >(tee -a /tmp/err.log >&2)"],
  ["crossed", "errors by way of another program to the other output", "exec 2> >(tee -a /tmp/crossed.log)"],
  ["silent", "no errors at all", "exec 2>/dev/null"],
])(
  "outputs that a login script sends elsewhere: what was said, how it ended and what is missing are still told apart: %s (%s)",
  async (user, _, text) => {
    await addUser(user, "/bin/bash", ".bashrc", `echo Welcome; echo Welcome >&2; ${text}\n`);
    const host = hostOf(user);
    expect(await host.run(["sh", "-c", "echo out; echo err >&2; echo end"])).toBe("out\nend\n");
    expect(await host.run(["sh", "-c", "cat; id -un"], { input: "given\n", asSuperuser: true })).toBe("given\nroot\n");
    const failing = host.run(["sh", "-c", "echo out; echo why >&2; exit 3"]);
    await expect(failing).rejects.toThrow(/^u-\S+: "[\s\S]*" ended with 3: why$/);
    await expect(host.run(["sh", "-c", "exit 164"])).rejects.toThrow(/ ended with 164 and said nothing$/);
    expect(await host.readFile("/etc/shadow")).toMatchObject({
      owner: "root:shadow",
      text: expect.stringMatching(/^root:/),
    });
    await host.writeFile(`/srv/${user}.cnf`, "of us\n", { mode: 0o640 });
    expect(await host.readFile(`/srv/${user}.cnf`)).toMatchObject({ text: "of us\n", mode: 0o640 });
    for (const none of ["/none", "/root/none"]) expect(await host.readFile(none)).toBeUndefined();
    expect(await host.readFolder("/none", /./)).toBeUndefined();
    expect(await greets(await host.openStream({ asSuperuser: true }))).toBe(true);
  },
);

it("limits of a login that a server would start with are told before it is stopped", async () => {
  await addUser("limited", "/bin/bash", ".bashrc", "ulimit -t 60; ulimit -f 2000; ulimit -n 40\n");
  await expect(hostOf("limited").mayRestart()).rejects.toThrow(
    /init script mariadb would start .* limits of this login \(ulimit -t 60, ulimit -f \d+, ulimit -n 40\)/,
  );
  await hostOf("bash").mayRestart();
});

it("where a login script leaves no room for a file to be opened, what the machine said of it is told", async () => {
  await addUser("narrow", "/bin/bash", ".bashrc", "ulimit -n 8\n");
  const host = hostOf("narrow");
  expect(await host.run(["echo", "x"])).toBe("x\n");
  await expect(host.run(["cat", "/none"])).rejects.toThrow(/ended with 1: cat: \/none: No such/);
  expect(
    await host.run(["sh", "-c", "cat; exit 3"], { input: "given\n" }).catch((error: Error) => error.message),
  ).toMatch(/ended with 3: given$/);
  await expect(host.readFile("/etc/hostname")).rejects.toThrow(/Invalid argument|Too many open files/);
});

it("a login script that waits for what a command is given is told as that, soon; what is given nothing runs", async () => {
  await addUser("waiting", "/bin/bash", ".bashrc", "read -r line\n");
  const host = hostOf("waiting");
  expect(await host.run(["echo", "x"])).toBe("x\n");
  const begun = Date.now();
  for (const work of [
    host.run(["touch", "/tmp/ran"], { input: "given\n" }),
    host.writeFile("/srv/waiting.cnf", "of us\n", { mode: 0o644 }),
    host.openStream({ asSuperuser: true }),
  ]) {
    const error = await work.then(String, (reason: Error) => reason);
    expect(error).toBeInstanceOf(HostUnreachable);
    expect((error as Error).message).toMatch(/a script of its login shell, such as ~\/\.bashrc, reads that/);
  }
  expect(Date.now() - begun).toBeLessThan(20_000);
  expect(await machine.sh("ls /tmp/ran /srv/waiting.cnf* 2>/dev/null || true")).toBe("");
});

it("what a program that a login script left at work writes into ours is told as that, and is no answer", async () => {
  await addUser("busy", "/bin/bash", ".bashrc", "(while sleep 0.001; do echo noise; done) &\n");
  const host = hostOf("busy");
  for (const work of [
    host.run(["sh", "-c", "for i in 1 2 3 4; do echo $i; sleep 0.1; done"]),
    host.run(["sh", "-c", "printf a; sleep 0.3; printf b"], {
      output: new Writable({ write: (_, __, done) => done() }),
    }),
  ]) {
    const error = await work.then(String, (reason: Error) => reason);
    expect(error).toBeInstanceOf(HostUnreachable);
    expect((error as Error).message).toMatch(
      /returned can't be read: something else wrote into it\. Look at what the scripts/,
    );
  }
  await machine.sh("pkill -u u-busy || true");
});

it("a login script that only takes its time is waited for", async () => {
  await addUser("slow", "/bin/bash", ".bashrc", "sleep 6\n");
  expect(await hostOf("slow").run(["cat"], { input: "given\n" })).toBe("given\n");
});

it.each([
  ["nologin", "/usr/sbin/nologin", "", /ended with 1, saying "This account is currently not available\."/],
  ["false", "/bin/false", "", /ended with 1, saying nothing/],
  ["exits", "/bin/bash", "sleep 300 & echo 'no commands here' >&2; exit 4", /ended with 4, saying "no commands here"/],
  ["restricted", "/bin/rbash", "echo Welcome", /ended with \d+, saying "Welcome\n.*restricted/],
])("a login shell that runs no command is told as that: %s", async (user, shell, text, said) => {
  await addUser(user, shell, ".bashrc", text);
  const host = hostOf(user);
  const failed = (work: Promise<unknown>) => work.then(String, (error: Error) => error);
  for (const error of [await failed(host.run(["true"])), await failed(host.openStream({ asSuperuser: true }))]) {
    expect(error).toBeInstanceOf(HostUnreachable);
    expect((error as Error).message).toMatch(said);
  }
});
