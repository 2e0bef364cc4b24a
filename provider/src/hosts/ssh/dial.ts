import * as net from "node:net";
import type { SshLogin } from "../../inputs";
import { SSH_DEFAULTS } from "../defaults";
import { HostUnreachable } from "../Host";

/** The way to a machine's sshd. */

/** Milliseconds that it may take to answer. */
export const PATIENCE = 10_000;

/** How messages name it. */
export const sshName = ({ address, port = SSH_DEFAULTS.port, user = SSH_DEFAULTS.user }: SshLogin): string =>
  `${user}@${address}${port === SSH_DEFAULTS.port ? "" : `:${port}`}`;

export const noAnswer = (name: string): HostUnreachable =>
  new HostUnreachable(`${name} can't be reached: no answer within ${PATIENCE / 1000} s`, true);

/** Codes of failures that pass when a machine has started, or its network. */
export const STARTING = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "ECONNRESET",
]);

/** A TCP connection to the machine's sshd. */
export function dial(login: SshLogin): Promise<net.Socket> {
  const { address, port = SSH_DEFAULTS.port } = login;
  const name = sshName(login);
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: address, port });
    const fail = (error: HostUnreachable) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(noAnswer(name)), PATIENCE);
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
