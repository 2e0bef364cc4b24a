import type { Duplex } from "node:stream";
import type { AuthMethod, Client, ConnectConfig } from "ssh2";
import type { SshLogin } from "../../inputs";
import { SSH_DEFAULTS } from "../defaults";
import { HostUnreachable } from "../Host";
import { sshCredentials } from "./credentials";
import { noAnswer, PATIENCE, STARTING, sshName } from "./dial";
import { fingerprint, HOST_KEY_TYPES, type HostKey, hostKeyAlgorithms, keyType, parseHostKey } from "./keys";

/** The login on a machine, up to the moment at which it takes commands. */

/** Logs in. @param dialling makes the byte stream to the machine's sshd, which is closed when the login fails */
export async function logIn<T extends Duplex>(
  login: SshLogin,
  dialling: () => Promise<T>,
): Promise<{ client: Client; sock: T }> {
  const pinned = login.hostKeys.map(parseHostKey);
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
  const seen: Seen = { name, pinned, shown: undefined, tried: "", words: "" };
  const client = new Client();
  try {
    const { methods, tried } = await sshCredentials(login);
    seen.tried = tried;
    const settings: ConnectConfig = {
      sock,
      username: login.user ?? SSH_DEFAULTS.user,
      authHandler: methods as AuthMethod[],
      readyTimeout: PATIENCE,
      algorithms: { serverHostKey: algorithms as never },
      hostVerifier: (key: Buffer) => {
        seen.shown = key;
        return isPinned(key, pinned);
      },
    };
    client.on("banner", (text) => {
      seen.words = text.trim();
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
  /** What we logged in with, in words. */
  tried: string;
  /** What the machine said before it let us in, or did not. */
  words: string;
}

const isPinned = (key: Buffer, pinned: readonly HostKey[]): boolean => pinned.some(({ blob }) => blob.equals(key));

/** While it boots, a machine refuses all but root so (pam_nologin), and closes new connections when it shuts down. */
const hungUp = ({ name, words }: Seen): HostUnreachable =>
  new HostUnreachable(
    `${name} hung up during the login${words === "" ? "" : `, saying "${words}"`}; if it goes on, look whether "port" is that of an sshd`,
    true,
  );

function explain(error: Error & { level?: string; code?: string }, seen: Seen): HostUnreachable {
  const { name, pinned, shown, tried } = seen;
  if (shown && !isPinned(shown, pinned)) {
    const wanted = pinned.map(({ blob }) => fingerprint(blob)).join(" or ");
    return new OtherHostKey(
      `${name} shows the host key ${fingerprint(shown)}, but "hostKeys" has ${wanted}. It was told nothing. If its key was changed on ` +
        "purpose, give the new one (`ssh-keyscan` shows it; compare it on the machine itself); else somebody stands in between.",
      keyType(shown),
    );
  }
  if (error.level === "client-authentication") {
    return new HostUnreachable(
      `${name} refuses the login with ${tried}. Add the public key to the authorized_keys of that user, or correct "user", the key ` +
        "or the password.",
    );
  }
  if (/no matching host key/.test(error.message)) {
    return new NoSuchHostKey(`${name} has no host key of a type that is known here: ${HOST_KEY_TYPES.join(", ")}`);
  }
  if (/Connection lost before handshake/.test(error.message)) return hungUp(seen);
  if (error.level === "client-timeout") return noAnswer(name);
  if (STARTING.has(error.code ?? "")) {
    return new HostUnreachable(`${name} can't be reached: ${error.message}`, true);
  }
  return new HostUnreachable(
    `${name}: no SSH connection comes about: ${error.message}. Look whether "port" is that of an sshd, and what its log says.`,
  );
}
