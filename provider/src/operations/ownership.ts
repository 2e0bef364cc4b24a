import { machineOf } from "../hosts/defaults";
import type { Connection, HostInputs } from "../inputs";
import { describeEntries, type Entry, judge, type Owner } from "../recipe/claims";
import { ofRun, progress } from "../run";
import type { CheckFailure } from "./contract";

/** Who declares what, as far as it can be told before anything is changed. */

/** What a resource declares on a server or machine, and takes away when it is deleted, if it was the last to declare it. */
export interface Belongings<Given> {
  /** The property that says where they are. */
  readonly at: keyof Given & string;
  /** All claims on them. Undefined: it can't be asked, or nothing is there yet. */
  claims(inputs: Given): Promise<readonly Entry[] | undefined>;
}

/** A resource that its front end does not name. */
export const NOBODY: Owner = { stack: "", resource: "" };

/** The resources of the program that were checked in this run, by what they declare. */
const declared = ofRun(() => new Map<string, string>());

/** True for a resource of the program that runs. */
export const isInProgram = (resource: string): boolean => [...declared().values()].includes(resource);

/**
 * Refuses what two resources of a program have in common. Afterwards the resource counts as one of the program.
 * @param machines where the object is: other machines may have one of the same name
 */
export function declaredTwice(
  object: string,
  machines: readonly HostInputs[],
  { resource }: Owner,
): string | undefined {
  const [type] = resource.split(" ");
  // The machine says where it is, whatever address an id begins with.
  const key = JSON.stringify([type, object.replace(/^[^/<]*:\d+/, ""), machines.map(machineOf)]);
  const other = declared().get(key) ?? resource;
  declared().set(key, other);
  if (other === resource) return undefined;
  return (
    `${object} is declared twice in this program, by ${other} and by ${resource}. Nothing was changed. Each would undo what the other does: declare each ` +
    "server once (one ReplicatedSessionStore takes several `databases`)"
  );
}

/** What speaks against declaring the objects of a resource in the place where it is wanted. Says what a new resource takes over. */
export async function foreignClaims<Given extends object>(
  { at, claims }: Belongings<Given>,
  inputs: Given & { readonly adopt?: boolean | undefined },
  olds: Partial<Given>,
  owner: Owner,
): Promise<CheckFailure[]> {
  // What a resource has already, it need not ask for, however it spells it now.
  if (olds[at] !== undefined && placeIn(olds[at]) === placeIn(inputs[at])) return [];
  const entries = await claims(inputs);
  if (!entries) return [];
  const { refusal, former } = judge(
    entries,
    { ...owner, token: "", adopt: inputs.adopt === true, isInProgram },
    nameIn(inputs[at]),
  );
  if (olds[at] !== undefined && former.length > 0) {
    const reason = `is where another resource of this stack is: ${describeEntries(former)}. Nothing was changed. Put it back as it was, or take the other one out of the program first; of one that is in no state any more, docs/names.md says how its notes go`;
    return [{ property: at, reason }];
  }
  if (refusal) return [{ property: at, reason: refusal }];
  if (former.length > 0) {
    progress(
      `${owner.resource} takes over as it is what is there: ${describeEntries(former)}. A delete of that resource leaves it`,
    );
  }
  return [];
}

/** Where a property leads: to the machine of a connection, or to a directory. */
function placeIn(value: unknown): string {
  return typeof value === "object" && value !== null ? machineOf((value as Connection).host) : String(value);
}

/** How messages name a place: a connection, or a directory. */
function nameIn(place: unknown): string {
  if (typeof place !== "object" || place === null) return String(place);
  const { name, address, port } = place as { name?: string; address?: string; port?: number };
  return name ?? `${address}:${port}`;
}
