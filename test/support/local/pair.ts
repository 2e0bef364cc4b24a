import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { remove } from "../../../provider/src/hosts/local/data";
import type { Connection } from "../../../provider/src/inputs";
import { PASSWORDS, type PairOptions } from "../engine/declaredPair";
import { EnginePair } from "../engine/enginePair";
import { PairServer } from "./pairServer";
import { freePorts } from "./ports";
import { localConnection } from "./reach";

/** A pair on this machine. */
export class Pair extends EnginePair {
  private readonly servers = new Map<1 | 2, PairServer>();

  protected constructor(
    readonly folder: string,
    public ports: readonly [number, number],
  ) {
    super();
  }

  /** Two servers' places, with nothing in them yet. */
  static async planned(): Promise<Pair> {
    const folder = await mkdtemp(path.join(tmpdir(), "session-store-pair-"));
    return new Pair(folder, await freePorts());
  }

  static async up(options: PairOptions = {}): Promise<Pair> {
    const pair = await Pair.planned();
    try {
      await pair.up(options);
      return pair;
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
  }

  directory(number: 1 | 2): string {
    return path.join(this.folder, `db${number}`);
  }

  connection(number: 1 | 2, password = PASSWORDS.admin): Connection {
    return localConnection(`db${number}`, this.directory(number), this.ports[number - 1] ?? 0, password);
  }

  /** One of the servers as the hand at the keyboard reaches it. */
  server(number: 1 | 2): PairServer {
    const server =
      this.servers.get(number) ?? new PairServer(`db${number}`, this.directory(number), this.ports[number - 1] ?? 0);
    this.servers.set(number, server);
    return server;
  }

  /** The program gives a server another port from now on. */
  givePort(number: 1 | 2, port: number): void {
    this.ports = number === 1 ? [port, this.ports[1]] : [this.ports[0], port];
    this.servers.delete(number);
  }

  /** As when its machine burnt down. */
  async lose(number: 1 | 2): Promise<void> {
    await this.server(number).kill();
    await rm(this.directory(number), { recursive: true });
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.servers.values()].map((server) => server.close()));
    await super[Symbol.asyncDispose]();
    await Promise.all([remove(this.directory(1)), remove(this.directory(2))]);
    await rm(this.folder, { recursive: true, force: true });
  }
}
