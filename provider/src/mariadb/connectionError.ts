import { isAboutRoom } from "../hosts/errorLog";
import type { LoginProblem, StatementProblem } from "../recipe/words";
import { methodIn, OTHER_METHOD } from "./loginMethods";

/** Why a session on a server could not be had, or what went wrong in it. */

/** How long a server may take to answer a login, in milliseconds. */
export const LOGIN_DEADLINE = 10_000;
/** Why a login is refused, by error number. */
const REFUSALS: Readonly<Record<number, string>> = {
  1045: "wrong password, or no such account",
  1698: "wrong password, or no such account",
  1226: "it has used up a limit of its account",
  1820: "its password has expired",
  1862: "its password has expired",
  4150: "the server has blocked it after too many wrong passwords (max_password_errors); FLUSH PRIVILEGES ends that",
  4151: "the account is locked",
};
const SHUTDOWN = 1053;
/** ER_DISK_FULL, ER_RECORD_FILE_FULL */
const DISK_FULL = [1021, 1114];

export class ConnectionError extends Error {
  constructor(
    readonly problem: LoginProblem,
    /** The name of the server. */
    readonly server: string,
    message: string,
    readonly errno?: number,
    /** The server is there for the first time, or was made again: nothing that we ever put on it is there, and no rows are. */
    readonly isNew = problem === "no data",
  ) {
    super(message);
  }
}

/** There is a server, and no TLS comes about with it. */
export class HandshakeError extends ConnectionError {}

/** A server that had let us in does not answer to a statement, or refuses what it asks for. */
export class StatementError extends Error {
  constructor(
    readonly problem: StatementProblem,
    /** The name of the server. */
    readonly server: string,
    message: string,
    /** Undefined: it gave no answer. */
    readonly errno?: number,
  ) {
    super(message);
  }
}

/** What an error that a server answers with is. */
export const problemOf = (errno: number, message: string): StatementProblem =>
  DISK_FULL.includes(errno) || isAboutRoom(message) ? "disk full" : `error ${errno}`;

/** What a look at a server may meet. */
export type Trouble = ConnectionError | StatementError;

export const isTrouble = (error: unknown): error is Trouble =>
  error instanceof ConnectionError || error instanceof StatementError;

/** What a failed login means. */
export function connectionError(name: string, user: string, error: unknown): Error {
  const { code, errno, message } = error as { code?: string; errno?: number; message: string };
  const refusal = REFUSALS[errno ?? 0];
  if (refusal) {
    return new ConnectionError(
      "login refused",
      name,
      `${name} refuses the login of "${user}" (${errno}): ${refusal}`,
      errno,
    );
  }
  if (code === OTHER_METHOD) {
    return new ConnectionError(
      "login refused",
      name,
      `${name} asks for a proof of the password of "${user}" that MariaDB does not need (${methodIn(message)}), and was told nothing: the account was changed ` +
        "to that method by hand, or somebody else answers in the server's place",
    );
  }
  if (errno === 1227) {
    // The account was made, and the run that made it ended before it got its privileges; or somebody took them.
    return new ConnectionError(
      "login refused",
      name,
      `${name} lets "${user}" in, but without its privileges (1227)`,
      errno,
    );
  }
  if (code === "HANDSHAKE_NO_SSL_SUPPORT") {
    return new ConnectionError("without TLS", name, `${name} takes no TLS`);
  }
  if (code === "HANDSHAKE_SSL_ERROR") {
    return new HandshakeError("unreachable", name, `${name} does not prove itself: ${reasonOf(message)}`);
  }
  if (code === "ENOENT" || code === "ECONNREFUSED") {
    return new ConnectionError("stopped", name, `${name} does not run (${code}: nothing listens on its socket)`);
  }
  // It greets and hangs up, as a server does that is stopping.
  if (errno === SHUTDOWN || ["ECONNRESET", "EPIPE", "PROTOCOL_CONNECTION_LOST"].includes(code ?? "")) {
    return new ConnectionError(
      "stopped",
      name,
      `${name} hung up during the login, as it does when it stops: ${message}`,
      errno,
    );
  }
  if (code === "ETIMEDOUT" || code === "PROTOCOL_SEQUENCE_TIMEOUT") {
    const seen = `takes connections but does not answer within ${LOGIN_DEADLINE / 1000} s`;
    return new ConnectionError("not answering", name, `${name} ${seen}: it hangs or is overloaded`);
  }
  return new ConnectionError("unreachable", name, `${name} can't be reached: ${message}`, errno);
}

/** Of an error of OpenSSL, its reason alone: numbers and places in its sources stand around it. */
const reasonOf = (message: string): string => /:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1] ?? message;
