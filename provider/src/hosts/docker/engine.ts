import { readFileSync } from "node:fs";
import type { Agent } from "node:http";
import * as path from "node:path";
import Docker from "dockerode";
import { ofRun } from "../../run";
import { during, within } from "../../waiting";
import { HostUnreachable } from "../Host";
import { type EngineAddress, engineAddress } from "./address";
import { SshAgent } from "./overSsh";

/** How long an engine may take to answer for the first time. */
const KNOCK_DEADLINE = 15_000;
const DEADLINE = 60_000;
/** How long an engine that did not answer is not asked again: all resources of a run ask at once. */
const FAILURE_KEPT = 5_000;

/** A Docker engine. All containers and resources of a run share one for each address. */
export class DockerEngine {
  private static readonly known = ofRun(() => new Map<string, DockerEngine>());

  /** @param given as DOCKER_HOST has it. @default the one that the docker command uses */
  static at(given: string | undefined): DockerEngine {
    const key = given ?? "";
    const engine = DockerEngine.known().get(key) ?? new DockerEngine(given);
    DockerEngine.known().set(key, engine);
    return engine;
  }

  private client: Promise<Docker> | undefined;
  private url = "";

  private constructor(private readonly given: string | undefined) {}

  /** Asks the engine for something. @param deadline longest time until it answers, in milliseconds */
  async ask<T>(work: (client: Docker) => Promise<T>, deadline = DEADLINE): Promise<T> {
    this.client ??= this.knock();
    const client = await this.client;
    try {
      return await within(deadline, noAnswer(deadline), work(client));
    } catch (error) {
      if (!isUnanswered(error)) throw error;
      this.client = undefined;
      throw this.unreachable(error as Error);
    }
  }

  private async knock(): Promise<Docker> {
    try {
      const address = engineAddress(this.given);
      this.url = address.url;
      const client = new Docker(clientOptions(address));
      const answer = within(KNOCK_DEADLINE, noAnswer(KNOCK_DEADLINE), client.ping());
      await during(`asking the Docker engine at ${this.url}`, answer);
      return client;
    } catch (error) {
      setTimeout(() => {
        this.client = undefined;
      }, FAILURE_KEPT).unref();
      throw this.unreachable(error as NodeJS.ErrnoException);
    }
  }

  private unreachable({ code, message }: NodeJS.ErrnoException): HostUnreachable {
    const where = `the Docker engine${this.url ? ` at ${this.url}` : ""}`;
    if (code === "EACCES") {
      return new HostUnreachable(
        `${where} lets this user not in (${message}). Run this as a member of the group that owns its socket ("docker", as a rule), or as root.`,
      );
    }
    return new HostUnreachable(
      `${where} can't be reached (${message}). Start it, or name the right one by "engine" or DOCKER_HOST.`,
    );
  }
}

const noAnswer = (deadline: number) => () => new Error(`no answer within ${deadline / 1000} s`);

/** What the engine itself says has a status; anything else came from the way to it. */
const isUnanswered = (error: unknown): boolean => (error as { statusCode?: number }).statusCode === undefined;

/** docker-modem mixes what DOCKER_HOST says into what it is given: each of its options is set here, if only to nothing. */
const NONE = {
  socketPath: undefined,
  host: undefined,
  port: undefined,
  protocol: undefined,
  ca: undefined,
  cert: undefined,
  key: undefined,
  agent: undefined,
} as const;

function clientOptions({ url, certificates }: EngineAddress): Docker.DockerOptions & { agent?: Agent | undefined } {
  const [, scheme = "", rest = ""] = /^(\w+):\/\/(.*)$/.exec(url) ?? [];
  if (scheme === "unix" || scheme === "npipe") return { ...NONE, socketPath: rest };
  const { hostname, port } = new URL(url);
  if (scheme === "ssh") return { ...NONE, host: "docker", protocol: "http", agent: new SshAgent(new URL(url)) };
  if (!certificates) {
    return { ...NONE, host: hostname, port: port || 2375, protocol: scheme === "https" ? "https" : "http" };
  }
  const read = (name: string) => readFileSync(path.join(certificates, name));
  const trust = { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
  return { ...NONE, host: hostname, port: port || 2376, protocol: "https", ...trust };
}
