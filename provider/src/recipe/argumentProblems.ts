import { didYouMean, MISSING, nearest, noSuchProperty } from "./nearest";
import type { ObjectShape, Shape } from "./shapes";

/** What is wrong with the names of given arguments. What is wrong with their values is told by the resources that get them. */

/** True for a value that is not there yet, such as an output: it is looked at when it is. */
type IsLater = (value: unknown) => boolean;

/** Each problem in a line of its own, which begins with the argument's place. */
export function argumentProblems(given: unknown, shape: Shape, isLater: IsLater, place = ""): string[] {
  const at = (reason: string) => [place ? `${place}: ${reason}` : reason];
  if (isLater(given)) {
    return shape.plain ? at("must be plain, not an output or a promise: it decides which resources there are") : [];
  }
  switch (shape.is) {
    case "value":
      return isOf(shape.type, given) ? [] : at(`must be ${NOUNS[shape.type ?? "scalar"]}`);
    case "list":
      if (!Array.isArray(given)) return at(`must be a list${shape.count === undefined ? "" : ` of ${shape.count}`}`);
      return [
        ...(shape.count === undefined || given.length === shape.count
          ? []
          : at(`must be a list of ${shape.count}, and has ${given.length}`)),
        ...given.flatMap((item, index) => {
          const here = `${place}[${index}]`;
          return isMissing(item) ? [`${here}: ${MISSING}`] : argumentProblems(item, shape.of, isLater, here);
        }),
      ];
    case "kinds": {
      const names = Object.keys(shape.kinds);
      if (!isObject(given)) return at(`must be an object with a "kind": ${names.join(", ")}`);
      const { kind } = given;
      if (isLater(kind)) return [];
      const here = within(place, "kind");
      if (isMissing(kind)) return [`${here}: ${MISSING}: ${names.join(", ")}`];
      if (typeof kind !== "string") return [`${here}: must be one of ${names.join(", ")}`];
      const one = names.includes(kind) && shape.kinds[kind];
      if (one) return objectProblems(given, one, isLater, place);
      return [`${here}: "${kind}" is not one of ${names.join(", ")}${didYouMean(kind, names)}`];
    }
    case "object":
      if (!isObject(given)) return at(`must be an object with ${Object.keys(shape.properties).join(", ")}`);
      return objectProblems(given, shape, isLater, place);
  }
}

const NOUNS = { string: "text", object: "an object", scalar: "text, a number, true or false" } as const;

const isOf = (type: "string" | "object" | undefined, given: unknown): boolean =>
  type === undefined ? ["string", "number", "boolean"].includes(typeof given) : typeof given === type;

function objectProblems(
  given: Readonly<Record<string, unknown>>,
  { properties, needs }: ObjectShape,
  isLater: IsLater,
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
      isMissing(given[name]) ? [] : argumentProblems(given[name], shape, isLater, within(place, name)),
    ),
  ];
}

const within = (place: string, name: string): string => (place ? `${place}.${name}` : name);

const isMissing = (value: unknown): boolean => value === undefined || value === null;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
