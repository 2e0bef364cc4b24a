import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { initialise, remove } from "../../provider/src/hosts/local/data";
import { exists, paths } from "../../provider/src/hosts/local/files";
import { findProcess, start, stop } from "../../provider/src/hosts/local/server";
import { LocalMariaDb } from "../../provider/src/operations/all";
import { Run } from "../../provider/src/run";
import { freePort } from "../support/local/ports";

jest.setTimeout(120_000);

let folder: string;
let directory: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-"));
  directory = path.join(folder, "db1");
  await initialise({ directory, port: await freePort() });
});

afterAll(async () => {
  await remove(directory);
  await rm(folder, { recursive: true });
});

it.each([
  [
    "another resource",
    [{ object: "the server", token: "2", stack: "s", resource: "LocalMariaDb other" }],
    /is declared by LocalMariaDb other of the stack s now$/,
  ],
  ["nobody", [], /nothing there proves that this resource was the last to declare it/],
])("a directory that %s declares by now is left, and the line says whose it is", async (_who, entries, line) => {
  await writeFile(paths(directory).claims, JSON.stringify(entries));
  const lines: string[] = [];
  const claim = { token: "1", stack: "s", resource: "LocalMariaDb db1" };
  const last = { directory, port: 1, forceDestroy: true, claim };
  await new Run((text) => lines.push(text)).within(() => LocalMariaDb.delete(directory, last as never));
  expect(lines).toEqual([expect.stringMatching(line)]);
  expect(await exists(directory)).toBe(true);
});

// mariadbd listens before it can end: a SIGTERM in between leaves it hanging for ever.
it("a server that has just started stops at once, each time", async () => {
  for (let round = 0; round < 10; round++) {
    await start(directory);
    const began = Date.now();
    await stop(directory);
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(await findProcess(directory)).toBeUndefined();
  }
});

it("a data directory that somebody emptied is filled again, and one with other files is left alone", async () => {
  const { data } = paths(directory);
  const empty = async () => {
    for (const name of await readdir(data)) await rm(path.join(data, name), { recursive: true });
  };
  await empty();
  expect(await exists(directory)).toBe(false);
  await initialise({ directory, port: await freePort() });
  await start(directory);
  await stop(directory);

  await empty();
  await writeFile(path.join(data, "ibdata1"), "somebody's");
  await expect(initialise({ directory, port: await freePort() })).rejects.toThrow(
    /data has files in it, but not those without which no server starts.*Nothing was touched/s,
  );
  expect(await readdir(data)).toEqual(["ibdata1"]);
});
