import type Docker from "dockerode";
import type { DockerHostInputs } from "../../../provider/src/inputs";
import { until } from "../../../provider/src/waiting";
import {
  CONFIG_DIRECTORY,
  DATA_DIRECTORY,
  ENVIRONMENT,
  HEALTHCHECK,
  ROOT_BY_SOCKET,
} from "../../../stacks/mariadbContainer";
import { LABELS, type Suite, testEngine } from "./dockerEngine";
import { Machine } from "./machine";
import { serverImage } from "./serverImage";
import type { TestNetwork } from "./testNetwork";

export interface ServerContainerOptions {
  /** How messages name it. @default db1 */
  readonly name?: string;
  /** Debian's. @default bookworm */
  readonly suite?: Suite;
  /** The engine, as resources name it. @default the one of the tests */
  readonly engine?: string;
  /** The shell's line of its healthcheck. "none": it has none. @default that of stacks/docker.ts */
  readonly healthcheck?: string;
}

const SECOND = 1_000_000_000;

/** A container whose main process is the server, set up as stacks/docker.ts sets it up, but by hand. */
export class ServerContainer extends Machine {
  private constructor(
    readonly name: string,
    readonly address: string,
    private readonly suite: Suite,
    private readonly network: TestNetwork,
    readonly engine: string,
    private readonly options: ServerContainerOptions,
  ) {
    super();
  }

  static async start(network: TestNetwork, options: ServerContainerOptions = {}): Promise<ServerContainer> {
    const { name = "db1", suite = "bookworm", engine = String(process.env["SESSION_STORE_TEST_DOCKER"]) } = options;
    const server = new ServerContainer(name, `${network.name}-${name}`, suite, network, engine, options);
    try {
      for (const Name of server.volumes) await testEngine().createVolume({ Name, Labels: LABELS });
      await server.create(await serverImage(suite));
      await server.container.start();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** By its name: another container may take it. */
  get container(): Docker.Container {
    return testEngine().getContainer(this.address);
  }

  get inputs(): DockerHostInputs {
    return { kind: "docker", container: this.address, engine: this.engine };
  }

  /** What a program does that names another image. */
  async replace(release: number): Promise<void> {
    const image = await serverImage(this.suite, release);
    await this.container.stop({ t: 60 });
    await this.container.remove();
    await this.create(image);
    await this.container.start();
    await this.healthy();
  }

  /** As when its disk is gone. */
  async loseData(): Promise<void> {
    const [Name] = this.volumes;
    await this.container.remove({ force: true });
    await testEngine().getVolume(Name).remove();
    await testEngine().createVolume({ Name, Labels: LABELS });
    await this.create(await serverImage(this.suite, 2));
    await this.container.start();
    await this.healthy();
  }

  async healthy(): Promise<void> {
    await until({ what: `${this.name} to be healthy`, deadline: 60_000 }, async () => {
      const { Health } = (await this.container.inspect()).State;
      return Health?.Status === "healthy" ? { done: undefined } : { seen: JSON.stringify(Health?.Log.at(-1)) };
    });
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]().catch(unlessGone);
    for (const volume of this.volumes) await testEngine().getVolume(volume).remove().catch(unlessGone);
  }

  private get volumes(): readonly [string, string] {
    return [`${this.address}-data`, `${this.address}-config`];
  }

  private async create(image: string): Promise<void> {
    const [data, config] = this.volumes;
    const { healthcheck = HEALTHCHECK } = this.options;
    await testEngine().createContainer({
      name: this.address,
      Hostname: this.name,
      Image: image,
      Env: ENVIRONMENT,
      Labels: LABELS,
      Healthcheck: {
        Test: healthcheck === "none" ? ["NONE"] : ["CMD-SHELL", healthcheck],
        // Often until it is healthy, then seldom: each check is a process, on machines that have others to run.
        StartInterval: SECOND / 2,
        Interval: 5 * SECOND,
        Timeout: 10 * SECOND,
        Retries: 3,
        StartPeriod: 60 * SECOND,
      },
      HostConfig: {
        NetworkMode: this.network.name,
        RestartPolicy: { Name: "unless-stopped" },
        Binds: [`${data}:${DATA_DIRECTORY}`, `${config}:${CONFIG_DIRECTORY}`],
      },
    });
    await this.place(ROOT_BY_SOCKET.file, ROOT_BY_SOCKET.content);
  }
}

function unlessGone(error: { statusCode?: number }): void {
  if (error.statusCode !== 404) throw error;
}
