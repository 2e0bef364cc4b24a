import { execFile } from "node:child_process";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

/** Ports that clones claim before they listen there. */

const tool = pathToFileURL(path.resolve(__dirname, "../../tools/freePorts.mjs"));
const FIRST = 41061;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-ports-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Each in a process of its own, at the same time. */
const claimed = (...owners: string[]): Promise<number[]> =>
  Promise.all(
    owners.map(async (owner) => {
      const script = `import { claimPorts } from "${tool}"; console.log(await claimPorts(${FIRST}, "${owner}", "${folder}/notes"));`;
      const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
      return Number(stdout);
    }),
  );

test("clones that look at the same time get different ports, and each gets its own again", async () => {
  const owners = ["a", "b", "c"].map((name) => path.join(folder, name));
  const ports = await claimed(...owners);
  expect(new Set(ports).size).toBe(3);
  expect(await claimed(String(owners[1]))).toEqual([ports[1]]);
});

test("ports of a clone that is gone are given to the next one", async () => {
  const one = path.join(folder, "a");
  const [port = 0] = await claimed(one);
  const note = path.join(folder, "notes", String(port));
  await utimes(note, 0, 0);
  await writeFile(one, "");
  expect(await claimed(path.join(folder, "b"))).not.toEqual([port]);
  await rm(one);
  expect(await claimed(path.join(folder, "c"))).toEqual([port]);
});
