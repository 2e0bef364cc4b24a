import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { fingerprint } from "../../provider/src/hosts/ssh/hostKeys";
import { KeyProblem, readPrivateKey } from "../../provider/src/hosts/ssh/privateKey";
import { field } from "../../provider/src/hosts/ssh/wire";
import { pemBlocks, pemText } from "../../provider/src/recipe/pem";
import { oracleTest } from "../support/oracle";
import { type SshKeyCase, type SshKeySpec, SshKeys, sshKeySpecs } from "../support/sshKeyCases";

/** ssh-keygen is the judge of private keys: what it opens is opened, as the same key, or refused with a reason that stands below. */

let keys: SshKeys;
let folder: string;
beforeAll(async () => {
  keys = new SshKeys();
  folder = await mkdtemp(path.join(tmpdir(), "session-store-key-"));
});
afterAll(async () => {
  keys[Symbol.dispose]();
  await rm(folder, { recursive: true });
});

/** What ssh-keygen opens and sshd, or ssh2, does not take; and what our error has to say of it. */
const REFUSED: readonly (readonly [(one: SshKeyCase) => boolean, RegExp])[] = [
  [({ spec }) => spec.type === "dsa", /DSA key, which sshd takes no more: make another: `ssh-keygen -t ed25519/],
  [({ spec }) => spec.type.startsWith("sk"), /hardware token.*make another/],
  [({ text }) => isChaCha(text), /chacha20-poly1305@openssh.com.*`ssh-keygen -p -Z aes256-ctr -f KEY`/],
];

const isChaCha = (text: string) =>
  pemBlocks(text).some(({ body }) => Buffer.from(body, "base64").includes("chacha20-poly1305"));

/** What our error has to say of the rest. */
function causes({ spec, text }: SshKeyCase): RegExp {
  const { damage } = spec;
  if (damage === "the public key" || damage === "its certificate") return /is a public key/;
  if (damage === "a path") return /is a path/;
  if (damage === "PuTTY") return /PuTTY's format.*puttygen/;
  if (damage === "empty") return /is empty/;
  if (damage === "cut" && !/PRIVATE KEY-----/.test(text)) return /is (empty|no private key|cut off)/;
  if (damage && /cut|END|BEGIN/.test(damage)) return /is cut off or damaged: give the whole text/;
  if (damage && /missing|changed/.test(damage))
    return /is cut off or damaged|does not decrypt|is missing|takes none|does not take|takes no more|hardware token|chacha20/;
  if (/^(rsa768|secp|ed448|x25519)/.test(spec.type))
    return /takes none under|does not take|does not decrypt|is missing/;
  return spec.passphrase === "missing" ? /^passphrase: is missing/ : /^passphrase: does not decrypt|chacha20/;
}

async function fingerprintOf(text: string, passphrase: string, number: number): Promise<string | undefined> {
  const file = path.join(folder, `key${number}`);
  await writeFile(file, text, { mode: 0o600 });
  const answer = await ran("ssh-keygen", ["-y", "-P", passphrase, "-f", file]);
  const blob = answer === undefined ? undefined : Buffer.from(answer.split(" ")[1] ?? "", "base64");
  return blob && fingerprint(blob);
}

const ran = (command: string, arguments_: readonly string[]): Promise<string | undefined> =>
  new Promise((resolve) => {
    const child = execFile(command, arguments_, (error, stdout) => resolve(error ? undefined : stdout));
    child.stdin?.end();
  });

/** Whether it signs what its open half approves: ssh-keygen opens keys that do not. */
async function signs(number: number, passphrase: string): Promise<boolean> {
  const [file, data] = [path.join(folder, `key${number}`), path.join(folder, `data${number}`)];
  await writeFile(data, "data");
  const environment = { ...process.env, SSH_ASKPASS_REQUIRE: "never" };
  const copy = await ran("ssh-keygen", ["-p", "-P", passphrase, "-N", "", "-f", file]);
  if (copy === undefined) return false;
  await new Promise((resolve) =>
    execFile("ssh-keygen", ["-Y", "sign", "-q", "-f", file, "-n", "test", data], { env: environment }, resolve),
  );
  const signature = await readFile(`${data}.sig`).catch(() => undefined);
  if (!signature) return false;
  const sound = await ran("sh", ["-c", `ssh-keygen -Y check-novalidate -n test -s '${data}.sig' <'${data}'`]);
  await rm(`${data}.sig`);
  return sound !== undefined;
}

/** ssh-keygen wants the text alone, in lines. */
const cleaned = (text: string) =>
  pemBlocks(text)
    .filter(({ label }) => label.endsWith("PRIVATE KEY"))
    .map(pemText)[0] ?? text;

/** A long series meets most keys again. */
const answered = new Map<string, string>();

async function judged(spec: SshKeySpec, number: number): Promise<string> {
  const one = keys.of(spec);
  const question = JSON.stringify([spec.type, spec.damage, one.text, one.passphrase]);
  const answer = answered.get(question) ?? (await ask(one, number));
  answered.set(question, answer);
  return answer;
}

async function ask(one: SshKeyCase, number: number): Promise<string> {
  const { spec } = one;
  const passphrase = one.passphrase ?? "";
  const asIs = await fingerprintOf(one.text, passphrase, number);
  const judge = spec.type === "ed25519" && spec.format === "pkcs8" ? byOpenSsl : fingerprintOf;
  const seen = asIs ?? (await judge(cleaned(one.text), passphrase, number));
  if (seen === undefined) return "refused, with its cause";
  if (REFUSED.some(([is]) => is(one))) return "refused, with its cause";
  // A changed seed of Ed25519 is another whole key.
  const mayNotSign = spec.damage === "a character changed" && judge === fingerprintOf;
  if (mayNotSign && !(await signs(number, passphrase))) return "refused, with its cause";
  return seen;
}

/** OpenSSH reads Ed25519 in PKCS #8 from 9.6 on; for an older one, OpenSSL judges. */
async function byOpenSsl(text: string, passphrase: string, number: number): Promise<string | undefined> {
  const file = path.join(folder, `key${number}`);
  await writeFile(file, cleaned(text), { mode: 0o600 });
  const out = `${file}.pub`;
  const how = ["pkey", "-in", file, "-passin", `pass:${passphrase}`, "-pubout", "-outform", "DER", "-out", out];
  if ((await ran("openssl", how)) === undefined) return undefined;
  const key = (await readFile(out)).subarray(-32);
  return fingerprint(Buffer.concat([field("ssh-ed25519"), field(key)]));
}

oracleTest<SshKeySpec, string>("a private key is opened as ssh-keygen opens it, or refused with its cause", {
  cases: sshKeySpecs,
  inTest: 500,
  async oracle(specs) {
    const answers: string[] = [];
    const queue = [...specs.entries()];
    const work = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) answers[next[0]] = await judged(next[1], next[0]);
    };
    await Promise.all([work(), work(), work()]);
    return answers;
  },
  ours(spec) {
    const one = keys.of(spec);
    try {
      const key = readPrivateKey(one.text, one.passphrase);
      return fingerprint(key.getPublicSSH());
    } catch (error) {
      if (!(error instanceof KeyProblem)) throw error;
      const said = `${error.property}: ${error.reason}`;
      const wanted = REFUSED.find(([is]) => is(one))?.[1];
      const isTold = causes(one).test(said) || wanted?.test(said);
      return isTold ? "refused, with its cause" : `refused: ${said}`;
    }
  },
});
