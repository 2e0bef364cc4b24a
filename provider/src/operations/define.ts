import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { waitForStart } from "../hosts";
import type { Claim, Connection } from "../inputs";
import { isTrouble, StatementError, type Trouble } from "../mariadb/connectionError";
import { type Declaration, describeOwner, type Owner } from "../recipe/claims";
import { noSuchProperty } from "../recipe/nearest";
import { concerns, pathOf } from "../recipe/propertyPath";
import { printable, progress } from "../run";
import { wasBroughtBack } from "./broughtBack";
import type { CheckFailure, Operations } from "./contract";
import { type Belongings, declaredTwice, foreignClaims, isInProgram, NOBODY } from "./ownership";
import { containsUnknown, parse } from "./parse";
import { recordedOperations } from "./recorded";

type Values = Record<string, unknown>;

const GONE: Record<string, never> = {};

/** A rule that needs more than one property, or the servers' own word, to be decided. */
export interface Rule<Inputs> {
  /** The properties it reads. It is left out while one of them is unknown or was refused. */
  readonly needs: readonly (keyof Inputs & string)[];
  /** @param last the inputs as they were last kept, and seen */
  broken(inputs: Inputs, last: Partial<Inputs>): CheckFailure[] | Promise<CheckFailure[]>;
}

/** One type for each property, which it has to produce. A missing property does not compile, nor does one too many. */
export type Properties<T> = { readonly [K in keyof T]-?: z.ZodType<T[K]> };

/** Properties that follow from the given ones. */
export interface Derived<Given extends object, Inputs extends Given> {
  readonly needs: readonly (keyof Given & string)[];
  readonly properties: Properties<Omit<Inputs, keyof Given>>;
  from(given: Given): Omit<Inputs, keyof Given> & Partial<Inputs>;
}

/** What `define` itself computes of a resource with belongings. */
type Unclaimed<Computed> = Omit<Computed, keyof Claimed>;
interface Claimed {
  readonly claim?: Claim | undefined;
}

/** One resource type: everything in which it differs from the others. */
export interface Definition<Given extends object, Inputs extends Given, Computed extends object> {
  /** What each property may be, and its default. Keys are checked one by one: a refused property does not hide another. */
  readonly properties: Properties<Given>;
  readonly rules?: readonly Rule<Given>[];
  /** What is wanted of the object beyond what users say, so that its live counterpart can be compared and shown. */
  readonly derived?: Derived<Given, Inputs>;
  /** Names the object: the id that it keeps from its creation on. Two resources of a program can't have the same. */
  id(inputs: Inputs): string;
  /**
   * True where another object is meant: that is made first, then the former one removed. What only has another name or address now is
   * updated in place. @default never
   */
  isOther?(last: Inputs & Computed, wanted: Inputs): boolean | Promise<boolean>;
  /** @default it declares nothing that it takes away */
  readonly belongings?: Belongings<Given>;
  /** The servers without which it can't be made. @default none */
  on?(inputs: Inputs): readonly Connection[];
  /** Makes the object, or adopts what is there. Calls `begun` once something exists that a later `destroy` must find. */
  create(inputs: Inputs, begun: () => void, declaration: Declaration): Promise<Unclaimed<Computed>>;
  /** The live values, in place of the wanted ones, and what else is seen. Undefined: the object is gone. */
  observe(last: Inputs & Computed): Promise<{ inputs: Partial<Inputs>; computed: Computed } | undefined>;
  /** What is seen where the server could not be looked at, or not to the end. @default nothing: all is as last known */
  inTrouble?(trouble: Trouble, last: Inputs & Computed): Partial<Inputs>;
  update(last: Inputs & Computed, wanted: Inputs, declaration: Declaration): Promise<Unclaimed<Computed>>;
  remove(last: Inputs & Computed): Promise<void>;
}

/** The object is there in part: a later run finds it by this id, with these properties. */
export class Unfinished extends Error {
  constructor(
    message: string,
    readonly id: string,
    readonly properties: object,
  ) {
    super(message);
  }
}

/** The operations of a resource type: what all types share, around what its definition says. */
export function define<Given extends object, Inputs extends Given, Computed extends object>(
  definition: Definition<Given, Inputs, Computed>,
): Operations<Inputs, Inputs & Computed> {
  type Outputs = Inputs & Computed;
  const given = Object.keys(definition.properties) as (keyof Given & string)[];
  const names: readonly (keyof Inputs & string)[] = [
    ...given,
    ...(Object.keys(definition.derived?.properties ?? {}) as (keyof Inputs & string)[]),
  ];
  const inputsOf = (values: Outputs): Inputs => pick(values as Values, names) as Inputs;
  const declarationOf = (inputs: Inputs, owner: Owner, last?: Claim): Declaration => ({
    ...owner,
    token: last?.token ?? randomUUID(),
    adopt: "adopt" in inputs && inputs.adopt === true,
    isInProgram,
  });
  const claimOf = ({ token, stack, resource }: Declaration) =>
    definition.belongings ? { claim: { token, stack, resource } } : {};

  const ofOthers = async (inputs: Inputs, last: Partial<Inputs>, owner: Owner): Promise<CheckFailure[]> => {
    const { belongings } = definition;
    // What is declared is on the first of the servers that it needs.
    const machines = (definition.on?.(inputs) ?? []).slice(0, 1).map(({ host }) => host);
    const twice = declaredTwice(definition.id(inputs), machines, owner);
    if (twice) return [{ property: belongings?.at ?? "", reason: twice }];
    return belongings ? foreignClaims(belongings, inputs, last, owner) : [];
  };

  const operations: Operations<Inputs, Outputs> = {
    async check(olds, news, owner = NOBODY) {
      const inputs: Values = {};
      const failures: CheckFailure[] = unknownProperties(news, given);
      for (const name of given) {
        const parsed = parse(definition.properties[name], news[name]);
        failures.push(...parsed.issues.map((issue) => failureOf(name, issue)));
        inputs[name] = containsUnknown(news[name]) ? news[name] : parsed.data;
      }
      const usable = (needs: readonly string[]) =>
        needs.every(
          (name) => !containsUnknown(inputs[name]) && !failures.some(({ property }) => concerns(property, name)),
        );
      const { derived, rules = [] } = definition;
      for (const rule of rules) {
        if (usable(rule.needs)) failures.push(...(await rule.broken(inputs as Given, olds ?? {})));
      }
      // The engine complains of a part that is unknown before it tells what was refused.
      if (derived && failures.length === 0 && usable(derived.needs))
        Object.assign(inputs, derived.from(inputs as Given));
      if (failures.length === 0 && !containsUnknown(inputs) && owner !== NOBODY) {
        failures.push(...(await ofOthers(inputs as Inputs, (olds ?? {}) as Partial<Inputs>, owner)));
      }
      return { inputs: json(inputs) as Inputs, failures: failures.map(readable) };
    },

    async diff(id, olds, news, owner = NOBODY) {
      const known = await lookAgain(id, olds, news);
      // What was repaired by the way is stored too: else the state, and what a stack shows of it, would keep what was seen before.
      const changed = names.filter((name) =>
        [known, olds].some(
          (values) => !isDeepStrictEqual(json((values as Values)[name]), json((news as Values)[name])),
        ),
      );
      const isOther = changed.length > 0 && !containsUnknown(news) && (await definition.isOther?.(known, news));
      // An earlier version of this library wrote the state, somebody else took over, or the stack has another name now.
      const isUnclaimed = definition.belongings && owner !== NOBODY && claimIn(known)?.stack !== owner.stack;
      if (isUnclaimed) progress(noteOf(claimIn(known)));
      const changes = changed.length > 0 || isUnclaimed === true;
      return { changes, replaces: isOther ? changed : [], deleteBeforeReplace: false };
    },

    async create(inputs, owner = NOBODY) {
      const id = definition.id(inputs);
      const declaration = declarationOf(inputs, owner);
      let exists = false;
      const begun = () => {
        exists = true;
      };
      try {
        await waitForStarts(inputs);
        const computed = await definition.create(inputs, begun, declaration);
        return { id, outs: json({ ...inputs, ...computed, ...claimOf(declaration) }) as Outputs };
      } catch (error) {
        const there = { ...inputs, ...claimOf(declaration) };
        throw exists ? new Unfinished((error as Error).message, id, json(there) as Inputs) : error;
      }
    },

    async read(id, props) {
      const seen = await definition.observe(props).catch((error: unknown) => {
        // A refresh that fails keeps `up` from repairing anything, on the other node too.
        if (!isTrouble(error)) throw error;
        // That a server can't be reached, its own node says.
        if (error instanceof StatementError) progress(error.message);
        return { inputs: definition.inTrouble?.(error, props) ?? {}, computed: props };
      });
      if (!seen) return GONE;
      const inputs = json({ ...inputsOf(props), ...seen.inputs }) as Inputs;
      // A property that is not there any more is undefined in what was seen.
      return { id, props: json({ ...props, ...seen.computed, ...seen.inputs, ...inputs }) as Outputs, inputs };
    },

    async update(_id, olds, news, owner = NOBODY) {
      await waitForStarts(news);
      const declaration = declarationOf(news, owner, claimIn(olds));
      const computed = await definition.update(olds, news, declaration);
      return { outs: json({ ...news, ...computed, ...claimOf(declaration) }) as Outputs };
    },

    delete: (_id, props) => definition.remove(props),
  };

  /** What was seen before the run brought a server back may have been last known, not seen. */
  async function lookAgain(id: string, olds: Outputs, news: Inputs): Promise<Outputs> {
    const servers = containsUnknown(news) ? [] : (definition.on?.(news) ?? []);
    if (!servers.some(({ host }) => wasBroughtBack(host))) return olds;
    const seen = await operations.read(id, olds);
    return "id" in seen ? (seen as { props: Outputs }).props : olds;
  }
  const waitForStarts = (inputs: Inputs) =>
    Promise.all((definition.on?.(inputs) ?? []).map(({ host }) => waitForStart(host)));
  return withPrintableErrors(recordedOperations(operations, definition.id));
}

/** Parts of an error may be the words of a machine or server. */
function withPrintableErrors<T extends object>(operations: T): T {
  const guarded = Object.entries(operations).map(([name, method]) => [
    name,
    async (...args: unknown[]) => {
      try {
        return await (method as (...given: unknown[]) => unknown)(...args);
      } catch (error) {
        const { message, stack = "" } = error as Error;
        const printed = printable(message);
        throw Object.assign(error as Error, { message: printed, stack: stack.replace(message, () => printed) });
      }
    },
  ]);
  return Object.fromEntries(guarded) as T;
}

/** What is said of a resource that needs a new claim. */
function noteOf(former: Claim | undefined): string {
  if (!former) return `\`up\` notes beside it that this stack declares it; no property changes for that`;
  return (
    `\`up\` notes beside it that this stack declares it; so far ${describeOwner(former)} does. If that stack is still there (its state was copied), stop here: ` +
    "a delete in one of the two would take away what the other runs"
  );
}

const claimIn = (values: object): Claim | undefined => (values as Claimed).claim;

/** The engine's wire format has no `undefined`, and no classes. */
function json(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

function pick(values: Values, names: readonly string[]): Values {
  return Object.fromEntries(names.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])));
}

function unknownProperties(news: Values, names: readonly string[]): CheckFailure[] {
  return Object.keys(news)
    .filter((name) => !names.includes(name) && news[name] !== undefined && news[name] !== null)
    .map((name) => ({ property: "", reason: noSuchProperty(name, names) }));
}

function failureOf(name: string, issue: z.core.$ZodIssue): CheckFailure {
  return { property: pathOf([name, ...issue.path]), reason: issue.message };
}

/** The engine prints the value of a property that a failure names, secrets included: the name goes into the text instead. */
function readable({ property, reason }: CheckFailure): CheckFailure {
  return { property: "", reason: property ? `${property}: ${reason}` : reason };
}
