import { readFileSync } from "node:fs";
import type { Agent } from "node:http";
import * as path from "node:path";
import Docker from "dockerode";
import { during, within } from "../waiting";
import { type EngineAddress, engineAddress } from "./dockerAddress";
import { SshAgent } from "./dockerOverSsh";
import { HostUnreachable } from "./Host";

const ANSWER_DEADLINE = 15_000;
/** How long an engine that did not answer is not asked again. */
const PATIENCE = 5_000;

/** A Docker engine. All containers and resources of a run share one for each address. */
export class DockerEngine {
  private static readonly engines = new Map<string, DockerEngine>();

  /** @param given as DOCKER_HOST has it. @default the one that the docker command uses */
  static at(given: string | undefined): DockerEngine {
    const key = given ?? "";
    const engine = DockerEngine.engines.get(key) ?? new DockerEngine(given);
    DockerEngine.engines.set(key, engine);
    return engine;
  }

  private answered: Promise<Docker> | undefined;
  private url = "";

  private constructor(private readonly given: string | undefined) {}

  /** Asks the engine for something. An engine that is not there is asked by nobody again for some seconds. */
  async ask<T>(work: (client: Docker) => Promise<T>): Promise<T> {
    this.answered ??= this.knock();
    const client = await this.answered;
    try {
      return await work(client);
    } catch (error) {
      if (!isUnanswered(error)) throw error;
      this.forget();
      throw this.unreachable((error as Error).message);
    }
  }

  private async knock(): Promise<Docker> {
    const late = () => new Error(`no answer within ${ANSWER_DEADLINE / 1000} s`);
    try {
      const address = engineAddress(this.given);
      this.url = address.url;
      const client = new Docker(clientOptions(address));
      await within(ANSWER_DEADLINE, late, during(`asking the Docker engine at ${this.url}`, client.ping()));
      return client;
    } catch (error) {
      setTimeout(() => this.forget(), PATIENCE).unref();
      throw this.unreachable((error as Error).message);
    }
  }

  private forget(): void {
    this.answered = undefined;
  }

  private unreachable(reason: string): HostUnreachable {
    return new HostUnreachable(
      `the Docker engine at ${this.url} can't be reached (${reason}). Start it, or name the right one as "engine" or in DOCKER_HOST.`,
    );
  }
}

/** What the engine itself says has a status; anything else came from the way to it. */
const isUnanswered = (error: unknown): boolean => (error as { statusCode?: number }).statusCode === undefined;

/** docker-modem mixes what DOCKER_HOST says into what it is given: each of its options is set here, if only to nothing. */
function clientOptions({ url, certificates }: EngineAddress): Docker.DockerOptions & { agent?: Agent | undefined } {
  const none = { socketPath: undefined, host: undefined, port: undefined, protocol: undefined } as const;
  const unverified = { ca: undefined, cert: undefined, key: undefined, agent: undefined } as const;
  const [, scheme = "", rest = ""] = /^(\w+):\/\/(.*)$/.exec(url) ?? [];
  if (scheme === "unix" || scheme === "npipe") return { ...none, ...unverified, socketPath: rest };
  const parsed = new URL(url);
  if (scheme === "ssh") {
    return { ...none, ...unverified, host: "docker", protocol: "http", agent: new SshAgent(parsed) };
  }
  const place = { ...none, host: parsed.hostname, port: parsed.port || (certificates ? 2376 : 2375) };
  if (!certificates) return { ...place, ...unverified, protocol: scheme === "https" ? "https" : "http" };
  const read = (name: string) => readFileSync(path.join(certificates, name));
  return {
    ...place,
    ...unverified,
    protocol: "https",
    ca: read("ca.pem"),
    cert: read("cert.pem"),
    key: read("key.pem"),
  };
}
