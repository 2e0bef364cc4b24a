import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import * as net from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { Server, utils } from "ssh2";
import { openHost } from "../../provider/src/hosts";
import { readPrivateKey } from "../../provider/src/hosts/ssh/privateKey";
import type { SshHostInputs } from "../../provider/src/inputs";
import { until } from "../../provider/src/waiting";
import { ContainerHost, type ContainerHostOptions } from "../support/hosts/containerHost";
import { newKey } from "../support/hosts/sshKeys";
import { TestNetwork } from "../support/hosts/testNetwork";
import { type SshKeySpec, SshKeys } from "../support/sshKeyCases";

/** Ways into a machine over SSH, and what is said where there is none. No server is asked. */

jest.setTimeout(60_000);

const SECRET = "s3cret-password";
const PASSPHRASE = "s3cret-passphrase";
const fingerprint = (key: string): string =>
  execFileSync("ssh-keygen", ["-lf", "-"], { input: key, encoding: "utf8" }).split(" ")[1] ?? "";

const CLOSED = `AllowTcpForwarding no
MaxAuthTries 1
Match User factors
  AuthenticationMethods publickey,password
Match User mute
  MaxSessions 0
`;

let network: TestNetwork;
/** The machine, one through which it is reached, and one that forbids that. */
let machine: ContainerHost;
let jump: ContainerHost;
let closed: ContainerHost;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-login-"));
  network = await TestNetwork.create();
  const start = (name: string, options: ContainerHostOptions = {}) =>
    ContainerHost.start(network, { name, withServer: false, ...options });
  [machine, jump, closed] = await Promise.all([
    start("machine", { files: { "/etc/ssh/sshd_config.d/password.conf": "PermitRootLogin yes\n" } }),
    start("jump", { user: "deploy" }),
    start("closed", { files: { "/etc/ssh/sshd_config.d/closed.conf": CLOSED } }),
  ]);
  await machine.exec(["chpasswd"], { input: `root:${SECRET}\n` });
});

afterAll(async () => {
  await Promise.all([machine, jump, closed].map((host) => host?.[Symbol.asyncDispose]()));
  await network?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Who lets us in where, and from where we come. */
const WHOAMI = ["sh", "-c", 'set -- $SSH_CLIENT; echo "$(id -un)@$(hostname) from $1"'];
const log = (changes: Partial<SshHostInputs>): Promise<string> =>
  openHost({ ...machine.inputs, ...changes }).run(WHOAMI);
const fromHere = () => `root@machine from ${network.gateway}\n`;

/** What a login fails with. No secret is in it. */
async function failure(changes: Partial<SshHostInputs>): Promise<string> {
  const message = await log(changes).then(
    (answer) => Promise.reject(new Error(`it was let in: ${answer}`)),
    (error: Error) => error.message,
  );
  for (const secret of [SECRET, PASSPHRASE, "BEGIN "]) expect(message).not.toContain(secret);
  return message;
}

/** Lets another key in too. */
const authorise = (key: string) => machine.exec(["tee", "-a", "/root/.ssh/authorized_keys"], { input: `\n${key}\n` });

/** Of ssh2's inner parts, what sends a packet. */
interface Protocol {
  readonly _packetRW: {
    readonly write: { readonly allocStart: number; alloc(length: number): Buffer; finalize(packet: Buffer): Buffer };
  };
  readonly _cipher: { encrypt(packet: Buffer): void };
}

/** Hangs up with a reason in words, which ssh2's own server can't do. */
function disconnect(client: unknown, reason: number, words: string): void {
  const { _protocol: protocol } = client as { _protocol: Protocol };
  const text = Buffer.from(words);
  const { write } = protocol._packetRW;
  const begin = write.allocStart;
  const packet: Buffer = write.alloc(13 + text.length);
  packet.fill(0, begin);
  packet.set([1, 0, 0, 0, reason, 0, 0, 0, text.length, ...text], begin);
  protocol._cipher.encrypt(write.finalize(packet));
}

describe("it is let in", () => {
  it("with a key", async () => {
    expect(await log({})).toBe(fromHere());
  });

  it("with an encrypted key and its passphrase", async () => {
    const key = newKey({ passphrase: PASSPHRASE, cipher: "aes256-ctr" });
    await authorise(key.public);
    expect(await log({ privateKey: key.private, passphrase: PASSPHRASE })).toBe(fromHere());
  });

  it("with a key of each type in each format, also as it was pasted", async () => {
    using keys = new SshKeys();
    const specs: Partial<SshKeySpec>[] = [
      ...(["rsa2048", "ecdsa256", "ecdsa384", "ecdsa521", "ed25519"] as const).flatMap((type) =>
        (["openssh", "traditional", "pkcs8"] as const).map((format) => ({ type, format })),
      ),
      // The ciphers of a format, by their numbers.
      ...Array.from({ length: 9 }, (_, cipher) => ({ format: "openssh" as const, cipher })),
      ...Array.from({ length: 3 }, (_, cipher) => ({ format: "pkcs8" as const, cipher })),
      { type: "ecdsa256", format: "traditional", damage: "EC PARAMETERS" },
      { damage: "one line" },
      { damage: "escaped" },
      { damage: "indented" },
      { damage: "CRLF" },
    ];
    const whole = { type: "ed25519", format: "openssh", passphrase: "right", place: 0 } as const;
    const all = specs.map((spec) => keys.of({ ...whole, ...spec }));
    const parsed = all.map(({ text, passphrase }) => readPrivateKey(text, passphrase));
    await authorise(parsed.map((key) => `${key.type} ${key.getPublicSSH().toString("base64")}`).join("\n"));
    for (const [index, { text: privateKey, passphrase }] of all.entries()) {
      const answer = await log({ privateKey, passphrase });
      expect([specs[index], answer]).toEqual([specs[index], fromHere()]);
    }
  });

  it("with a password", async () => {
    expect(await log({ privateKey: undefined, password: SECRET })).toBe(fromHere());
  });

  it("with a password that the machine asks for in words", async () => {
    await machine.exec(["tee", "/etc/ssh/sshd_config.d/words.conf"], {
      input: "PasswordAuthentication no\nKbdInteractiveAuthentication yes\nUsePAM yes\n",
    });
    await machine.sh("kill -HUP $(pgrep --oldest --exact sshd)");
    expect(await log({ privateKey: undefined, password: SECRET })).toBe(fromHere());
  });

  it("with the key that SESSION_STORE_SSH_KEY_FILE names, where the one in the state is out of date", async () => {
    const key = newKey();
    await authorise(key.public);
    const file = path.join(folder, "key");
    await writeFile(file, key.private, { mode: 0o600 });
    const former = newKey().private;
    process.env["SESSION_STORE_SSH_KEY_FILE"] = file;
    try {
      expect(await log({ privateKey: former })).toBe(fromHere());
      const passphrase = "changed";
      expect(
        await log({ privateKey: newKey({ passphrase: PASSPHRASE, cipher: "aes256-ctr" }).private, passphrase }),
      ).toBe(fromHere());
      process.env["SESSION_STORE_SSH_KEY_FILE"] = path.join(folder, "none");
      expect(await failure({ privateKey: newKey().private })).toMatch(
        /key that SESSION_STORE_SSH_KEY_FILE names can't be read: ENOENT/,
      );
    } finally {
      delete process.env["SESSION_STORE_SSH_KEY_FILE"];
    }
  });

  it("with the keys of an agent, by its path and by the environment", async () => {
    const socket = path.join(folder, "agent");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    try {
      const environment = { ...process.env, SSH_AUTH_SOCK: socket };
      await until({ what: "the agent", deadline: 10_000 }, async () => {
        try {
          execFileSync("ssh-add", ["-q", "-"], { input: machine.privateKey, env: environment, stdio: "pipe" });
          return { done: undefined };
        } catch (error) {
          return { seen: (error as Error).message };
        }
      });
      expect(await log({ privateKey: undefined, agent: socket })).toBe(fromHere());
      process.env["SSH_AUTH_SOCK"] = socket;
      expect(await log({ privateKey: undefined, agent: true })).toBe(fromHere());
    } finally {
      delete process.env["SSH_AUTH_SOCK"];
      agent.kill();
    }
    const another = { hostKeys: [machine.hostKey, jump.hostKey] };
    expect(await failure({ privateKey: undefined, agent: true, ...another })).toMatch(
      /"agent" is true, but there is no SSH_AUTH_SOCK/,
    );
  });

  it("where one of several host keys is the machine's, whichever it shows first", async () => {
    const other = utils.generateKeyPairSync("ecdsa", { bits: 256 }).public;
    for (const hostKeys of [
      [other, machine.hostKey],
      [`machine ${machine.hostKey} a comment`, other],
      [`# machine:22 SSH-2.0-OpenSSH\nmachine ${machine.hostKey}\n[machine]:22 ${other}\n`],
      [machine.hostKey.split(" ")[1] ?? ""],
    ]) {
      expect(await log({ hostKeys })).toBe(fromHere());
    }
  });

  it("through a jump host, which the machine sees as where it comes from", async () => {
    expect(await log({ jump: jump.inputs })).toBe(`root@machine from ${jump.address}\n`);
  });
});

describe("it is not let in, and says what to do:", () => {
  it("a machine that shows another host key, with the fingerprints of both", async () => {
    const wrong = [newKey().public, utils.generateKeyPairSync("ecdsa", { bits: 256 }).public];
    const logins = await machine.handshakes();
    expect(await failure({ hostKeys: wrong })).toBe(
      `root@${machine.address} shows the host key ${fingerprint(machine.hostKey)}, but "hostKeys" has ${wrong.map(fingerprint).join(" or ")}. ` +
        "It was told nothing. If its key was changed on purpose, give the new one (`ssh-keyscan` shows it; compare it on the machine " +
        "itself); else somebody stands in between.",
    );
    expect(await machine.handshakes()).toBe(logins);
  });

  it("a key that doesn't fit", async () => {
    const other = newKey();
    expect(await failure({ privateKey: other.private })).toBe(
      `root@${machine.address} refuses the login with the key ${fingerprint(other.public)}. Add the public key to the authorized_keys ` +
        'of that user, or correct "user", the key or the password. If these are right, the log of its sshd says why: the user may be locked, or ' +
        "his login shell not there.",
    );
  });

  it("a wrong password, and a user who isn't there", async () => {
    expect(await failure({ privateKey: undefined, password: `${SECRET}x` })).toMatch(
      /refuses the login with the password\./,
    );
    expect(await failure({ user: "nobody-here" })).toMatch(/^nobody-here@\S+ refuses the login with the key SHA256:/);
  });

  it("an sshd that takes no more tries, with what it was shown and what it was not", async () => {
    const other = newKey();
    const login = { ...closed.inputs, privateKey: other.private };
    expect(await failure({ ...login, password: SECRET })).toBe(
      `root@${closed.address} refuses the login with the key ${fingerprint(other.public)}, and hung up, saying "Too many authentication ` +
        'failures", before it was shown all: the password. Its sshd takes no more tries (MaxAuthTries). Raise that, or leave out what does ' +
        'not fit; tried first is the key of SESSION_STORE_SSH_KEY_FILE, then "privateKey", "agent" and "password".',
    );
    expect(await failure(login)).toMatch(/refuses the login with the key SHA256:\S+ Add the public key/);
  });

  it("an sshd that asks for more than a key, and one that opens no session", async () => {
    for (const user of ["factors", "mute"]) {
      await closed.sh(`useradd --create-home ${user}
        install -D -m 600 -o ${user} /authorized_keys /home/${user}/.ssh/authorized_keys; chown ${user} /home/${user}/.ssh`);
    }
    expect(await failure({ ...closed.inputs, user: "factors" })).toMatch(
      /^factors@\S+ takes one of the key SHA256:\S+ and asks for more: password \(AuthenticationMethods of its sshd\)/,
    );
    expect(await failure({ ...closed.inputs, user: "mute" })).toMatch(
      /^mute@\S+ lets us in and opens no session.*MaxSessions/,
    );
  });

  it("a server that hangs up and says why: before it speaks SSH, and with each kind of reason", async () => {
    const hangsUp = async (server: net.Server | Server, login: Partial<SshHostInputs> = {}) => {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as net.AddressInfo;
      return failure({ address: "127.0.0.1", port, ...login }).finally(() => server.close());
    };
    const early = net.createServer((socket) => socket.end("Not allowed at this time\r\n"));
    expect(await hangsUp(early)).toMatch(/hung up during the login, saying "Not allowed at this time"/);
    const key = utils.generateKeyPairSync("ed25519");
    for (const reason of [2, 11, 12, 15]) {
      const server = new Server({ hostKeys: [key.private] }, (client) =>
        client.on("authentication", () => disconnect(client, reason, "come back later")).on("error", () => undefined),
      );
      const message = await hangsUp(server, { hostKeys: [key.public] });
      expect(message).toContain("come back later");
      expect(message).not.toContain('"port"');
    }
  });

  it("an agent that is not there", async () => {
    expect(await failure({ privateKey: undefined, agent: path.join(folder, "none") })).toMatch(
      /refuses the login|agent/,
    );
  });

  it("a name that nobody knows", async () => {
    expect(await failure({ address: "no-such-host.invalid" })).toMatch(
      /^root@no-such-host\.invalid can't be reached: nobody knows the name no-such-host\.invalid/,
    );
  });

  it("a port on which something else listens", async () => {
    await machine.sh(
      "(while :; do printf 'HTTP/1.0 400 no\\r\\n\\r\\n' | perl -MIO::Socket -e '$s=IO::Socket::INET->new(Listen=>1,LocalPort=>8080,ReuseAddr=>1);$c=$s->accept;<$c>;print $c <STDIN>' || exit; done) >/dev/null 2>&1 &",
    );
    await until({ what: "the port", deadline: 10_000 }, async () => {
      const open = await machine.sh("ss -Htln sport = :8080");
      return open ? { done: undefined } : { seen: "closed" };
    });
    expect(await failure({ port: 8080 })).toMatch(/hung up during the login.*look whether "port" is that of an sshd/);
  });

  it("a jump host that is unknown, unreachable, has another host key, or forbids it", async () => {
    const through = (changes: Partial<SshHostInputs>, host = jump) => failure({ jump: { ...host.inputs, ...changes } });
    const lost = `root@${machine.address} can't be reached, because its jump host can't: `;
    expect(await through({ address: "no-such-host.invalid" })).toBe(
      `${lost}deploy@no-such-host.invalid can't be reached: nobody knows the name no-such-host.invalid`,
    );
    expect(await through({ port: 23 })).toMatch(
      /^root@\S+ can't be reached, because its jump host can't: deploy@\S+:23 can't be reached: .*ECONNREFUSED/,
    );
    expect(await through({ hostKeys: [machine.hostKey] })).toMatch(
      new RegExp(
        `its jump host can't: deploy@\\S+ shows the host key ${fingerprint(jump.hostKey).replaceAll("+", "\\+")}`,
      ),
    );
    expect(await through({}, closed)).toBe(
      `root@${machine.address} can't be reached from its jump host root@${closed.address}: its sshd forbids it (AllowTcpForwarding, ` +
        'PermitOpen, or "restrict" at the key)',
    );
  });

  it("a machine that its jump host does not reach", async () => {
    expect(await failure({ port: 23, jump: jump.inputs })).toMatch(
      /^root@\S+:23 can't be reached from its jump host deploy@\S+: Connection refused/,
    );
  });
});
