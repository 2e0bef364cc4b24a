import { generateKeyPairSync } from "node:crypto";
import { utils } from "ssh2";
import { ProviderProcess, UNKNOWN, type Values } from "../support/engine/providerProcess";
import { newKey } from "../support/hosts/sshKeys";

/** How a machine over SSH is reached, as `pulumi preview` takes or refuses it: by the real plugin process, before anything is touched. */

const PASSPHRASE = "s3cret-passphrase";
const SECRET = "s3cret-password";
const plain = newKey();
const machine = newKey().public;
const encrypted = (cipher: string) => newKey({ passphrase: PASSPHRASE, cipher }).private;
const pem = (type: "pkcs1" | "pkcs8", encryption = {}): string =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { format: "pem", type, ...encryption },
    publicKeyEncoding: { format: "pem", type: "spki" },
  } as never).privateKey as unknown as string;
const publicPem = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "pem", type: "spki" });

const RIGHT = { kind: "ssh", address: "db1.example.com", hostKeys: [machine], privateKey: plain.private };

let provider: ProviderProcess;
beforeAll(async () => {
  provider = await ProviderProcess.start();
}, 30_000);
afterAll(() => provider?.[Symbol.asyncDispose]());

/** What is wrong with a host, the rest being right. Nothing listens there: it is not even looked up. */
async function reasons(host: Values): Promise<string[]> {
  const node = { host, address: "127.0.0.1", admin: { password: SECRET } };
  const { failures } = await provider.check("SessionStoreDatabase", { node });
  for (const { property, reason } of failures) {
    // The engine prints the value of a property that a failure names, secrets included.
    expect(property).toBe("");
    for (const secret of [PASSPHRASE, SECRET, ...lines(host["privateKey"])]) expect(reason).not.toContain(secret);
  }
  return failures.map(({ reason }) => reason);
}

/** Those of a text that are long enough to be a secret. */
const lines = (text: unknown): string[] =>
  String(text)
    .split("\n")
    .filter((line) => line.length > 40);

describe("taken:", () => {
  const rsa = pem("pkcs1", { cipher: "aes-128-cbc", passphrase: PASSPHRASE });
  test.each<[string, Values]>([
    ["a key as ssh-keygen writes it", {}],
    ["a key in PEM", { privateKey: pem("pkcs1") }],
    ["an encrypted key in PEM with its passphrase", { privateKey: rsa, passphrase: PASSPHRASE }],
    ...["aes256-ctr", "aes256-gcm@openssh.com"].map((cipher): [string, Values] => [
      `a key encrypted by ${cipher} with its passphrase`,
      { privateKey: encrypted(cipher), passphrase: PASSPHRASE },
    ]),
    ["a key with the line breaks of Windows", { privateKey: plain.private.replaceAll("\n", "\r\n") }],
    ["a key in PKCS #8", { privateKey: pem("pkcs8") }],
    ["a key whose line breaks became blanks", { privateKey: plain.private.replaceAll("\n", " ") }],
    ["an agent by its path", { privateKey: undefined, agent: "/run/agent" }],
    ["the agent of the environment", { privateKey: undefined, agent: true }],
    ["a password", { privateKey: undefined, password: SECRET }],
    ["a line of ssh-keyscan", { hostKeys: [`db1.example.com ${machine}`] }],
    [
      "all that ssh-keyscan prints",
      {
        hostKeys: [`# db1:22 SSH-2.0-OpenSSH_9.2\ndb1 ${machine}\n# db1:22 SSH-2.0-OpenSSH_9.2\n[db1]:22 ${machine}\n`],
      },
    ],
    ["two host keys", { hostKeys: [machine, utils.generateKeyPairSync("ecdsa", { bits: 256 }).public] }],
    ["a jump host", { jump: { address: "jump.example.com", hostKeys: [machine], password: SECRET } }],
    ["a settings file with a blank in its name", { settingsFile: "/etc/my conf/it's $(ours).cnf" }],
  ])("%s", async (_, changes) => {
    expect(await reasons({ ...RIGHT, ...changes })).toEqual([]);
  });

  test("an address and keys that are known only after `up`, by all resources", async () => {
    const host = { ...RIGHT, address: UNKNOWN, hostKeys: UNKNOWN, privateKey: UNKNOWN };
    const node = { host, address: UNKNOWN, admin: { password: SECRET } };
    const password = SECRET;
    const accounts = { proxy: { password }, replication: { password }, binaryLog: { password } };
    for (const [type, inputs] of Object.entries<Values>({
      MariaDbNode: { connection: node, peer: { ...node, port: 3307 }, nodeNumber: 1 },
      SessionStoreDatabase: { node },
      SessionStoreUsers: { node, ...accounts },
      ReplicationLink: { replica: node, source: { ...node, port: 3307 }, password },
      SessionStoreSchema: { first: node, second: node, script: "CREATE TABLE IF NOT EXISTS session (id INT)" },
    })) {
      expect([type, (await provider.check(type, inputs)).failures]).toEqual([type, []]);
    }
  });
});

describe("refused, with what to do:", () => {
  const missing = 'node.host.passphrase: is missing: "privateKey" is encrypted';
  const wrong = /^node\.host\.passphrase: does not decrypt "privateKey", or that is damaged/;
  const cipher = "aes256-ctr";
  test.each<[string, Values, string | RegExp]>([
    ["no host key", { hostKeys: [] }, /^node\.host\.hostKeys: must not be empty: .*`ssh-keyscan` shows it/],
    ["host keys left out", { hostKeys: undefined }, /^node\.host\.hostKeys: /],
    [
      "a host key of an unknown type",
      { hostKeys: ["ssh-foo AAAA"] },
      /hostKeys\[0\]: .*unknown type \("ssh-foo"\); known are ssh-ed25519, /,
    ],
    ["a fingerprint for a host key", { hostKeys: ["SHA256:abcdef"] }, /hostKeys\[0\]: is no host key/],
    [
      "a host key that is cut off",
      { hostKeys: [machine.slice(0, 30)] },
      /hostKeys\[0\]: has a key of ssh-ed25519 that is cut off, damaged or too short: give the whole line.*ssh-keyscan/,
    ],
    ["a host key of DSA", { hostKeys: ["ssh-dss AAAAB3NzaC1kc3MAAACBAJ"] }, /hostKeys\[0\]: .*unknown type/],
    [
      "a path for a key",
      { privateKey: "/root/.ssh/id_ed25519" },
      /^node\.host\.privateKey: is a path; give the text of that file/,
    ],
    ["a key that is none", { privateKey: "hello" }, /privateKey: is no private key: give the whole text of the file/],
    ["a key that is cut off", { privateKey: plain.private.slice(0, 200) }, /privateKey: is cut off or damaged/],
    ["a public key", { privateKey: plain.public }, /privateKey: is a public key; give the private one/],
    ["a public key in PEM", { privateKey: String(publicPem) }, /privateKey: is a public key; give the private one/],
    [
      "a key of PuTTY",
      { privateKey: "PuTTY-User-Key-File-3: ssh-ed25519\n" },
      /privateKey: is in PuTTY's format; convert it: puttygen/,
    ],
    ["an encrypted key without its passphrase", { privateKey: encrypted(cipher) }, missing],
    ["a wrong passphrase", { privateKey: encrypted(cipher), passphrase: SECRET }, wrong],
    ["a wrong passphrase, GCM", { privateKey: encrypted("aes256-gcm@openssh.com"), passphrase: SECRET }, wrong],
    [
      "a wrong passphrase, PEM",
      { privateKey: pem("pkcs1", { cipher: "aes-128-cbc", passphrase: PASSPHRASE }), passphrase: SECRET },
      wrong,
    ],
    [
      "a passphrase without a key",
      { privateKey: undefined, password: SECRET, passphrase: PASSPHRASE },
      /passphrase: belongs to a "privateKey"/,
    ],
    [
      "no way to log in",
      { privateKey: undefined },
      /^node\.host\.privateKey: is missing: give a key, an "agent" or a "password"/,
    ],
    [
      "an address that looks like an option",
      { address: "-oProxyCommand=id" },
      /^node\.host\.address: must be a host name/,
    ],
    ["an address with a command in it", { address: "$(id)" }, /^node\.host\.address: must be a host name/],
    ["a user with a command in it", { user: "root; id" }, /^node\.host\.user: must be the name of a user/],
    ["a user that looks like an option", { user: "-l" }, /^node\.host\.user: /],
    ["an agent by a relative path", { agent: "agent.sock" }, /^node\.host\.agent: /],
    [
      "a settings file that servers pass over",
      { settingsFile: "/etc/my.cnf.d/ours" },
      /settingsFile: must end with \.cnf/,
    ],
    ["a relative settings file", { settingsFile: "ours.cnf" }, /settingsFile: must be an absolute path/],
    ["a deadline that is none", { bootDeadline: -1 }, /^node\.host\.bootDeadline: /],
    [
      "a jump host without a host key",
      { jump: { address: "jump", password: SECRET } },
      /^node\.host\.jump\.hostKeys: /,
    ],
    [
      "a jump host with a wrong key",
      { jump: { address: "jump", hostKeys: [machine], privateKey: "hello" } },
      /^node\.host\.jump\.privateKey: /,
    ],
    [
      "a jump host behind another",
      { jump: { address: "jump", hostKeys: [machine], password: SECRET, jump: {} } },
      /^node\.host\.jump: /,
    ],
    ["a misspelt property", { hostKey: machine }, /^node\.host: .*"hostKey"/],
  ])("%s", async (_, changes, expected) => {
    const [reason, ...others] = await reasons({ ...RIGHT, ...changes });
    expect(reason).toEqual(typeof expected === "string" ? expected : expect.stringMatching(expected));
    expect(others).toEqual([]);
  });
});
