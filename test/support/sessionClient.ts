import { type Connection as Client, createConnection, type SslOptions } from "mysql2/promise";
import { sleep } from "../../provider/src/waiting";

/** Writes sessions as a proxy does, and remembers each one that was acknowledged. */
export class SessionClient {
  readonly acknowledged: string[] = [];
  /** Longest time between asking for a commit and its acknowledgement, in milliseconds. */
  worst = 0;
  readonly errors: string[] = [];
  private stopped = false;
  private running: Promise<void> | undefined;

  constructor(
    readonly label: string,
    private readonly port: number,
    private readonly login: { user: string; password: string } = { user: "nevisproxy_user", password: "proxy-1" },
    private readonly host = "127.0.0.1",
    private readonly ssl?: SslOptions,
  ) {}

  /** Makes the table of the sessions. */
  static readonly TABLE =
    "CREATE TABLE IF NOT EXISTS replicated_session_store.session (id VARCHAR(64) PRIMARY KEY, data VARCHAR(200)) ENGINE=InnoDB";

  start(): this {
    this.running = this.write();
    return this;
  }

  async stop(): Promise<this> {
    this.stopped = true;
    await this.running;
    return this;
  }

  private async write(): Promise<void> {
    let client: Client | undefined;
    for (let number = 0; !this.stopped; number++) {
      const id = `${this.label}-${number}`;
      const asked = Date.now();
      try {
        client ??= await createConnection({
          host: this.host,
          port: this.port,
          ...this.login,
          ...(this.ssl && { ssl: this.ssl }),
        });
        await client.query("INSERT INTO replicated_session_store.session (id, data) VALUES (?, ?)", [
          id,
          "x".repeat(100),
        ]);
        this.acknowledged.push(id);
        this.worst = Math.max(this.worst, Date.now() - asked);
      } catch (error) {
        this.errors.push((error as Error).message);
        client?.destroy();
        client = undefined;
        await sleep(20);
      }
      // A proxy's pace, not the server's limit.
      await sleep(2);
    }
    client?.destroy();
  }
}
