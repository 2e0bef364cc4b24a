import type { Connection } from "../../../provider/src/inputs";
import { openAsSuperuser } from "../../../provider/src/mariadb/open";
import type { Server } from "../../../provider/src/mariadb/server";
import { declaredPair, type PairOptions, pairRun } from "./declaredPair";
import { type Declared, Engine, type Program } from "./engine";

/** A pair as a program declares it and its operations bring it up, without the CLI. */
export abstract class EnginePair implements AsyncDisposable {
  private readonly engine = new Engine();
  private readonly sessions: Server[] = [];

  abstract connection(number: 1 | 2, password?: string): Connection;

  /** What the engine keeps, by name of the resource. */
  get kept(): Engine["kept"] {
    return this.engine.kept;
  }

  /** A session of MariaDB's root: the hand that looks and breaks. What it does is not in the binary log. */
  async root(number: 1 | 2): Promise<Server> {
    const session = await openAsSuperuser(this.connection(number));
    this.sessions.push(session);
    return session;
  }

  declared(options: PairOptions = {}): Promise<Declared[]> {
    return declaredPair([this.connection(1), this.connection(2)], options);
  }

  program(options: PairOptions = {}): Promise<Program> {
    return pairRun([this.connection(1), this.connection(2)], options);
  }

  /** @param meanwhile what happens between the look at everything and the changes */
  async up(options: PairOptions = {}, meanwhile?: () => Promise<void>): Promise<string[]> {
    return this.engine.up(await this.program(options), meanwhile);
  }

  async drift(options: PairOptions = {}): Promise<Record<string, string[]>> {
    return this.engine.drift(await this.declared(options));
  }

  refresh(): Promise<void> {
    return this.engine.refresh();
  }

  down(only?: string): Promise<void> {
    return this.engine.down(only);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.sessions.map((session) => session[Symbol.asyncDispose]()));
  }
}
