import { spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { z } from "zod";
import { define } from "../../provider/src/operations/define";
import { dynamic } from "../../provider/src/operations/dynamic";
import { progress, Run } from "../../provider/src/run";

/** What Pulumi's process for dynamic providers asks for beyond the operations themselves. */

interface Box {
  place: string;
}

const TEXT = "the shell's text";

let fails: string | undefined;

const boxes = dynamic(
  define<Box, Box, { weight: number }>({
    properties: { place: z.string() },
    id: ({ place }) => `box/${place}`,
    async create(_wanted, begun) {
      begun();
      progress("making a box");
      if (fails) throw new Error(fails);
      return { weight: 7 };
    },
    observe: async () => ({ inputs: {}, computed: { weight: 8 } }),
    update: async () => ({ weight: 9 }),
    remove: async () => undefined,
  }),
);

const inputs = { place: "a", __provider: TEXT };

beforeEach(() => {
  fails = undefined;
  jest.spyOn(console, "log").mockImplementation(() => undefined);
});
afterEach(() => jest.restoreAllMocks());

test("the shell's text goes along with every set of values", async () => {
  expect(await boxes.check({}, { ...inputs })).toEqual({ inputs, failures: [] });
  const { id, outs } = await boxes.create(inputs);
  expect(outs).toEqual({ ...inputs, weight: 7 });
  expect(await boxes.read(id, outs)).toEqual({ id, props: { ...inputs, weight: 8 }, inputs });
  expect(await boxes.update(id, outs, inputs)).toEqual({ outs: { ...inputs, weight: 9 } });
});

test("what was begun and failed is handed over to the engine in its own form, fit for a terminal", async () => {
  fails = "the lid\u001b[31m is missing";
  const error = await boxes.create(inputs).catch((thrown: unknown) => thrown);
  const message = "the lid is missing";
  expect(error).toMatchObject({ message, id: "box/a", properties: inputs, reasons: [message] });
});

test("progress goes to the engine, whatever run the caller is in", async () => {
  const others: string[] = [];
  await new Run((line) => others.push(line)).within(() => boxes.create(inputs));
  expect(console.log).toHaveBeenCalledWith("making a box");
  expect(others).toEqual([]);
});

test("each line says which resource it is about: a program may have several pairs, each with a db1", async () => {
  for (const name of ["sessions-db1", "carts-db1"]) {
    await boxes.create(Object.assign({ __owner: { stack: "s", resource: `MariaDbNode ${name}` } }, inputs));
    expect(console.log).toHaveBeenLastCalledWith(`${name}: making a box`);
  }
  await boxes.create(inputs);
  expect(console.log).toHaveBeenLastCalledWith("making a box");
});

test.each(["diff", "read", "delete"] as const)(
  "an error of %s, which the process prints itself, says it too",
  async (name) => {
    const fails = async () => Promise.reject(new Error("db1: it is away"));
    const broken = dynamic({ diff: fails, read: fails, delete: fails } as unknown as Parameters<typeof dynamic>[0]);
    const values = { __owner: { stack: "s", resource: "MariaDbNode carts-db1" } };
    const calls = {
      diff: () => broken.diff("id", values, values),
      read: () => broken.read("id", values),
      delete: () => broken.delete("id", values),
    };
    const error = await (calls[name]() as Promise<unknown>).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      message: "carts-db1: db1: it is away",
      stack: expect.stringMatching(/carts-db1: db1/),
    });
  },
);

test("which resource it is goes along with each change, a delete too, for the record", async () => {
  const owner = { stack: "acme/proxy/prod", resource: "Box it" };
  const { outs } = await boxes.create(Object.assign({ __owner: owner }, inputs));
  const removed = jest.fn(async () => undefined);
  const removes = dynamic({ delete: removed } as unknown as Parameters<typeof dynamic>[0]);
  await removes.delete("box/a", outs);
  expect(removed).toHaveBeenCalledWith("box/a", outs, owner);
});

test("a process whose output nobody reads any more ends, whatever it does about errors of its own", async () => {
  const dist = path.resolve(__dirname, "../../provider/dist");
  const program = `
    const { progress } = require(${JSON.stringify(path.join(dist, "run.js"))});
    const { dynamic } = require(${JSON.stringify(path.join(dist, "operations", "dynamic.js"))});
    process.on("uncaughtException", (error) => console.error(error));
    const { diff } = dynamic({ diff: async () => void setInterval(() => progress("a line"), 10) });
    diff("", {}, {});`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "pipe"] });
  await once(child.stdout, "data");
  child.stdout.destroy();
  child.stderr.destroy();
  expect(await once(child, "exit")).toEqual([1, null]);
});
