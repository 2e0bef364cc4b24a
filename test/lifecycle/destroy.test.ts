import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { expectSuccess, type Pair, pairProject } from "../support/cli/pairProgram";
import { processesBelow } from "../support/processes";

jest.setTimeout(300_000);

let pair: Pair;

beforeAll(async () => {
  pair = await pairProject();
  expectSuccess(await pair.project.up());
});

afterAll(async () => {
  await pair?.[Symbol.asyncDispose]();
});

it("a second stack on the same ports is refused with the name of the process that has them; the first one goes on", async () => {
  const pids = [await pair.db1.pid(), await pair.db2.pid()];
  await using second = await pairProject();
  await second.project.configure({ port1: String(pair.ports[0]), port2: String(pair.ports[1]) }, "plaintext");

  const { code, output } = await second.project.up();
  expect(code).not.toBe(0);
  for (const [index, pid] of pids.entries()) {
    expect(output).toMatch(
      new RegExp(`port ${pair.ports[index]} of 127\\.0\\.0\\.1 is taken by process ${pid} \\(.*mariadbd`),
    );
  }
  expect([await pair.db1.pid(), await pair.db2.pid()]).toEqual(pids);
  expect(processesBelow(second.db1.directory)).toEqual([]);

  expectSuccess(await second.project.destroy());
  expect(existsSync(second.db1.directory)).toBe(false);
  expect(await pair.db1.replica()).toMatchObject({ Slave_IO_Running: "Yes", Slave_SQL_Running: "Yes" });
});

it("destroy succeeds when one node is gone with its data, and leaves no server, no directory and no resource", async () => {
  await pair.db2.kill();
  await rm(pair.db2.data, { recursive: true });

  expectSuccess(await pair.project.destroy());
  for (const server of [pair.db1, pair.db2]) {
    expect(processesBelow(server.directory)).toEqual([]);
    expect(existsSync(server.directory)).toBe(false);
  }
  const { deployment } = JSON.parse(await pair.project.exportState()) as { deployment: { resources?: unknown[] } };
  expect(deployment.resources ?? []).toEqual([]);
  // It can be made anew on the spot.
  expectSuccess(await pair.project.up());
  expect(await pair.db1.replica()).toMatchObject({ Slave_IO_Running: "Yes", Slave_SQL_Running: "Yes" });
});
