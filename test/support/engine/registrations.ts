import * as pulumi from "@pulumi/pulumi";
import type { MockResourceArgs } from "@pulumi/pulumi/runtime";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import { Mutex } from "async-mutex";
import { LocalMariaDb } from "../../../provider/src/operations/LocalMariaDb";
import type { Owner } from "../../../provider/src/recipe/claims";

/** What the types of this library's resources begin with. Only the name of a type follows. */
export const RESOURCES = "pulumi-nodejs:dynamic/sessionstore:";

/** What a program registers with the engine, as the engine is told of it. */
export interface Registration {
  readonly name: string;
  readonly type: string;
  /** Plain values; a secret is `{ secret: value }`. What the engine does not show is left out. */
  readonly inputs: Record<string, unknown>;
  /** Why its component is refused, where that was known late. */
  readonly refusals: readonly string[];
  /** The resource as it names itself to its operations. */
  readonly owner: Owner;
  /** Names of the resources that are made before. */
  readonly after: readonly string[];
  readonly parent: string;
  /** Name of the resource with which it goes down. */
  readonly deletedWith: string;
  readonly secretOutputs: readonly string[];
  /** Properties whose change makes another resource, because the program says so. */
  readonly replaceOnChanges: readonly string[];
}

/** A program that has run to its end. */
export interface Program<T> {
  readonly result: T;
  readonly registered: Registration[];
  one(name: string): Registration;
}

interface Request {
  getName(): string;
  getType(): string;
  getObject(): { toJavaScript(): Record<string, unknown> };
  getDependenciesList(): string[];
  getParent(): string;
  getDeletedwith(): string;
  getAdditionalsecretoutputsList(): string[];
  getReplaceonchangesList(): string[];
}

/** Pulumi's mocks are one for the whole process. */
const mocks = new Mutex();

/** Runs a program against Pulumi's mocks. `outputs` says what its resources compute, beside those of a `LocalMariaDb`. */
export const run = <T>(program: () => T, outputs: Outputs = () => ({})): Promise<Program<T>> =>
  mocks.runExclusive(() => runAlone(program, outputs));

type Outputs = (resource: MockResourceArgs) => Record<string, unknown>;

async function runAlone<T>(program: () => T, outputs: Outputs): Promise<Program<T>> {
  const registered: Registration[] = [];
  const register = MockMonitor.prototype.registerResource;
  const watched = jest.spyOn(MockMonitor.prototype, "registerResource").mockImplementation(function (
    this: MockMonitor,
    request: Request,
    callback,
  ) {
    registered.push(registrationOf(request));
    return register.call(this, request, callback);
  });
  try {
    await pulumi.runtime.setMocks({
      newResource: async (resource) => ({
        id: resource.custom ? `${resource.name}-id` : undefined,
        state: { ...resource.inputs, ...(await placeOf(resource)), ...outputs(resource) },
      }),
      call: () => ({}),
    });
    const result = program();
    await pulumi.runtime.disconnect();
    return {
      result,
      registered,
      one(name) {
        const found = registered.find((registration) => registration.name === name);
        if (!found)
          throw new Error(`"${name}" is not registered; there are: ${registered.map((r) => r.name).join(", ")}`);
        return found;
      },
    };
  } finally {
    watched.mockRestore();
  }
}

/** The value of an output, once everything is registered. */
export const settled = <T>(output: pulumi.Output<T>): Promise<T> =>
  (output as unknown as { promise(): Promise<T> }).promise();

/** Where a private server is, which the pair takes from it. */
async function placeOf({ type, inputs }: MockResourceArgs): Promise<object> {
  if (type !== `${RESOURCES}LocalMariaDb`) return {};
  const { directory, port } = inputs;
  return (await LocalMariaDb.check({}, { directory, port })).inputs;
}

/** Inputs with their secrets in clear text, as the engine hands them to the operations. */
export function inClear(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inClear);
  if (typeof value !== "object" || value === null) return value;
  if ("secret" in value) return inClear(value.secret);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, inClear(part)]));
}

function registrationOf(request: Request): Registration {
  const { __provider, __owner, __refusals, ...inputs } = readable(request.getObject().toJavaScript()) as Record<
    string,
    unknown
  >;
  return {
    name: request.getName(),
    type: request.getType(),
    inputs,
    refusals: ((__refusals ?? []) as string[]).filter((text) => text !== ""),
    owner: __owner as Owner,
    after: request.getDependenciesList().map(nameOf).sort(),
    parent: nameOf(request.getParent()),
    deletedWith: nameOf(request.getDeletedwith()),
    secretOutputs: request.getAdditionalsecretoutputsList(),
    replaceOnChanges: request.getReplaceonchangesList(),
  };
}

const nameOf = (urn: string): string => urn.split("::").pop() ?? "";

/** How the engine's wire marks a secret. */
const MARK = "4dabf18193072939515e22adb298388d";

function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== "object" || value === null) return value;
  if (MARK in value) return { secret: readable((value as { value?: unknown }).value) };
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, readable(part)]));
}
