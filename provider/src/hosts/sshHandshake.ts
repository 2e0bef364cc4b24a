import * as net from "node:net";
import type { Duplex } from "node:stream";
import type { AuthMethod, Client, ConnectConfig } from "ssh2";
import { HostUnreachable, type SshLogin } from "./Host";
import { sshCredentials } from "./sshCredentials";
import { fingerprint, type HostKey, hostKeyAlgorithms, parseHostKey } from "./sshKeys";

/** The way into a machine, up to the moment at which it takes commands. */

const DEADLINE = 10_000;

/** How messages name it. */
export const sshName = ({ address, port = 22, user = "root" }: SshLogin): string =>
  `${user}@${address}${port === 22 ? "" : `:${port}`}`;

/** Logs in. @param sock the byte stream to the machine's sshd; it is closed when the login fails */
export async function logIn(login: SshLogin, sock: Duplex): Promise<Client> {
  const { Client } = require("ssh2") as typeof import("ssh2");
  const name = sshName(login);
  const pinned = login.hostKeys.map(parseHostKey);
  const seen: Seen = { name, pinned, shown: undefined, tried: "", words: "" };
  const client = new Client();
  try {
    const { methods, tried } = await sshCredentials(login);
    seen.tried = tried;
    const settings: ConnectConfig = {
      sock,
      username: login.user ?? "root",
      authHandler: methods as AuthMethod[],
      readyTimeout: DEADLINE,
      algorithms: { serverHostKey: hostKeyAlgorithms(pinned) as never },
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
  new HostUnreachable(`${name} hung up during the login${words === "" ? "" : `, saying "${words}"`}`, true);

function explain(error: Error & { level?: string; code?: string }, seen: Seen): HostUnreachable {
  const { name, pinned, shown, tried } = seen;
  if (shown && !isPinned(shown, pinned)) {
    const wanted = pinned.map(({ blob }) => fingerprint(blob)).join(" or ");
    return new HostUnreachable(
      `${name} shows the host key ${fingerprint(shown)}, but "hostKeys" has ${wanted}. It was told nothing. If its key was changed on ` +
        "purpose, give the new one (`ssh-keyscan` shows it; compare it on the machine itself); else somebody stands in between.",
    );
  }
  if (error.level === "client-authentication") {
    return new HostUnreachable(
      `${name} refuses the login with ${tried}. Add the public key to the authorized_keys of that user, or correct "user", the key ` +
        "or the password.",
    );
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

const noAnswer = (name: string): HostUnreachable =>
  new HostUnreachable(`${name} can't be reached: no answer within ${DEADLINE / 1000} s`, true);

/** Codes of failures that pass when a machine has started, or its network. */
const STARTING = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT", "EAI_AGAIN", "ECONNRESET"]);

/** A TCP connection to the machine's sshd. */
export function dial(login: SshLogin): Promise<net.Socket> {
  const { address, port = 22 } = login;
  const name = sshName(login);
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: address, port });
    const fail = (error: HostUnreachable) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(noAnswer(name)), DEADLINE);
    socket.once("error", ({ code = "", message }: NodeJS.ErrnoException) => {
      const reason = code === "ENOTFOUND" ? `nobody knows the name ${address}` : reasonOf(message);
      fail(new HostUnreachable(`${name} can't be reached: ${reason}`, STARTING.has(code)));
    });
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** A name with several addresses fails with all of their errors, and an empty message. */
const reasonOf = (message: string): string => message || "none of its addresses answers";
