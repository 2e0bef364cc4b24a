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

/** The resources of a stored state, as if their servers stood here. Secrets are in clear text, as the engine hands them out. */
export function storedState(
  release: string,
  here: { readonly folder: string; readonly ports: readonly [number, number] },
): StoredResource[] {
  const text = readFileSync(path.join(folder, `${release}.json`), "utf8")
    .replaceAll("<folder>", here.folder)
    .replaceAll(String(FIXTURE_PORTS[0]), String(here.ports[0]))
    .replaceAll(String(FIXTURE_PORTS[1]), String(here.ports[1]));
  const resources = JSON.parse(text, revive) as (Values & { urn: string; type: string; parent: string })[];
  return resources.map(({ urn, type, id, parent, inputs, outputs }) => ({
    name: urn.split("::").pop() ?? "",
    type,
    id: String(id ?? ""),
    parent: parent.split("::").pop() ?? "",
    inputs: (inputs ?? {}) as Values,
    outs: (outputs ?? {}) as Values,
  }));
}

function revive(_key: string, value: unknown): unknown {
  const golden = typeof value === "string" ? /^<golden (\w+)>$/.exec(value)?.[1] : undefined;
  if (golden) return providerText(golden);
  const { plaintext } = (typeof value === "object" && value !== null ? value : {}) as { plaintext?: string };
  return plaintext === undefined ? value : JSON.parse(plaintext);
}
