import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { until } from "../../../provider/src/waiting";

export type Values = Record<string, unknown>;

const repository = path.resolve(__dirname, "../../..");
const SCRIPT = path.join(repository, "node_modules/@pulumi/pulumi/pulumi-resource-pulumi-nodejs");
/** What the engine sends in a preview for a value that is not known yet. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export interface Answer {
  readonly inputs: Values;
  readonly failures: { readonly property: string; readonly reason: string }[];
}

/** A create or update that failed; with what the engine keeps when the resource is there in part. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly kept: { id: string; properties: Values; reasons: string[] } | undefined,
  ) {
    super(message);
  }
}

/** The process that Pulumi's engine starts for dynamic resources, spoken to as the engine does. */
export class ProviderProcess implements AsyncDisposable {
  private constructor(
    private readonly process: ChildProcess,
    private readonly client: ResourceProviderClient,
    /** All that it has printed: the engine shows it to the user. */
    readonly printed: string[],
  ) {}

  static async start(env: NodeJS.ProcessEnv = {}): Promise<ProviderProcess> {
    const child = spawn(SCRIPT, ["127.0.0.1:1"], {
      cwd: repository,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const printed: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => printed.push(String(part)));
    const port = await until({ what: "the provider process to say its port", deadline: 20_000 }, async () => {
      if (child.exitCode !== null) throw new Error(`the provider process ended: ${printed.join("")}`);
      const said = /^(\d+)\s*$/m.exec(printed.join(""))?.[1];
      return said ? { done: said } : { seen: printed.join("") };
    });
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    const provider = new ProviderProcess(child, client, printed);
    const configure = new messages.ConfigureRequest();
    configure.setArgs(struct({}));
    await provider.call((done) => client.configure(configure, done));
    return provider;
  }

  async check(type: string, news: Values, olds: Values = {}): Promise<Answer> {
    const request = new messages.CheckRequest();
    request.setUrn(urn(type));
    request.setOlds(struct(olds));
    request.setNews(struct({ ...news, __provider: providerText(type) }));
    const answer = await this.call<messages.CheckResponse>((done) => this.client.check(request, done));
    return {
      inputs: values(answer.getInputs()),
      failures: answer.getFailuresList().map((one) => ({ property: one.getProperty(), reason: one.getReason() })),
    };
  }

  /** A check that must pass. */
  async checked(type: string, news: Values): Promise<Values> {
    const { inputs, failures } = await this.check(type, news);
    if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("; "));
    return inputs;
  }

  /** Returns `"none"`, `"some"` or `"unknown"`, and which properties ask for another object. */
  async diff(type: string, id: string, olds: Values, news: Values): Promise<{ changes: string; replaces: string[] }> {
    const request = new messages.DiffRequest();
    request.setId(id);
    request.setUrn(urn(type));
    request.setOlds(struct(olds));
    request.setNews(struct(news));
    const answer = await this.call<messages.DiffResponse>((done) => this.client.diff(request, done));
    const changes = ["unknown", "none", "some"][answer.getChanges()] ?? "";
    return { changes, replaces: answer.getReplacesList() };
  }

  async create(type: string, inputs: Values): Promise<{ id: string; outs: Values }> {
    const request = new messages.CreateRequest();
    request.setUrn(urn(type));
    request.setProperties(struct(inputs));
    const answer = await this.call<messages.CreateResponse>((done) => this.client.create(request, done));
    return { id: answer.getId(), outs: values(answer.getProperties()) };
  }

  /** Undefined: the object is gone. */
  async read(type: string, id: string, outs: Values): Promise<{ outs: Values; inputs: Values } | undefined> {
    const request = new messages.ReadRequest();
    request.setId(id);
    request.setUrn(urn(type));
    request.setProperties(struct(outs));
    const answer = await this.call<messages.ReadResponse>((done) => this.client.read(request, done));
    if (answer.getId() === "") return undefined;
    return { outs: values(answer.getProperties()), inputs: values(answer.getInputs()) };
  }

  /** A read that must find the object. */
  async found(type: string, { id, outs }: { id: string; outs: Values }): Promise<{ outs: Values; inputs: Values }> {
    const seen = await this.read(type, id, outs);
    if (!seen) throw new Error(`a read of ${type} says that it is gone`);
    return seen;
  }

  async update(type: string, id: string, olds: Values, news: Values): Promise<Values> {
    const request = new messages.UpdateRequest();
    request.setId(id);
    request.setUrn(urn(type));
    request.setOlds(struct(olds));
    request.setNews(struct(news));
    return values(
      (await this.call<messages.UpdateResponse>((done) => this.client.update(request, done))).getProperties(),
    );
  }

  async delete(type: string, id: string, outs: Values): Promise<void> {
    const request = new messages.DeleteRequest();
    request.setId(id);
    request.setUrn(urn(type));
    request.setProperties(struct(outs));
    await this.call((done) => this.client.delete(request, done));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    const { pid, exitCode, signalCode } = this.process;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    // The script is a shell with Node below it.
    process.kill(-pid);
    await ended;
  }

  private call<T>(send: (done: (error: ServiceError | null, answer: T) => void) => unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      send((error, answer) => (error ? reject(failureOf(error)) : resolve(answer)));
    });
  }
}

/** The failure of a call that must fail. */
export async function failureOfCall(call: Promise<unknown>): Promise<Failure> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Failure) return error;
  throw new Error(`it did not fail, or in another way: ${error}`);
}

/** What the state of every release holds for this type. */
export const providerText = (type: string): string =>
  readFileSync(path.join(repository, "test/contract/golden", `${type}.txt`), "utf8");

const urn = (type: string): string => `urn:pulumi:test::test::pulumi-nodejs:dynamic/sessionstore:${type}::it`;

/** The wire has no `undefined`: what a program leaves out isn't sent. */
const struct = (plain: Values): Struct => Struct.fromJavaScript(JSON.parse(JSON.stringify(plain)));
const values = (sent: Struct | undefined): Values => (sent?.toJavaScript() ?? {}) as Values;

function failureOf(error: ServiceError): Failure {
  const [packed] = error.metadata.get("grpc-status-details-bin");
  if (!packed) return new Failure(error.details, undefined);
  const [any] = Status.deserializeBinary(packed as Buffer).getDetailsList();
  const read = messages.ErrorResourceInitFailed.deserializeBinary;
  const detail = any?.unpack(read, "pulumirpc.ErrorResourceInitFailed");
  return new Failure(
    error.details,
    detail
      ? { id: detail.getId(), properties: values(detail.getProperties()), reasons: detail.getReasonsList() }
      : undefined,
  );
}
