import type { z } from "zod";
import { valueWords } from "./valueWords";

/** Checks a property, of which parts may be unknown. */

/** What stands in a preview for a value that is not known yet. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** True when a value, or any part of it, is not known yet. */
export function containsUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(containsUnknown);
}

/** What is wrong with a value, as far as that does not depend on what is unknown; and the value with its defaults, where nothing is. */
export function parse(type: z.ZodType, value: unknown): { data: unknown; issues: z.core.$ZodIssue[] } {
  const { data, error } = type.safeParse(value, { error: valueWords, reportInput: true });
  return { data, issues: (error?.issues ?? []).filter((issue) => !dependsOnUnknown(issue)) };
}

/** Of an object with an unknown part, its names are known, and so are its other parts. A rule may read all parts. */
function dependsOnUnknown(issue: z.core.$ZodIssue): boolean {
  const isOfNames = issue.code === "unrecognized_keys" || issue.code === "invalid_type";
  return isOfNames ? issue.input === UNKNOWN : containsUnknown(issue.input);
}
