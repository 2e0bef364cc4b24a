import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { initialise, remove } from "../../provider/src/hosts/localData";
import { findProcess, start, stop } from "../../provider/src/hosts/localServer";
import { freePort } from "../support/ports";

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
