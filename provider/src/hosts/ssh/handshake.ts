import type { Duplex } from "node:stream";
import type { AuthHandlerMiddleware, Client, ConnectConfig } from "ssh2";
import type { SshLogin } from "../../inputs";
import { SSH_DEFAULTS, SSH_KEY_FILE } from "../defaults";
import { HostUnreachable } from "../Host";
import { shown } from "../outputs";
import { type SshCredential, sshCredentials } from "./credentials";
import { noAnswer, PATIENCE, STARTING, sshName } from "./dial";
import { fingerprint, HOST_KEY_TYPES, type HostKey, hostKeyAlgorithms, parseHostKeys } from "./hostKeys";
import { keyType } from "./wire";

/** The login on a machine, up to the moment at which it takes commands. */

/** Logs in. @param dialling makes the byte stream to the machine's sshd, which is closed when the login fails */
export async function logIn<T extends Duplex>(
  login: SshLogin,
  dialling: () => Promise<T>,
): Promise<{ client: Client; sock: T }> {
  const pinned = login.hostKeys.flatMap(parseHostKeys);
  const attempt = async (algorithms: string[]) => {
    const sock = await dialling();
    return { client: await handshake(login, sock, pinned, algorithms), sock };
  };
  try {
    return await attempt(hostKeyAlgorithms([...pinned.map(({ type }) => type), ...HOST_KEY_TYPES]));
  } catch (error) {
    // A machine has a key of each type. The one that is pinned need not be of the type that it showed.
    const others = error instanceof OtherHostKey ? pinned.filter(({ type }) => type !== error.type) : [];
    if (others.length === 0) throw error;
    return attempt(hostKeyAlgorithms(others.map(({ type }) => type))).catch((second: Error) => {
      throw second instanceof OtherHostKey || second instanceof NoSuchHostKey ? error : second;
    });
  }
}

/** The machine shows a key that is not pinned. */
class OtherHostKey extends HostUnreachable {
  constructor(
    message: string,
    readonly type: string,
  ) {
    super(message);
  }
}

/** The machine has no key of a type that was asked for. */
class NoSuchHostKey extends HostUnreachable {}

async function handshake(
  login: SshLogin,
  sock: Duplex,
  pinned: readonly HostKey[],
  algorithms: string[],
): Promise<Client> {
  const { Client } = require("ssh2") as typeof import("ssh2");
  const name = sshName(login);
  const seen: Seen = { name, pinned, shown: undefined, credentials: [], tried: [], words: [], isSshd: false };
  const client = new Client();
  try {
    seen.credentials = await sshCredentials(login);
    const settings: ConnectConfig = {
      sock,
      username: login.user ?? SSH_DEFAULTS.user,
      authHandler: inTurn(seen),
      readyTimeout: PATIENCE,
      algorithms: { serverHostKey: algorithms as never },
      hostVerifier: (key: Buffer) => {
        seen.shown = key;
        return isPinned(key, pinned);
      },
      debug: (line) => {
        const said = HUNG_UP.exec(line)?.[1];
        if (said) seen.words.push(said);
      },
    };
    client.on("banner", (text) => seen.words.push(text));
    sock.once("data", (first: Buffer) => {
      seen.isSshd = /^SSH-/m.test(`${first}`);
      if (!seen.isSshd) seen.words.push(`${first}`);
    });
    await new Promise<void>((resolve, reject) => {
      client.once("ready", resolve);
      // For good: one that comes later is followed by "close", which everybody who waits hears.
      client.on("error", (error) => reject(explain(error, seen)));
      client.once("close", () => reject(hungUp(seen)));
      client.connect(settings);
    });
    return client;
  } catch (error) {
    sock.destroy();
    throw error;
  }
}

/** What came of the handshake, as far as it came. */
interface Seen {
  readonly name: string;
  readonly pinned: readonly HostKey[];
  /** The key that the machine showed. */
  shown: Buffer | undefined;
  /** What we may log in with, and what of it was tried. */
  credentials: readonly SshCredential[];
  readonly tried: SshCredential[];
  /** What it asks for besides, once it has taken one of them. */
  further?: readonly string[];
  /** What the machine said before it let us in, or did not. */
  readonly words: string[];
  /** False: what answers there does not speak SSH, as far as it spoke. */
  isSshd: boolean;
}

/** How ssh2 tells of a reason for hanging up. There is an error only with some kinds of them. */
const HUNG_UP = /^Inbound: Received DISCONNECT \(\d+, "(.*)"\)$/s;

const TOO_MANY = /too many authentication failures/i;

/** Shows what we have, one after the other. */
function inTurn(seen: Seen): AuthHandlerMiddleware {
  const methods = seen.credentials.flatMap((credential) =>
    credential.methods.map((method) => ({ method, credential })),
  );
  return (left, partial, next) => {
    if (partial) seen.further = left ?? [];
    const turn = methods.shift();
    if (turn && !seen.tried.includes(turn.credential)) seen.tried.push(turn.credential);
    next(turn ? turn.method : (false as never));
  };
}

const isPinned = (key: Buffer, pinned: readonly HostKey[]): boolean => pinned.some(({ blob }) => blob.equals(key));

const inWords = (credentials: readonly SshCredential[]): string => credentials.map(({ words }) => words).join(" and ");

const saying = ({ words }: Seen): string => {
  const said = shown(words.join("\n"));
  return said === "" ? "" : `, saying "${said}"`;
};

/** While it boots, a machine refuses all but root so (pam_nologin), and closes new connections when it shuts down. */
const hungUp = (seen: Seen): HostUnreachable =>
  new HostUnreachable(
    `${seen.name} hung up during the login${saying(seen)}${seen.isSshd ? "" : '; if it goes on, look whether "port" is that of an sshd'}`,
    true,
  );

/** An sshd counts each key as a try, those of an agent too, and may hang up before it was shown the right one. */
function refused(seen: Seen, hasHungUp: boolean): HostUnreachable {
  const { name, credentials, tried, further } = seen;
  if (further)
    return new HostUnreachable(
      `${name} takes one of ${inWords(tried)} and asks for more: ${further.join(" or ")} (AuthenticationMethods of its sshd). Give that too, ` +
        "if it is a password or a key, or have its sshd let this user in with one.",
    );
  const what = `${name} refuses the login with ${inWords(tried)}`;
  const left = hasHungUp
    ? credentials.filter((each) => !tried.includes(each) || each.methods.some(({ type }) => type === "agent"))
    : [];
  if (left.length === 0) {
    return new HostUnreachable(
      `${what}. Add the public key to the authorized_keys of that user, or correct "user", the key or the password. If these are right, the log of ` +
        "its sshd says why: the user may be locked, or his login shell not there.",
    );
  }
  return new HostUnreachable(
    `${what}, and hung up${saying(seen)}, before it was shown all: ${inWords(left)}. Its sshd takes no more tries (MaxAuthTries). Raise that, or ` +
      `leave out what does not fit; tried first is the key of ${SSH_KEY_FILE}, then "privateKey", "agent" and "password".`,
  );
}

function explain(error: Error & { level?: string; code?: string }, seen: Seen): HostUnreachable {
  const { name, pinned, shown: key } = seen;
  if (key && !isPinned(key, pinned)) {
    const wanted = pinned.map(({ blob }) => fingerprint(blob)).join(" or ");
    return new OtherHostKey(
      `${name} shows the host key ${fingerprint(key)}, but "hostKeys" has ${wanted}. It was told nothing. If its key was changed on ` +
        "purpose, give the new one (`ssh-keyscan` shows it; compare it on the machine itself); else somebody stands in between.",
      keyType(key),
    );
  }
  if (TOO_MANY.test(error.message)) return refused(seen, true);
  if (error.level === "client-authentication") return refused(seen, false);
  if (/no matching host key/.test(error.message)) {
    return new NoSuchHostKey(`${name} has no host key of a type that is known here: ${HOST_KEY_TYPES.join(", ")}`);
  }
  if (/Connection lost before handshake/.test(error.message)) return hungUp(seen);
  if (error.level === "client-timeout") return noAnswer(name);
  if (STARTING.has(error.code ?? "")) {
    return new HostUnreachable(`${name} can't be reached: ${error.message}`, true);
  }
  return new HostUnreachable(
    `${name}: no SSH connection comes about: ${shown(error.message)}. Look ${seen.isSshd ? "" : 'whether "port" is that of an sshd, and '}what its log says.`,
  );
}
