import { Semaphore } from "async-mutex";
import type { ClientChannel } from "ssh2";
import type { SshLogin } from "../../inputs";
import { ofRun } from "../../run";
import { SSH_DEFAULTS } from "../defaults";
import { HostUnreachable } from "../Host";
import { ConnectionLost, SshConnection } from "./connection";
import { dial, sshName } from "./dial";
import { logIn } from "./handshake";

/** sshd takes ten at a time over one connection, unless told otherwise. Some are left to streams that need one, and to those that are just ending. */
const COMMANDS_AT_ONCE = 5;
/** How long nobody tries again after a failure: all resources of a machine that is down ask at once. */
const FAILURE_KEPT = 5_000;

/** How a machine is reached. */
export interface SshTarget extends SshLogin {
  readonly jump?: SshLogin | undefined;
}

type Attach<T> = (channel: ClientChannel) => T;

/** A machine over SSH: one connection per run, shared by all who need it and opened again after it was lost. */
export class SshMachine {
  private static readonly known = ofRun(() => new Map<string, SshMachine>());
  /** The connections: more than one only where the first is full. */
  private readonly attempts: Promise<SshConnection>[] = [];
  private readonly commands = new Semaphore(COMMANDS_AT_ONCE);
  readonly name: string;
  readonly user: string;
  readonly isRoot: boolean;

  private constructor(private readonly target: SshTarget) {
    this.name = sshName(target);
    this.user = target.user ?? SSH_DEFAULTS.user;
    this.isRoot = this.user === "root";
  }

  /** The same object for the same way to a machine. */
  static at(target: SshTarget): SshMachine {
    const key = JSON.stringify([login(target), target.jump && login(target.jump)]);
    const machine = SshMachine.known().get(key) ?? new SshMachine(target);
    SshMachine.known().set(key, machine);
    return machine;
  }

  /** Connects, unless it is connected. @param again tries also where that has just failed */
  async connect(again = false): Promise<SshConnection> {
    return this.connection(0, again);
  }

  /** Starts a command; `work` ends when it is over. */
  command<T>(line: string, work: Attach<Promise<T>>): Promise<T> {
    return this.commands.runExclusive(() => this.execute(line, work));
  }

  /** Starts a command that lives as long as the stream to it. A connection that has no room for more sends us to another. */
  async execute<T>(line: string, attach: Attach<T>): Promise<Awaited<T>> {
    for (let number = 0; ; number++) {
      try {
        return await this.open(number, (connection) =>
          connection.channel((client, done) => client.exec(line, done), attach),
        );
      } catch (error) {
        if ((error as { reason?: number }).reason !== OPEN_FAILED) throw error;
        if (number === COMMANDS_AT_ONCE)
          throw new HostUnreachable(
            `${this.name} lets us in and opens no session for a command: raise MaxSessions of its sshd, which may be 0`,
          );
      }
    }
  }

  /** A stream to a unix socket on that machine. */
  socketStream(path: string): Promise<ClientChannel> {
    return this.open(0, (connection) =>
      connection.channel(
        (client, done) => client.openssh_forwardOutStreamLocal(path, done),
        (channel) => channel,
      ),
    );
  }

  /** A connection may turn out to be gone only when it is used. Nothing was done through it then, so it is asked of a new one. */
  private async open<T>(number: number, work: (connection: SshConnection) => Promise<T>): Promise<T> {
    try {
      return await work(await this.connection(number));
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      return work(await this.connection(number));
    }
  }

  private async connection(number: number, again = false): Promise<SshConnection> {
    const kept = this.attempts[number];
    const outcome = await kept?.catch(() => undefined);
    // Meanwhile another may have begun a new attempt, which is ours then too.
    if (kept !== this.attempts[number]) return this.connection(number);
    if (kept && (outcome ? outcome.isOpen : !again)) return kept;
    const attempt = this.begin(again);
    this.attempts[number] = attempt;
    attempt.catch(() => {
      const forget = () => {
        if (this.attempts[number] === attempt) delete this.attempts[number];
      };
      setTimeout(forget, FAILURE_KEPT).unref();
    });
    return attempt;
  }

  private async begin(again: boolean): Promise<SshConnection> {
    const { target, name } = this;
    if (!target.jump) {
      const { client, sock } = await logIn(target, () => dial(target));
      return new SshConnection(name, client, sock, undefined);
    }
    const jump = SshMachine.at(target.jump);
    let over: SshConnection | undefined;
    const { client } = await logIn(target, async () => {
      const { connection, sock } = await this.through(jump, again);
      over = connection;
      return sock;
    });
    return new SshConnection(name, client, undefined, over);
  }

  /** A way to the machine that begins at another one. */
  private async through(jump: SshMachine, again: boolean) {
    const { name } = this;
    const { address, port = SSH_DEFAULTS.port } = this.target;
    await jump.connect(again).catch((error) => {
      throw new HostUnreachable(
        `${name} can't be reached, because its jump host can't: ${error.message}`,
        (error as HostUnreachable).mayBeStarting,
      );
    });
    const tunnel = async (connection: SshConnection) => ({ connection, sock: await connection.tunnel(address, port) });
    return jump.open(0, tunnel).catch((error: Error & { reason?: number }) => {
      const what = `${name} can't be reached from its jump host ${jump.name}`;
      if (error.reason === FORBIDDEN) {
        throw new HostUnreachable(
          `${what}: its sshd forbids it (AllowTcpForwarding, PermitOpen, or "restrict" at the key)`,
        );
      }
      throw new HostUnreachable(`${what}: ${error.message.replace("(SSH) Channel open failure: ", "")}`, true);
    });
  }
}

/** Reasons that sshd gives for a channel it does not open. */
const FORBIDDEN = 1;
const OPEN_FAILED = 2;

/** What a login consists of, in an order that does not depend on who wrote it down. */
const login = ({ address, port, user, hostKeys, privateKey, passphrase, agent, password }: SshLogin) => [
  address,
  port ?? SSH_DEFAULTS.port,
  user ?? SSH_DEFAULTS.user,
  hostKeys,
  privateKey,
  passphrase,
  agent,
  password,
];
