import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { remove } from "../../../provider/src/hosts/local/data";
import type { Connection } from "../../../provider/src/inputs";
import { openAsSuperuser } from "../../../provider/src/mariadb/open";
import type { Server } from "../../../provider/src/mariadb/server";
import { freePort } from "../local/ports";
import { localConnection } from "../local/reach";
import { type Failure, failureOfCall, ProviderProcess, type Values } from "./providerProcess";

export const PASSWORDS = {
  admin: "admin-of-the-test",
  proxy: "proxy'of\\the test",
  replication: "repl-of-the-test",
  binaryLog: "binlog-of-the-test",
};

/** What one node has of resources, in their order. */
export const TYPES = ["LocalMariaDb", "MariaDbNode", "SessionStoreDatabase", "SessionStoreUsers"];

/** One server and what is kept on it, made and removed through the plugin process. */
export class OneServer implements AsyncDisposable {
  /** What the engine would keep, by type. */
  readonly state: Record<string, { id: string; outs: Values }> = {};
  private readonly errors: string[] = [];

  private constructor(
    readonly folder: string,
    readonly provider: ProviderProcess,
    readonly connection: Connection,
  ) {}

  static async planned(): Promise<OneServer> {
    const folder = await mkdtemp(path.join(tmpdir(), "session-store-provider-"));
    const connection = localConnection("db1", path.join(folder, "db1"), await freePort(), PASSWORDS.admin);
    return new OneServer(folder, await ProviderProcess.start(), connection);
  }

  get directory(): string {
    return path.join(this.folder, "db1");
  }

  /** Inputs as a program gives them. */
  given(type: string): Values {
    const { connection } = this;
    const inputs: Record<string, Values> = {
      LocalMariaDb: { directory: this.directory, port: connection.port },
      MariaDbNode: { connection, nodeNumber: 1, settings: { max_connections: 200 } },
      SessionStoreDatabase: { node: connection },
      SessionStoreUsers: {
        node: connection,
        proxy: { password: PASSWORDS.proxy },
        replication: { password: PASSWORDS.replication },
        binaryLog: { password: PASSWORDS.binaryLog },
      },
    };
    return inputs[type] ?? {};
  }

  checked(type: string, changes: Values = {}): Promise<Values> {
    return this.provider.checked(type, { ...this.given(type), ...changes });
  }

  /** What the engine keeps of this type. */
  kept(type: string): { id: string; outs: Values } {
    const found = this.state[type];
    if (!found) throw new Error(`${type} is not made yet`);
    return found;
  }

  root(): Promise<Server> {
    return openAsSuperuser(this.connection);
  }

  /** The error of a call that must fail. */
  async failure(call: Promise<unknown>): Promise<Failure> {
    const failure = await failureOfCall(call);
    this.errors.push(failure.message);
    return failure;
  }

  /** No password is in what a user gets to see: what the process printed, ids, error texts. */
  expectNoPasswordShown(): void {
    const ids = Object.values(this.state).map(({ id }) => id);
    const shown = [this.provider.printed.join(""), ...this.errors, ...ids].join("\n");
    for (const password of Object.values(PASSWORDS)) expect(shown).not.toContain(password);
    expect(this.errors.length).toBeGreaterThan(5);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.provider[Symbol.asyncDispose]();
    await remove(this.directory);
    await rm(this.folder, { recursive: true, force: true });
  }
}
