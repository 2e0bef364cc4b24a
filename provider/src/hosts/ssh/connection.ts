import type * as net from "node:net";
import type { Client, ClientChannel } from "ssh2";
import { HostUnreachable } from "../Host";

/** Milliseconds between two looks whether the machine is still there, and how many may go unanswered. */
const PING = 10_000;
const UNANSWERED = 3;
/** A machine that is there opens a channel at once, however long the command takes. */
const OPENING = 15_000;
/** How long a connection that nobody uses is kept for the next. */
const IDLE = 30_000;

/** The connection broke before the machine had said that it would do what was asked. */
export class ConnectionLost extends HostUnreachable {}

type Start = (client: Client, done: (error: Error | undefined, channel: ClientChannel) => void) => unknown;

/** A connection to a machine that is open, or was. */
export class SshConnection {
  isOpen = true;
  private users = 0;
  private unanswered = 0;
  private idle: NodeJS.Timeout | undefined;
  private readonly pings: NodeJS.Timeout;

  constructor(
    readonly name: string,
    private readonly client: Client,
    /** Undefined: the connection goes through that of another machine. */
    private readonly socket: net.Socket | undefined,
    private readonly jump: SshConnection | undefined,
  ) {
    client.setMaxListeners(0);
    client.once("close", () => this.ended());
    this.pings = setInterval(() => this.ping(), PING).unref();
    this.rest();
  }

  /** Opens a channel. `attach` gets it before anything that comes through it could be missed. The process stays as long as it is open. */
  channel<T>(start: Start, attach: (channel: ClientChannel) => T): Promise<T> {
    return this.open(start, (channel) => {
      this.hold();
      channel.once("close", () => this.release());
      return attach(channel);
    });
  }

  /** A stream to a port that the machine reaches, for another connection, which tells how long the process has to stay for it. */
  tunnel(address: string, port: number): Promise<ClientChannel> {
    return this.open(
      (client, done) => client.forwardOut("127.0.0.1", 0, address, port, done),
      (channel) => channel,
    );
  }

  private open<T>(start: Start, attach: (channel: ClientChannel) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let answered = false;
      const answer = (work: () => void) => {
        if (answered) return;
        answered = true;
        clearTimeout(timer);
        this.client.off("close", lost);
        work();
        this.release();
      };
      const lost = () => answer(() => reject(new ConnectionLost(`the connection to ${this.name} is lost`, true)));
      const timer = setTimeout(() => this.client.destroy(), OPENING);
      this.hold();
      this.client.once("close", lost);
      try {
        start(this.client, (error, channel) => answer(() => (error ? reject(error) : resolve(attach(channel)))));
      } catch {
        lost();
      }
    });
  }

  /** Ends it for good, once those who use it now are done. */
  private ended(): void {
    this.isOpen = false;
    clearInterval(this.pings);
    clearTimeout(this.idle);
  }

  /** ssh2's own keepalive would keep the process alive too. Any sshd answers this request, if only by refusing it. */
  private ping(): void {
    if (this.unanswered++ >= UNANSWERED) {
      this.client.destroy();
      return;
    }
    try {
      this.client.unforwardIn("127.0.0.1", 1, () => {
        this.unanswered = 0;
      });
    } catch {
      // It is about to close.
    }
  }

  /** While somebody uses it, the process stays for it. */
  private hold(): void {
    this.jump?.hold();
    clearTimeout(this.idle);
    if (this.users++ === 0) this.socket?.ref();
  }

  private release(): void {
    this.jump?.release();
    if (--this.users === 0) this.rest();
  }

  private rest(): void {
    if (!this.isOpen) return;
    this.socket?.unref();
    this.idle = setTimeout(() => {
      this.ended();
      this.client.end();
    }, IDLE).unref();
  }
}
