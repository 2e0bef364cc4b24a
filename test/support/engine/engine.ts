import { isDeepStrictEqual } from "node:util";
import * as operations from "../../../provider/src/operations/all";
import type { Operations } from "../../../provider/src/operations/contract";
import type { Owner } from "../../../provider/src/recipe/claims";
import { Run } from "../../../provider/src/run";

type Values = Record<string, unknown>;
type TypeName = keyof typeof operations;

/** A resource as a program declares it. */
export interface Declared {
  readonly name: string;
  readonly type: TypeName;
  readonly owner: Owner;
  /** Names of the resources that are made before. */
  readonly after: readonly string[];
  readonly inputs: Values;
}

/** What one run is to bring about. */
export interface Program {
  readonly resources: readonly Declared[];
  /** False: only some of the program's resources, as with `--target`. What is not among them stays. */
  readonly isWhole: boolean;
  /** Names of those that are made again, as with `--replace`. */
  readonly replaced: readonly string[];
}

/** A resource as the engine keeps it between two runs. */
export interface Kept {
  id: string;
  type: TypeName;
  inputs: Values;
  outs: Values;
}

/**
 * What Pulumi's engine does with the operations, in its order. Each command is a run of its own. Nothing here loads Pulumi: processes that
 * are killed start hundreds of times.
 */
export class Engine {
  /** @param kept by name of the resource */
  constructor(readonly kept = new Map<string, Kept>()) {}

  /**
   * Refreshes everything, then creates or updates what differs, and removes what the program has no more. Returns the names of what it touched.
   * @param meanwhile what happens between the look and the changes
   */
  up({ resources, isWhole, replaced }: Program, meanwhile?: () => Promise<void>): Promise<string[]> {
    return inOwnRun(async () => {
      await this.look();
      await meanwhile?.();
      const touched = await this.bringUp(resources, replaced);
      const names = resources.map(({ name }) => name);
      await this.remove(ALL, (name) => name.endsWith(FORMER) || (isWhole && !names.includes(name)));
      return touched;
    });
  }

  /** What a preview would show as different: by resource, the properties. */
  drift(declared: readonly Declared[]): Promise<Record<string, string[]>> {
    return inOwnRun(async () => {
      await this.look();
      return this.compare(declared);
    });
  }

  refresh(): Promise<void> {
    return inOwnRun(() => this.look());
  }

  /** Removes all except the servers, as a `destroy` would. @param only a type of resource */
  down(only?: string): Promise<void> {
    return inOwnRun(() => this.remove(only ? [only] : DOWN, () => true));
  }

  private async look(): Promise<void> {
    await Promise.all(
      [...this.kept].map(async ([name, { id, type, outs }]) => {
        if (name.endsWith(FORMER)) return;
        const seen = await OPERATIONS[type].read(id, outs);
        if ("id" in seen) this.kept.set(name, { id, type, inputs: seen.inputs as Values, outs: seen.props as Values });
        else this.kept.delete(name);
      }),
    );
  }

  private async bringUp(declared: readonly Declared[], replaced: readonly string[]): Promise<string[]> {
    const touched: string[] = [];
    const done = new Map<string, Promise<void>>();
    for (const resource of declared) {
      const before = Promise.all(resource.after.map((name) => done.get(name)));
      done.set(
        resource.name,
        before.then(async () => {
          if (await this.step(resource, replaced.includes(resource.name))) touched.push(resource.name);
        }),
      );
    }
    const results = await Promise.allSettled(done.values());
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
    return touched;
  }

  private async step({ name, type, owner, inputs: given }: Declared, isReplaced: boolean): Promise<boolean> {
    const { check, diff, create, update } = OPERATIONS[type];
    const kept = this.kept.get(name);
    const { inputs, failures } = await check(kept?.inputs ?? {}, given, owner);
    if (failures.length > 0) throw new Error(`${name}: ${failures.map(({ reason }) => reason).join("; ")}`);
    const difference = kept && (await diff(kept.id, kept.outs, inputs, owner));
    if (!kept || isReplaced || difference?.replaces.length) {
      const made = await create(inputs, owner);
      // The former one goes last.
      if (kept) this.kept.set(`${name}${FORMER}`, kept);
      this.kept.set(name, { id: made.id, type, inputs, outs: made.outs as Values });
      return true;
    }
    if (!difference?.changes) return false;
    const { outs } = await update(kept.id, kept.outs, inputs, owner);
    this.kept.set(name, { ...kept, inputs, outs: outs as Values });
    return true;
  }

  private async compare(declared: readonly Declared[]): Promise<Record<string, string[]>> {
    const drift: Record<string, string[]> = {};
    for (const { name, type, inputs: given } of declared) {
      const kept = this.kept.get(name);
      const { inputs, failures } = await OPERATIONS[type].check(kept?.inputs ?? {}, given);
      if (failures.length > 0) throw new Error(`${name}: ${failures.map(({ reason }) => reason).join("; ")}`);
      const keys = new Set([...Object.keys(inputs), ...Object.keys(kept?.inputs ?? {})]);
      const names = [...keys].filter((key) => !isDeepStrictEqual(kept?.outs[key], inputs[key]));
      if (names.length > 0) drift[name] = names;
    }
    return drift;
  }

  private async remove(types: readonly string[], isGone: (name: string) => boolean): Promise<void> {
    for (const type of types) {
      const gone = [...this.kept].filter(([name, kept]) => kept.type === type && isGone(name));
      await Promise.all(
        gone.map(async ([name, kept]) => {
          await OPERATIONS[kept.type].delete(kept.id, kept.outs);
          this.kept.delete(name);
        }),
      );
    }
  }
}

export const OPERATIONS = operations as unknown as Record<TypeName, Operations<Values, Values>>;
const DOWN = ["SessionStoreSchema", "ReplicationLink", "SessionStoreUsers", "SessionStoreDatabase", "MariaDbNode"];
const ALL = [...DOWN, "LocalMariaDb"];
/** Behind the name of a resource that was replaced and is not removed yet. */
const FORMER = " (replaced)";

/** A run whose progress nobody watches. After a change of a pair has failed in a run, that run makes no other. */
export const inOwnRun = <T>(work: () => T): T => new Run(() => undefined).within(work);
