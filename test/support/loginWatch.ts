import { createConnection } from "mysql2/promise";
import { sleep } from "../../provider/src/waiting";

/** Logs in to servers again and again, as proxies do that lose their connections, and remembers who was turned away. */
export class LoginWatch {
  /** Each login that did not succeed. */
  readonly refused: string[] = [];
  succeeded = 0;
  private stopped = false;
  private readonly running: Promise<unknown>;

  constructor(
    ports: readonly number[],
    private readonly login: { readonly user: string; readonly password: string },
  ) {
    this.running = Promise.all(ports.map((port) => this.watch(port)));
  }

  async stop(): Promise<this> {
    this.stopped = true;
    await this.running;
    return this;
  }

  private async watch(port: number): Promise<void> {
    while (!this.stopped) {
      try {
        const client = await createConnection({ host: "127.0.0.1", port, ...this.login });
        client.destroy();
        this.succeeded++;
      } catch (error) {
        const { code, message } = error as { code?: string; message: string };
        this.refused.push(`${port}: ${code} ${message}`);
      }
      await sleep(10);
    }
  }
}
