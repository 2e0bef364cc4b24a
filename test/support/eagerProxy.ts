import { createConnection } from "mysql2/promise";
import { sleep } from "../../provider/src/waiting";

/** Writes into a database as soon as it may. */
export class EagerProxy {
  written = 0;
  private stopped = false;
  private readonly running: Promise<void>;

  constructor(
    private readonly port: number,
    private readonly login: { readonly user: string; readonly password: string },
    private readonly database: string,
  ) {
    this.running = this.write();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async write(): Promise<void> {
    const table = `${this.database}.a_session`;
    while (!this.stopped) {
      const client = await createConnection({ host: "127.0.0.1", port: this.port, ...this.login });
      try {
        await client.query(`CREATE TABLE IF NOT EXISTS ${table} (id INT PRIMARY KEY AUTO_INCREMENT)`);
        await client.query(`INSERT INTO ${table} VALUES ()`);
        this.written++;
      } catch (error) {
        // Not let in yet, or there is no such database yet.
        if (![1044, 1049, 1142].includes((error as { errno?: number }).errno ?? 0)) throw error;
      } finally {
        client.destroy();
      }
      await sleep(5);
    }
  }
}
