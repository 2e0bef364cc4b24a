import type Docker from "dockerode";
import { LABELS, testEngine } from "./dockerEngine";

/** A network of its own for containers. Their addresses in it stay the same when they are started again. */
export class TestNetwork implements AsyncDisposable {
  private last = 9;

  private constructor(
    readonly name: string,
    private readonly prefix: string,
    private readonly network: Docker.Network,
  ) {}

  static async create(): Promise<TestNetwork> {
    for (let attempt = 1; ; attempt++) {
      const prefix = `10.${200 + random(50)}.${random(256)}`;
      const name = `session-store-${process.pid}-${Date.now()}-${random(1000)}`;
      try {
        const network = await testEngine().createNetwork({
          Name: name,
          Labels: LABELS,
          IPAM: { Config: [{ Subnet: `${prefix}.0/24`, Gateway: `${prefix}.1` }] },
        });
        return new TestNetwork(name, prefix, network);
      } catch (error) {
        // Somebody else's network has some of these addresses.
        if (attempt === 10) throw error;
      }
    }
  }

  /** An address that no container of this network has yet. */
  nextAddress(): string {
    this.last += 1;
    return `${this.prefix}.${this.last}`;
  }

  /** Of this machine, as the containers see it. */
  get gateway(): string {
    return `${this.prefix}.1`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network.remove();
  }
}

const random = (limit: number): number => Math.floor(Math.random() * limit);
