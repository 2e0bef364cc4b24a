import { readFile } from "node:fs/promises";
import type { AnyAuthMethod, ParsedKey } from "ssh2";
import type { SshLogin } from "../../inputs";
import { SSH_DEFAULTS, SSH_KEY_FILE } from "../defaults";
import { HostUnreachable } from "../Host";
import { fingerprint } from "./keys";

/** Something to log in with. */
export interface SshCredential {
  /** In words, for the error of a refused login. */
  readonly words: string;
  /** The ways to show it, in the order in which they are tried. */
  readonly methods: readonly AnyAuthMethod[];
}

/** With what we log in, in the order in which it is tried. A key named by the environment goes before those of the state, which may be out of date. */
export async function sshCredentials(login: SshLogin): Promise<SshCredential[]> {
  const { passphrase, password, user: username = SSH_DEFAULTS.user } = login;
  const file = process.env[SSH_KEY_FILE];
  const keys = [
    ...(file ? [{ key: await keyOf(file), origin: ` of ${SSH_KEY_FILE}` }] : []),
    ...(login.privateKey === undefined ? [] : [{ key: login.privateKey, origin: "" }]),
  ];
  const agent = agentOf(login);
  return [
    ...keys.map(({ key, origin }) => ({
      words: `the key ${keyName(key, passphrase)}${origin}`,
      methods: [keyMethod(username, key, passphrase)],
    })),
    ...(agent === undefined
      ? []
      : [{ words: "the keys of the agent", methods: [{ type: "agent", username, agent } as const] }]),
    ...(password === undefined ? [] : [{ words: "the password", methods: passwordMethods(username, password) }]),
  ];
}

const keyMethod = (username: string, key: string, passphrase: string | undefined): AnyAuthMethod => ({
  type: "publickey",
  username,
  key,
  ...(passphrase === undefined ? {} : { passphrase }),
});

/** Machines that ask for it in words take the same answer. */
const passwordMethods = (username: string, password: string): AnyAuthMethod[] => [
  { type: "password", username, password },
  {
    type: "keyboard-interactive",
    username,
    prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)),
  },
];

function agentOf({ agent }: SshLogin): string | undefined {
  if (agent !== true) return agent || undefined;
  const socket = process.env["SSH_AUTH_SOCK"];
  if (socket) return socket;
  throw new HostUnreachable(
    '"agent" is true, but there is no SSH_AUTH_SOCK in the environment. Start an agent, or give the path of its socket, or a key.',
  );
}

async function keyOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new HostUnreachable(`the key that ${SSH_KEY_FILE} names can't be read: ${(error as Error).message}`);
  }
}

function keyName(privateKey: string, passphrase: string | undefined): string {
  const { utils } = require("ssh2") as typeof import("ssh2");
  const key = utils.parseKey(privateKey, passphrase) as ParsedKey | Error;
  return key instanceof Error ? "that can't be read" : fingerprint(key.getPublicSSH());
}
