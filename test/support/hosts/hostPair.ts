import type { Connection } from "../../../provider/src/inputs";
import { PASSWORDS } from "../engine/declaredPair";
import { EnginePair } from "../engine/enginePair";
import { ContainerHost, type ContainerHostOptions } from "./containerHost";
import type { Machine } from "./machine";
import { ServerContainer, type ServerContainerOptions } from "./serverContainer";
import { TestNetwork } from "./testNetwork";

/** A pair on two machines, in a network of their own. */
export class HostPair<M extends Machine = ContainerHost> extends EnginePair {
  private constructor(
    readonly network: TestNetwork,
    readonly hosts: readonly [M, M],
  ) {
    super();
  }

  /** The machines, with servers that hold nothing. `first` and `second` say more of one of them. */
  static async planned(
    options: ContainerHostOptions = {},
    [first, second]: readonly [ContainerHostOptions, ContainerHostOptions] = [{}, {}],
  ): Promise<HostPair> {
    return HostPair.of((network, name) =>
      ContainerHost.start(network, { name, ...options, ...(name === "db1" ? first : second) }),
    );
  }

  /** Containers whose main process is the server, with volumes for data and configuration. */
  static inContainers(options: ServerContainerOptions = {}): Promise<HostPair<ServerContainer>> {
    return HostPair.of((network, name) => ServerContainer.start(network, { name, ...options }));
  }

  private static async of<M extends Machine>(
    start: (network: TestNetwork, name: "db1" | "db2") => Promise<M>,
  ): Promise<HostPair<M>> {
    const network = await TestNetwork.create();
    const [one, two] = await Promise.allSettled([start(network, "db1"), start(network, "db2")]);
    if (one.status === "fulfilled" && two.status === "fulfilled") return new HostPair(network, [one.value, two.value]);
    for (const started of [one, two]) if (started.status === "fulfilled") await started.value[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
    throw one.status === "rejected" ? one.reason : (two as PromiseRejectedResult).reason;
  }

  host(number: 1 | 2): M {
    return this.hosts[number - 1] as M;
  }

  override connection(number: 1 | 2, password = PASSWORDS.admin): Connection {
    const { inputs, address } = this.host(number);
    const admin = { user: "session_store_admin", password };
    return { name: `db${number}`, host: inputs, address, port: 3306, admin };
  }

  /** Waits until each node has applied what the other wrote, for so many seconds at most. */
  async catchUp(longest = 20): Promise<void> {
    const [one, two] = this.hosts;
    for (const [source, replica] of [
      [one, two],
      [two, one],
    ] as const) {
      const position = await source.sql("SELECT @@GLOBAL.gtid_binlog_pos");
      const answer = await replica.sql(`SELECT MASTER_GTID_WAIT('${position}', ${longest})`);
      if (answer !== "0")
        throw new Error(`${replica.name} has not applied ${position} of ${source.name} within ${longest} s`);
    }
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await Promise.all(this.hosts.map((host) => host[Symbol.asyncDispose]()));
    await this.network[Symbol.asyncDispose]();
  }
}
