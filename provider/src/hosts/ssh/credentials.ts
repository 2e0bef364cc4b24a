import { readFile } from "node:fs/promises";
import type { AnyAuthMethod, ParsedKey } from "ssh2";
import type { SshLogin } from "../../inputs";
import { SSH_DEFAULTS, SSH_KEY_FILE } from "../defaults";
import { HostUnreachable } from "../Host";
import { fingerprint } from "./hostKeys";
import { KeyProblem, readPrivateKey } from "./privateKey";

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
  const named = file
    ? {
        key: opened(await textOf(file), passphrase, `the key that ${SSH_KEY_FILE} names`),
        origin: ` of ${SSH_KEY_FILE}`,
      }
    : undefined;
  const keys = [...(named ? [named] : []), ...ownKey(login, named !== undefined)];
  const agent = agentOf(login);
  return [
    ...keys.map(({ key, origin }) => ({
      words: `the key ${fingerprint(key.getPublicSSH())}${origin}`,
      methods: [{ type: "publickey", username, key } as const],
    })),
    ...(agent === undefined
      ? []
      : [{ words: "the keys of the agent", methods: [{ type: "agent", username, agent } as const] }]),
    ...(password === undefined ? [] : [{ words: "the password", methods: passwordMethods(username, password) }]),
  ];
}

/** That of the state. One that can't be read, as after its passphrase was changed, is in nobody's way who names another. */
function ownKey({ privateKey, passphrase }: SshLogin, isOutOfDate: boolean): { key: ParsedKey; origin: string }[] {
  if (privateKey === undefined) return [];
  try {
    return [{ key: opened(privateKey, passphrase, '"privateKey"'), origin: "" }];
  } catch (error) {
    if (isOutOfDate && error instanceof HostUnreachable) return [];
    throw error;
  }
}

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

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new HostUnreachable(`the key that ${SSH_KEY_FILE} names can't be read: ${(error as Error).message}`);
  }
}

function opened(text: string, passphrase: string | undefined, what: string): ParsedKey {
  try {
    return readPrivateKey(text, passphrase);
  } catch (error) {
    if (!(error instanceof KeyProblem)) throw error;
    throw new HostUnreachable(`${error.property === "passphrase" ? `"passphrase" for ${what}` : what} ${error.reason}`);
  }
}
