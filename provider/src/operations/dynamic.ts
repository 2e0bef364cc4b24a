import type { Owner } from "../recipe/claims";
import { REFUSALS } from "../recipe/names";
import { forResource, Run, type Sink } from "../run";
import type { CheckFailure, Operations } from "./contract";
import { Unfinished } from "./define";
import { UNKNOWN } from "./parse";

/** The front end of Pulumi's dynamic providers: one process for each run of the engine, which calls these methods. */

/** The text of the shell, under which the engine finds this code again, goes along with every set of values. */
const TEXT = "__provider";
/** So does which resource it is. The engine shows neither. */
const OWNER = "__owner";

/** The engine shows what this process prints. */
const toEngine: Sink = (line) => {
  watchReader();
  console.log(line);
};

let isWatched = false;

/** Ends this process when nobody reads its output any more: the engine that started it was killed, and what is under way here would keep the next run out. */
function watchReader(): void {
  if (isWatched) return;
  isWatched = true;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "EPIPE") process.exit(1);
    });
  }
}

const run = new Run(toEngine);

/** The operations of a resource type in the form that the engine's process for dynamic providers expects. */
export function dynamic<Inputs extends object, Outputs extends Inputs>(
  operations: Operations<Inputs, Outputs>,
): Operations<Inputs, Outputs> {
  const { check, diff, create, read, update, delete: remove } = operations;
  return {
    check: (olds, given) =>
      runFor(given, async () => {
        const { [TEXT]: _text, [OWNER]: _owner, [REFUSALS]: refusals, ...news } = given;
        const refused = refusalsIn(refusals);
        // What is wrong, no resource gets.
        if (refused.length > 0) return { inputs: given as Inputs, failures: refused };
        const { inputs, failures } = await check(olds, news, ownerIn(given));
        return { inputs: withHidden(inputs, given), failures };
      }),
    diff: (id, olds, news) => runFor(news, () => diff(id, olds, news, ownerIn(news)).catch(underName(news))),
    create: (inputs) => runFor(inputs, () => create(inputs, ownerIn(inputs)).catch(handOver)),
    read: (id, props) =>
      runFor(props, async () => {
        const seen = await read(id, props).catch(underName(props));
        return isThere(seen) ? { ...seen, inputs: withHidden(seen.inputs, props as Values) } : seen;
      }),
    update: (id, olds, news) => runFor(news, () => update(id, olds, news, ownerIn(news))),
    delete: (id, props) => runFor(props, () => remove(id, props, ownerIn(props)).catch(underName(props))),
  };
}

/** In the run, for the resource that has these values. */
function runFor<T>(values: object, work: () => T): T {
  const name = nameIn(values);
  return run.within(() => (name === undefined ? work() : forResource(name, work)));
}

/** The type's name, a blank, and the name that the program gave. */
const nameIn = (values: object): string | undefined => ownerIn(values)?.resource.replace(/^\w+ /, "");

/** Errors that the engine's process prints itself too, where no heading says whose they are. */
const underName =
  (values: object) =>
  (error: Error): never => {
    const [name, { message, stack = "" }] = [nameIn(values), error];
    if (name === undefined) throw error;
    const named = `${name}: ${message}`;
    throw Object.assign(error, { message: named, stack: stack.replace(message, () => named) });
  };

type Values = Record<string, unknown>;

/** What of the arguments of the resource's component turned out to be wrong when it was known. What is not known yet is looked at then. */
const refusalsIn = (texts: unknown): CheckFailure[] =>
  (Array.isArray(texts) ? texts : [])
    .filter((text): text is string => typeof text === "string" && text !== "" && text !== UNKNOWN)
    .map((reason) => ({ property: "", reason }));

const isThere = <T extends object>(seen: T | Record<string, never>): seen is T => "id" in seen;

const ownerIn = (values: object): Owner | undefined => (values as Values)[OWNER] as Owner | undefined;

/** With what of the given values belongs to this front end. */
const withHidden = <T extends object>(values: T, given: Values): T => ({
  ...values,
  ...Object.fromEntries([TEXT, OWNER].filter((key) => given[key] !== undefined).map((key) => [key, given[key]])),
});

/** The engine then keeps the object as begun: the next `up` updates it, `destroy` removes it. */
function handOver(error: Error): never {
  if (!(error instanceof Unfinished)) throw error;
  const { message, id, properties } = error;
  throw Object.assign(new Error(message), { id, properties, reasons: [message] });
}
