import { z } from "zod";
import type { Derived, Properties } from "../../provider/src/operations/define";
import { shell } from "../../provider/src/resources/shell";

/** What the compiler refuses: `tsc` fails on each `@ts-expect-error` below that has nothing to expect. */

interface Box {
  readonly place: string;
  readonly size?: number;
}
interface BoxChecked extends Box {
  readonly label: string;
  readonly state: string;
}

const size = z.number().optional();
const from = () => ({ label: "a 5", state: "closed" });

const PROPERTIES: readonly Properties<Box>[] = [
  { place: z.string(), size },
  // @ts-expect-error: a property is missing
  { place: z.string() },
  // @ts-expect-error: there is no such property
  { place: z.string(), size, colour: z.string() },
  // @ts-expect-error: it is no number
  { place: z.number(), size },
  // @ts-expect-error: it is never missing
  { place: z.string().optional(), size },
];

const DERIVED: readonly Derived<Box, BoxChecked>[] = [
  { needs: [], properties: { label: z.string(), state: z.string() }, from },
  // @ts-expect-error: a derived property is missing
  { needs: [], properties: { label: z.string() }, from },
  // @ts-expect-error: one is given by users, and does not follow from anything
  { needs: [], properties: { label: z.string(), state: z.string(), place: z.string() }, from },
  // @ts-expect-error: a derived property gets no value
  { needs: [], properties: { label: z.string(), state: z.string() }, from: () => ({ label: "a 5" }) },
];

const SHELLS = [
  shell<Box, Omit<BoxChecked, "size">>("LocalMariaDb", { place: undefined, label: undefined, state: undefined }),
  // @ts-expect-error: an output is missing
  shell<Box, Omit<BoxChecked, "size">>("LocalMariaDb", { place: undefined, label: undefined }),
  // @ts-expect-error: there is no such output
  shell<Box, { label: string }>("LocalMariaDb", { label: undefined, colour: undefined }),
];

test("a property that is missing in one place, or of another type there, does not compile", () => {
  expect([PROPERTIES.length, DERIVED.length, SHELLS.length]).toEqual([5, 4, 3]);
});
