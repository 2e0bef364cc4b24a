import { z } from "zod";
import { didYouMean, MISSING, noSuchProperty } from "../recipe/nearest";

/** What is said of a value that can't be the one of its property. The types in inputs/ have words of their own for what only they know. */

type Issue = z.core.$ZodRawIssue;

export const valueWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined || issue.input === null) return MISSING;
      return `must be ${nounOf(issue)}; it is ${shown(issue.input, QUOTED.has(issue.expected))}`;
    case "invalid_value":
      return notOneOf(issue.values.map(String), issue.input);
    case "invalid_union":
      return "discriminator" in issue ? notOneOf(kindsOf(issue), kindIn(issue)) : undefined;
    case "unrecognized_keys":
      return issue.keys.map((key) => noSuchProperty(key, namesOf(issue))).join("; ");
    case "too_small":
      return bound(issue, issue.minimum, "least");
    case "too_big":
      return bound(issue, issue.maximum, "most");
    default:
      return undefined;
  }
};

const NOUNS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

/** In the place of these stands no password: what is a text there may be shown. */
const QUOTED = new Set(["number", "int", "boolean"]);
const LONGEST = 40;

function nounOf({ expected, inst }: Issue): string {
  const noun = NOUNS[String(expected)] ?? String(expected);
  const names = namesOf({ inst });
  if (names.length > 0) return `${noun} with ${names.join(", ")}`;
  return expected === "number" && inst instanceof z.ZodNumber && inst.format === "safeint" ? "a whole number" : noun;
}

/** A value as a reader finds it again in the program. */
function shown(value: unknown, quoted: boolean): string {
  if (typeof value === "string") {
    if (!quoted) return "text";
    return `the text ${JSON.stringify(value.length > LONGEST ? `${value.slice(0, LONGEST)}...` : value)}`;
  }
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number") return `the number ${value}`;
  if (typeof value === "boolean") return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function notOneOf(words: readonly string[], given: unknown): string {
  if (given === undefined || given === null) return `${MISSING}: ${words.join(", ")}`;
  if (typeof given !== "string") return `must be one of ${words.join(", ")}; it is ${shown(given, true)}`;
  // Of few words, each is named: half of the letters are hint enough.
  return `${JSON.stringify(given)} is not one of ${words.join(", ")}${didYouMean(given, words, given.length / 2)}`;
}

function bound({ origin, input }: Issue, limit: number | bigint, which: "least" | "most"): string {
  if (typeof input === "number" && origin === "int") return `must be a whole number; it is ${input}`;
  if (typeof input === "number") return `must be at ${which} ${limit}; it is ${input}`;
  return `must have at ${which} ${limit} ${origin === "string" ? "characters" : "items"}`;
}

const namesOf = ({ inst }: Pick<Issue, "inst">): string[] =>
  inst instanceof z.ZodObject ? Object.keys(inst.shape) : [];

const kindsOf = (issue: object): string[] => ((issue as { options?: unknown[] }).options ?? []).map(String);
const kindIn = ({ input }: Issue): unknown => (input as { kind?: unknown } | undefined)?.kind;
