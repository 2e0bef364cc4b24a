import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { providerText, type Values } from "./providerProcess";

/** States as releases have written them: test/contract/states, made by makeStateFixture.cjs. */

const folder = path.resolve(__dirname, "../../contract/states");

/** The ports that stand in the files. */
export const FIXTURE_PORTS = [64001, 64002] as const;
/** The script of which the stored tables come. */
export const FIXTURE_SCRIPT = "CREATE TABLE IF NOT EXISTS session (id VARCHAR(64) PRIMARY KEY, data BLOB);\n";

export interface StoredResource {
  readonly name: string;
  readonly type: string;
  readonly id: string;
  readonly parent: string;
  readonly inputs: Values;
  readonly outs: Values;
}

export const storedReleases = (): string[] => readdirSync(folder).map((file) => path.parse(file).name);

interface Here {
  readonly folder: string;
  readonly ports: readonly [number, number];
}

/** A stored state as if its servers stood here, secrets as the CLI exports and imports them in clear text. */
export function storedResources(release: string, here: Here): (Values & { urn: string })[] {
  const text = readFileSync(path.join(folder, `${release}.json`), "utf8")
    .replaceAll("<folder>", here.folder)
    .replaceAll(String(FIXTURE_PORTS[0]), String(here.ports[0]))
    .replaceAll(String(FIXTURE_PORTS[1]), String(here.ports[1]));
  return JSON.parse(text, goldenText) as (Values & { urn: string })[];
}

/** The same as the engine hands it out, secrets as plain values. */
export function storedState(release: string, here: Here): StoredResource[] {
  const text = JSON.stringify(storedResources(release, here));
  const resources = JSON.parse(text, inPlain) as (Values & { urn: string; type: string; parent: string })[];
  return resources.map(({ urn, type, id, parent, inputs, outputs }) => ({
    name: urn.split("::").pop() ?? "",
    type,
    id: String(id ?? ""),
    parent: parent.split("::").pop() ?? "",
    inputs: (inputs ?? {}) as Values,
    outs: (outputs ?? {}) as Values,
  }));
}

function goldenText(_key: string, value: unknown): unknown {
  const golden = typeof value === "string" ? /^<golden (\w+)>$/.exec(value)?.[1] : undefined;
  return golden ? providerText(golden) : value;
}

function inPlain(_key: string, value: unknown): unknown {
  const { plaintext } = (typeof value === "object" && value !== null ? value : {}) as { plaintext?: string };
  return plaintext === undefined ? value : JSON.parse(plaintext);
}
