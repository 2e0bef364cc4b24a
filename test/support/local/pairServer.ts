import * as path from "node:path";
import { paths } from "../../../provider/src/hosts/local/files";
import { findProcess, start, stop } from "../../../provider/src/hosts/local/server";
import { openAsSuperuser } from "../../../provider/src/mariadb/open";
import type { Row, Server } from "../../../provider/src/mariadb/server";
import { until } from "../../../provider/src/waiting";
import { isFree } from "./ports";
import { localConnection, login } from "./reach";

/** One server of the pair under test, as the hand at the keyboard reaches it: MariaDB's root, through the socket. */
export class PairServer {
  private session: Promise<Server> | undefined;

  constructor(
    readonly name: string,
    readonly directory: string,
    readonly port: number,
  ) {}

  get settingsFile(): string {
    return path.join(paths(this.directory).includeFolder, "99-session-store.cnf");
  }

  get data(): string {
    return paths(this.directory).data;
  }

  /** A statement by hand. It is not in the binary log. */
  async rows(statement: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.root()).query(statement, values);
  }

  async run(...statements: string[]): Promise<void> {
    for (const statement of statements) await this.rows(statement);
  }

  async value(statement: string, values: readonly unknown[] = []): Promise<string> {
    return (await this.root()).value(statement, values);
  }

  /** A statement in the way of a client: it is logged and reaches the peer. */
  async write(...statements: string[]): Promise<void> {
    const root = await this.root();
    await root.logged(async () => {
      for (const statement of statements) await root.query(statement);
    });
  }

  variable(name: string): Promise<string> {
    return this.value(`SELECT @@GLOBAL.${name}`);
  }

  async status(name: string): Promise<string> {
    const [row] = await this.rows("SHOW GLOBAL STATUS WHERE Variable_name = ?", [name]);
    return String(row?.["Value"]);
  }

  /** What SHOW SLAVE STATUS says; undefined when this server replicates from nobody. */
  async replica(): Promise<Row | undefined> {
    return (await this.rows("SHOW SLAVE STATUS"))[0];
  }

  /** Waits until this server has applied all that the other one wrote. */
  async catchUpWith(source: PairServer): Promise<void> {
    const position = await source.variable("gtid_binlog_pos");
    if ((await this.value("SELECT MASTER_GTID_WAIT(?, 20)", [position])) !== "0") {
      throw new Error(`${this.name} has not applied ${position} of ${source.name} within 20 s`);
    }
  }

  /** Waits until the answer is the wanted one. */
  async waitFor(statement: string, wanted: string): Promise<void> {
    await until({ what: `${this.name}: ${statement} to be ${wanted}`, deadline: 20_000 }, async () => {
      const seen = await this.value(statement);
      return seen === wanted ? { done: undefined } : { seen };
    });
  }

  /** Logs in over TCP, as a proxy does. Returns "in", or the error's number. */
  login(user: string, password: string): Promise<string> {
    return login(this.port, user, password);
  }

  pid(): Promise<number | undefined> {
    return findProcess(this.directory);
  }

  /** As a power cut or `kill -9` ends it. */
  async kill(): Promise<void> {
    const pid = await this.pid();
    if (pid === undefined) throw new Error(`${this.name} does not run`);
    process.kill(pid, "SIGKILL");
    await this.close();
    // Its threads end one by one; the port is free when the last one has.
    await until({ what: `${this.name} to be gone`, deadline: 20_000 }, async () =>
      (await this.pid()) === undefined && (await isFree(this.port)) ? { done: undefined } : { seen: `process ${pid}` },
    );
  }

  async stop(): Promise<void> {
    await this.close();
    await stop(this.directory);
  }

  start(): Promise<void> {
    return start(this.directory);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Ends the hand's session, if there is one. */
  async close(): Promise<void> {
    const session = await this.session?.catch(() => undefined);
    this.session = undefined;
    await session?.[Symbol.asyncDispose]();
  }

  /** The session in which all of this is done. */
  async root(): Promise<Server> {
    const lost = await this.session
      ?.then((session) => session.query("DO 1"))
      .then(
        () => false,
        () => true,
      );
    // The server went and came back since.
    if (lost) await this.close();
    this.session ??= openAsSuperuser(localConnection(this.name, this.directory, this.port, "unused"));
    return this.session;
  }
}
