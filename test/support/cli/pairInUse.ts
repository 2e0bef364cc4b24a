import { LoginWatch } from "../loginWatch";
import { SessionClient } from "../sessionClient";
import { expectSuccess, PASSWORDS, type Pair, pairProgram, pairThatIsUp } from "./pairProgram";

/** A pair of a program that changes while sessions are written and logins made. */

/** What the program needs besides, so that there are sessions to write. */
export const SCHEMA =
  'schema: { script: "CREATE TABLE IF NOT EXISTS session (id VARCHAR(64) PRIMARY KEY, data VARCHAR(200));" },';
export const PROGRAM = pairProgram(SCHEMA);
export const LOGIN = { user: "nevisproxy_user", password: PASSWORDS.proxyPassword };

/** The program with its component under another name. */
export const named =
  (name: string, options = "") =>
  (text: string): string =>
    text.replace('("sessions"', `("${name}"`).replace(/\n\}\);\n\nexport/, `\n}${options});\n\nexport`);

export class PairInUse implements AsyncDisposable {
  private constructor(private readonly pair: Pair) {}

  static async thatIsUp(): Promise<PairInUse> {
    return new PairInUse(await pairThatIsUp(PROGRAM));
  }

  get project(): Pair["project"] {
    return this.pair.project;
  }
  get ports(): Pair["ports"] {
    return this.pair.ports;
  }
  get db1(): Pair["db1"] {
    return this.pair.db1;
  }
  get db2(): Pair["db2"] {
    return this.pair.db2;
  }

  /** Does something to the pair in use. Afterwards not one login was refused, no server was restarted, and both nodes hold the same rows. */
  async inUse<T>(label: string, live: () => Promise<T>): Promise<T> {
    const writer = new SessionClient(label, this.ports[0], LOGIN).start();
    const watch = new LoginWatch(this.ports, LOGIN);
    const processes = [await this.db1.pid(), await this.db2.pid()];
    try {
      return await live();
    } finally {
      await writer.stop();
      await watch.stop();
      expect([writer.errors, watch.refused]).toEqual([[], []]);
      expect(writer.acknowledged.length).toBeGreaterThan(50);
      expect(watch.succeeded).toBeGreaterThan(50);
      expect([await this.db1.pid(), await this.db2.pid()]).toEqual(processes);
      await this.expectWhole();
    }
  }

  /** Both nodes hold the same, and the links run. */
  async expectWhole(): Promise<void> {
    await this.db2.catchUpWith(this.db1);
    await this.db1.catchUpWith(this.db2);
    const sum = async (server: Pair["db1"]) => server.rows("CHECKSUM TABLE replicated_session_store.session");
    expect(await sum(this.db2)).toEqual(await sum(this.db1));
    for (const server of [this.db1, this.db2]) {
      expect(await server.replica()).toMatchObject({ Slave_IO_Running: "Yes", Slave_SQL_Running: "Yes" });
    }
  }

  async up(...args: string[]): Promise<string> {
    return expectSuccess(await this.project.up(...args));
  }

  /** Nothing is left to do. */
  async expectClean(): Promise<void> {
    expectSuccess(await this.project.preview("--expect-no-changes"));
  }

  /** Changes the text of the program as it was at the beginning. */
  program(change: (text: string) => string): Promise<void> {
    return this.project.writeProgram(change(PROGRAM));
  }

  async urnOf(name: string): Promise<string> {
    const urns = await this.urns();
    const urn = urns.find((one) => one.endsWith(`::${name}`));
    if (urn === undefined) throw new Error(`there is no ${name} in the state`);
    return urn;
  }

  /** Those of all resources in the state. */
  async urns(): Promise<string[]> {
    const state = JSON.parse(await this.project.exportState()) as { deployment: { resources: { urn: string }[] } };
    return state.deployment.resources.map(({ urn }) => urn);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pair[Symbol.asyncDispose]();
  }
}
