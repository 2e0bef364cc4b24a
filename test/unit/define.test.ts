import fc from "fast-check";
import { z } from "zod";
import { ConnectionError, StatementError } from "../../provider/src/mariadb/connectionError";
import { type Definition, define, Unfinished } from "../../provider/src/operations/define";
import { containsUnknown, UNKNOWN } from "../../provider/src/operations/parse";

/** What all resources share, tried on one that keeps boxes in a map. */

interface Box {
  place: string;
  size: number;
  colours: string[];
  lock?: { password: string; kind: string } | undefined;
}
interface BoxChecked extends Box {
  label: string;
}
interface BoxComputed {
  weight: number;
}

const boxes = new Map<string, { size: number; colours: string[] }>();
let failsAfter: "nothing" | "begun" | "update" | undefined;

const definition: Definition<Box, BoxChecked, BoxComputed> = {
  properties: {
    place: z.string().min(1, "must not be empty"),
    size: z.number().int().min(1, "must be at least 1").default(5),
    colours: z.array(z.string().min(3, "must be a colour")).default(["red"]),
    lock: z
      .strictObject({ password: z.string().min(1, "must not be empty"), kind: z.string().default("brass") })
      .optional(),
  },
  rules: [
    {
      needs: ["size", "colours"],
      broken: ({ size, colours }) =>
        colours.length > size ? [{ property: "colours", reason: `more than ${size}` }] : [],
    },
  ],
  derived: {
    needs: ["place", "size"],
    properties: { label: z.string() },
    from: ({ place, size }) => ({ label: `${place} ${size}` }),
  },
  id: ({ place }) => `box/${place}`,
  isOther: (last, wanted) => last.place !== wanted.place,
  async create(wanted, begun) {
    if (failsAfter === "nothing") throw new Error("no room");
    boxes.set(wanted.place, { size: wanted.size, colours: wanted.colours });
    begun();
    if (failsAfter === "begun") throw new Error("the lid is missing");
    return { weight: 7 };
  },
  async observe(last) {
    const box = boxes.get(last.place);
    return box && { inputs: { ...box, label: `${last.place} ${box.size}` }, computed: { weight: 8 } };
  },
  async update(_last, wanted) {
    if (failsAfter === "update") throw new Error("it is stuck");
    boxes.set(wanted.place, { size: wanted.size, colours: wanted.colours });
    return { weight: 9 };
  },
  async remove(last) {
    boxes.delete(last.place);
  },
};

const operations = define(definition);
async function wanted(news: Record<string, unknown>): Promise<BoxChecked> {
  const { inputs, failures } = await operations.check({}, news);
  expect(failures).toEqual([]);
  return inputs;
}
const reasons = async (news: Record<string, unknown>) =>
  (await operations.check({}, news)).failures.map(({ reason }) => reason);

beforeEach(() => {
  boxes.clear();
  failsAfter = undefined;
});

describe("the check", () => {
  test("fills in every default, at every depth, and what follows from the rest", async () => {
    expect(await wanted({ place: "a", lock: { password: "x" } })).toEqual({
      place: "a",
      size: 5,
      colours: ["red"],
      lock: { password: "x", kind: "brass" },
      label: "a 5",
    });
  });

  test("changes nothing in what it has checked: a second check gives the same", async () => {
    const { label, ...once } = await wanted({ place: "a", lock: { password: "x" } });
    expect(await wanted(once)).toEqual({ ...once, label });
  });

  test("names each refused property, whatever the depth; one doesn't hide another", async () => {
    expect(await reasons({ place: "", size: 0, colours: ["red", "x"], lock: { password: "" } })).toEqual([
      "place: must not be empty",
      "size: must be at least 1",
      "colours[1]: must be a colour",
      "lock.password: must not be empty",
    ]);
  });

  test("refuses a property that isn't there, with the list of those that are", async () => {
    expect(await reasons({ place: "a", colour: "red" })).toEqual([
      'there is no property "colour"; did you mean "colours"? There are: place, size, colours, lock',
    ]);
    expect(await reasons({ place: "a", label: "mine" })).toEqual([expect.stringMatching(/no property "label"/)]);
    expect(await reasons({ place: "a", colour: undefined, kind: null })).toEqual([]);
  });

  test("never lets the engine print the value of a refused property: the name stands in the text instead", async () => {
    const { failures } = await operations.check({}, { place: "", lock: { password: 5 } });
    expect(failures.map(({ property }) => property)).toEqual(["", ""]);
  });

  test("asks a rule only about values that are known and right", async () => {
    expect(await reasons({ place: "a", size: 1, colours: ["red", "blue"] })).toEqual(["colours: more than 1"]);
    expect(await reasons({ place: "a", size: 1, colours: ["red", "x"] })).toEqual(["colours[1]: must be a colour"]);
    expect(await reasons({ place: "a", size: UNKNOWN, colours: ["red", "blue"] })).toEqual([]);
  });
});

describe("in a preview that does not know everything yet", () => {
  test.each([["place"], ["size"], ["colours"], ["lock"]])("an unknown %s is let through", async (name) => {
    const inputs = await wanted({ place: "a", [name]: UNKNOWN });
    expect(inputs[name as keyof Box]).toBe(UNKNOWN);
  });

  test("a value with something unknown in it is let through as it was given", async () => {
    expect(await wanted({ place: "a", lock: { password: UNKNOWN }, colours: ["red", UNKNOWN] })).toMatchObject({
      lock: { password: UNKNOWN },
      colours: ["red", UNKNOWN],
    });
  });

  test("what follows from known values is shown, and the rest is not made up", async () => {
    expect(await wanted({ place: "a", lock: UNKNOWN })).toMatchObject({ label: "a 5" });
    expect(await wanted({ place: UNKNOWN })).not.toHaveProperty("label");
  });

  test("an unknown place is a change, and no replacement", async () => {
    const olds = { ...(await wanted({ place: "a" })), weight: 7 };
    expect(await operations.diff("box/a", olds, await wanted({ place: UNKNOWN }))).toMatchObject({
      changes: true,
      replaces: [],
    });
  });

  test("something unknown is found at every depth", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(fc.constantFrom("list", "object")), (value, wraps) => {
        const wrap = (inner: unknown) =>
          wraps.reduce((all, kind) => (kind === "list" ? [value, all] : { a: value, b: all }), inner);
        expect(containsUnknown(wrap(UNKNOWN))).toBe(true);
        expect(containsUnknown(wrap("known"))).toBe(false);
      }),
    );
  });
});

describe("the difference", () => {
  test("is said outright to be there or not, for the engine guesses otherwise", async () => {
    const olds = { ...(await wanted({ place: "a" })), weight: 7 };
    const same = await operations.diff("box/a", olds, await wanted({ place: "a" }));
    expect(same).toEqual({ changes: false, replaces: [], deleteBeforeReplace: false });
    const other = await operations.diff("box/a", olds, await wanted({ place: "a", size: 6 }));
    expect(other).toEqual({ changes: true, replaces: [], deleteBeforeReplace: false });
  });

  test("is not there for what only the object tells, nor for the order of keys", async () => {
    const { place, ...rest } = await wanted({ place: "a", lock: { password: "x", kind: "y" } });
    const olds = { ...rest, lock: { kind: "y", password: "x" }, weight: 99, place };
    expect((await operations.diff("box/a", olds, { place, ...rest })).changes).toBe(false);
  });

  test("is there for a property that is no longer given, and for a secret", async () => {
    const olds = { ...(await wanted({ place: "a", lock: { password: "x" } })), weight: 7 };
    expect((await operations.diff("box/a", olds, await wanted({ place: "a" }))).changes).toBe(true);
    const changed = await wanted({ place: "a", lock: { password: "y" } });
    expect((await operations.diff("box/a", olds, changed)).changes).toBe(true);
  });

  test("replaces the object when another one is meant, and the former one goes last", async () => {
    const olds = { ...(await wanted({ place: "a" })), weight: 7 };
    expect(await operations.diff("box/a", olds, await wanted({ place: "b" }))).toEqual({
      changes: true,
      replaces: ["place", "label"],
      deleteBeforeReplace: false,
    });
  });
});

describe("making it", () => {
  test("answers the id, the wanted values and what was computed", async () => {
    const inputs = await wanted({ place: "a" });
    expect(await operations.create(inputs)).toEqual({ id: "box/a", outs: { ...inputs, weight: 7 } });
  });

  test("that fails before anything exists is a plain error: the engine keeps nothing", async () => {
    failsAfter = "nothing";
    const error = await operations.create(await wanted({ place: "a" })).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: "no room" });
    expect(error).not.toHaveProperty("id");
  });

  test("that fails halfway hands over all that a later run needs to find and repair it", async () => {
    failsAfter = "begun";
    const inputs = await wanted({ place: "a", lock: { password: "x" } });
    const error = await operations.create(inputs).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Unfinished);
    expect(error).toMatchObject({ message: "the lid is missing", id: "box/a", properties: inputs });
    failsAfter = undefined;
    const { id, properties } = error as { id: string; properties: BoxChecked & BoxComputed };
    expect(await operations.read(id, properties)).toMatchObject({ id, inputs: { place: "a" } });
    expect(await operations.update(id, properties, inputs)).toEqual({ outs: { ...inputs, weight: 9 } });
    await operations.delete(id, properties);
    expect(boxes.size).toBe(0);
  });

  test("a failed change leaves the state as it was: no id, so that the engine repeats it", async () => {
    failsAfter = "update";
    const inputs = await wanted({ place: "a" });
    const error = await operations.update("box/a", { ...inputs, weight: 7 }, inputs).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: "it is stuck" });
    expect(error).not.toHaveProperty("id");
  });
});

describe("looking at it", () => {
  test("answers live values in place of the wanted ones, in the properties and in the inputs", async () => {
    const { outs } = await operations.create(await wanted({ place: "a", lock: { password: "x" } }));
    boxes.set("a", { size: 6, colours: ["blue"] });
    const seen = await operations.read("box/a", outs);
    const live = { place: "a", size: 6, colours: ["blue"], label: "a 6", lock: { password: "x", kind: "brass" } };
    expect(seen).toEqual({ id: "box/a", props: { ...live, weight: 8 }, inputs: live });
  });

  test("of what drifted gives a difference, and of what is healthy none", async () => {
    const inputs = await wanted({ place: "a" });
    const { outs } = await operations.create(inputs);
    const look = async () => (await operations.read("box/a", outs))["props"] as BoxChecked & BoxComputed;
    expect((await operations.diff("box/a", await look(), inputs)).changes).toBe(false);
    boxes.set("a", { size: 5, colours: ["blue"] });
    expect((await operations.diff("box/a", await look(), inputs)).changes).toBe(true);
  });

  test("never fails for what is wrong on a server: the resource has a word for it, or is as last known", async () => {
    const outs = { ...(await wanted({ place: "a" })), weight: 7 };
    const trouble = [
      new StatementError("disk full", "db1", "db1 does not answer"),
      new StatementError("error 1812", "db1", "db1: no tablespace", 1812),
      new ConnectionError("not answering", "db1", "db1 does not answer"),
    ];
    for (const error of trouble) {
      const fails = { ...definition, observe: () => Promise.reject(error) };
      const known = await define<Box, BoxChecked, BoxComputed>(fails).read("box/a", outs);
      expect(known["props"]).toMatchObject({ ...outs });
      const told = { ...fails, inTrouble: ({ problem }: { problem: string }) => ({ label: problem }) };
      const seen = await define<Box, BoxChecked, BoxComputed>(told).read("box/a", outs);
      expect(seen["inputs"]).toMatchObject({ label: error.problem });
    }
    const other = { ...definition, observe: () => Promise.reject(new TypeError("a fault of this library")) };
    await expect(define<Box, BoxChecked, BoxComputed>(other).read("box/a", outs)).rejects.toThrow(
      "a fault of this library",
    );
  });

  test("a property that is gone goes from what is kept too", async () => {
    const observe = async () => ({ inputs: { lock: undefined }, computed: { weight: 8 } });
    const kept = { ...(await wanted({ place: "a", lock: { password: "x" } })), weight: 7 };
    const { props } = (await define({ ...definition, observe }).read("box/a", kept)) as { props: object };
    expect(["lock" in kept, "lock" in props]).toEqual([true, false]);
  });

  test("of what is gone answers nothing, by which the engine makes it anew", async () => {
    expect(await operations.read("box/a", { ...(await wanted({ place: "a" })), weight: 7 })).toEqual({});
  });
});

test("nothing leaves an operation that the engine's wire can't carry", async () => {
  const strange = define<Box, BoxChecked, BoxComputed>({
    ...definition,
    create: async () => ({ weight: 1, more: undefined, list: [undefined], when: new Date(0) }) as BoxComputed,
    observe: async () => ({ inputs: { colours: undefined as never }, computed: { weight: 1 } }),
  });
  const clean = (value: unknown): boolean =>
    value === null ||
    ["string", "number", "boolean"].includes(typeof value) ||
    (typeof value === "object" &&
      (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) &&
      Object.values(value).every(clean));
  const { inputs } = await strange.check({}, { place: "a", lock: undefined });
  expect(clean(inputs)).toBe(true);
  const { outs } = await strange.create(inputs);
  expect(clean(outs)).toBe(true);
  const seen = await strange.read("box/a", outs);
  expect([clean(seen["props"]), clean(seen["inputs"])]).toEqual([true, true]);
  expect(clean((await strange.update("box/a", outs, inputs)).outs)).toBe(true);
});
