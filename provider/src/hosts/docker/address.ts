import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** Where an engine is reached, and with which certificates. */
export interface EngineAddress {
  /** `unix://`, `npipe://`, `tcp://`, `http://`, `https://` or `ssh://`. */
  readonly url: string;
  /** Folder with ca.pem, cert.pem and key.pem, for an engine that wants certificates. */
  readonly certificates?: string | undefined;
}

const SCHEMES = ["unix", "npipe", "tcp", "http", "https", "ssh"];

/** What keeps a text from being the address of an engine. */
export function engineProblem(url: string): string | undefined {
  const [, scheme = "", rest = ""] = /^(\w+):\/\/(.*)$/.exec(url) ?? [];
  if (!SCHEMES.includes(scheme)) {
    return 'must be the address of a Docker engine, such as "unix:///var/run/docker.sock", "tcp://10.0.0.1:2376" or "ssh://user@host"';
  }
  if (scheme === "unix") return rest.startsWith("/") ? undefined : "must have an absolute path after unix://";
  if (scheme === "npipe") return undefined;
  if (!URL.canParse(url) || new URL(url).hostname === "") return `must have a host name or address after ${scheme}://`;
  if (new URL(url).password !== "")
    return "must not have a password in it: it would be shown. Use a key, which ssh finds by itself";
  return undefined;
}

/** The engine that is given, else the one that the docker command uses: DOCKER_HOST, its context, the socket of this machine. */
export function engineAddress(given: string | undefined, environment: NodeJS.ProcessEnv = process.env): EngineAddress {
  const named = given ?? environment["DOCKER_HOST"];
  if (!named) return contextAddress(environment) ?? { url: `unix://${localSocket(environment)}` };
  const url = named.includes("://") ? named : `tcp://${named}`;
  const problem = engineProblem(url);
  if (problem) throw new Error(`DOCKER_HOST ${problem}`);
  const isVerified = environment["DOCKER_TLS_VERIFY"] || environment["DOCKER_CERT_PATH"];
  return {
    url,
    certificates: isVerified ? environment["DOCKER_CERT_PATH"] || configFolder(environment) : undefined,
  };
}

const configFolder = (environment: NodeJS.ProcessEnv): string =>
  environment["DOCKER_CONFIG"] ?? path.join(os.homedir(), ".docker");

/** What `docker context use` has chosen. */
function contextAddress(environment: NodeJS.ProcessEnv): EngineAddress | undefined {
  const folder = configFolder(environment);
  const name =
    environment["DOCKER_CONTEXT"] ??
    readJson<{ currentContext?: string }>(path.join(folder, "config.json"))?.currentContext;
  if (!name || name === "default") return undefined;
  const hash = createHash("sha256").update(name).digest("hex");
  const file = path.join(folder, "contexts", "meta", hash, "meta.json");
  const url = readJson<{ Endpoints?: { docker?: { Host?: string } } }>(file)?.Endpoints?.docker?.Host;
  if (!url)
    throw new Error(`the docker context "${name}" is chosen, but ${file} does not tell its engine: name "engine"`);
  const certificates = path.join(folder, "contexts", "tls", hash, "docker");
  return { url, certificates: existsSync(certificates) ? certificates : undefined };
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as T;
  } catch {
    return undefined;
  }
}

/** The machine's own engine, or the user's: rootless, or Docker Desktop's. */
function localSocket(environment: NodeJS.ProcessEnv): string {
  const ofMachine = "/var/run/docker.sock";
  const ofUser = [environment["XDG_RUNTIME_DIR"], path.join(os.homedir(), ".docker", "run")];
  const sockets = [ofMachine, ...ofUser.flatMap((folder) => (folder ? [path.join(folder, "docker.sock")] : []))];
  return sockets.find((socket) => existsSync(socket)) ?? ofMachine;
}
