import { didYouMean, MISSING, nearest, noSuchProperty } from "./nearest";
import { within } from "./propertyPath";
import type { ObjectShape, Shape, ValueShape } from "./shapes";

/** What is wrong with the names of given arguments, and where something else than an object or a list is given for one. */

/** What only a front end can tell of a value. */
export interface Kinds {
  /** True for a value that is not there yet, such as an output: it is looked at when it is. */
  isLater(value: unknown): boolean;
  isResource(value: unknown): boolean;
}

/** Each problem in a line of its own, which begins with the argument's place. */
export function argumentProblems(given: unknown, shape: Shape, kinds: Kinds, place = ""): string[] {
  const at = (reason: string) => [place ? `${place}: ${reason}` : reason];
  if (kinds.isLater(given)) {
    return shape.plain ? at("must be plain, not an output or a promise: it decides which resources there are") : [];
  }
  switch (shape.is) {
    case "value":
      return !shape.type || isOf(shape.type, given, kinds) ? [] : at(`must be ${NOUNS[shape.type]}`);
    case "list":
      if (!Array.isArray(given)) return at(`must be a list${shape.count === undefined ? "" : ` of ${shape.count}`}`);
      return [
        ...(shape.count === undefined || given.length === shape.count
          ? []
          : at(`must be a list of ${shape.count}, and has ${given.length}`)),
        ...given.flatMap((item, index) => {
          const here = within(place, index);
          return isMissing(item) ? [`${here}: ${MISSING}`] : argumentProblems(item, shape.of, kinds, here);
        }),
      ];
    case "kinds": {
      const names = Object.keys(shape.kinds);
      if (!isObject(given)) return at(`must be an object with a "kind": ${names.join(", ")}`);
      const { kind } = given;
      if (kinds.isLater(kind)) return [];
      const here = within(place, "kind");
      if (isMissing(kind)) return [`${here}: ${MISSING}: ${names.join(", ")}`];
      if (typeof kind !== "string") return [`${here}: must be one of ${names.join(", ")}`];
      const one = names.includes(kind) && shape.kinds[kind];
      if (one) return objectProblems(given, one, kinds, place);
      return [`${here}: "${kind}" is not one of ${names.join(", ")}${didYouMean(kind, names)}`];
    }
    case "object":
      if (!isObject(given)) return at(`must be an object with ${Object.keys(shape.properties).join(", ")}`);
      return objectProblems(given, shape, kinds, place);
  }
}

const NOUNS = { object: "an object", resource: "a resource" } as const;

const isOf = (type: NonNullable<ValueShape["type"]>, given: unknown, kinds: Kinds): boolean =>
  type === "resource" ? kinds.isResource(given) : isObject(given);

function objectProblems(
  given: Readonly<Record<string, unknown>>,
  { properties, needs }: ObjectShape,
  kinds: Kinds,
  place: string,
): string[] {
  const names = Object.keys(properties);
  const unknown = Object.keys(given).filter((name) => !names.includes(name) && !isMissing(given[name]));
  // A misspelt name is told once, not as a missing one too.
  const meant = unknown.map((name) => nearest(name, names));
  const missing = needs.filter((name) => isMissing(given[name]) && !meant.includes(name));
  return [
    ...unknown.map((name) => `${place ? `${place}: ` : ""}${noSuchProperty(name, names)}`),
    ...missing.map((name) => `${within(place, name)}: ${MISSING}`),
    ...Object.entries(properties).flatMap(([name, shape]) =>
      isMissing(given[name]) ? [] : argumentProblems(given[name], shape, kinds, within(place, name)),
    ),
  ];
}

const isMissing = (value: unknown): boolean => value === undefined || value === null;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
