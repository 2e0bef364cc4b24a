import { rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { expectSuccess, type Pair, pairProgram, pairThatIsUp } from "../support/cli/pairProgram";
import type { Values } from "../support/engine/providerProcess";
import { FIXTURE_SCRIPT, storedReleases, storedResources } from "../support/engine/storedState";

/** The first `preview` and `up` after an upgrade of this library, by the real CLI: with the state that an earlier release has written, on a pair that runs. */

jest.setTimeout(120_000);

/** Outputs that a look adds to the state of that release, and a name that was a secret then. */
const KNOWN_SINCE = ["advice", "historyMark", "sourceMark", "user"];

const PROGRAM = pairProgram(`schema: { script: ${JSON.stringify(FIXTURE_SCRIPT)} },`).replaceAll(
  ", forceDestroy: true",
  "",
);

interface Export {
  deployment: { resources: (Values & { urn: string })[] };
}

describe.each(storedReleases())("the state of release %s", (release) => {
  let pair: Pair;

  beforeAll(async () => {
    pair = await pairThatIsUp(PROGRAM);
    await forgetNotes();
    await importState();
  });
  afterAll(() => pair?.[Symbol.asyncDispose]());

  /** That release has put none on the servers. */
  async function forgetNotes(): Promise<void> {
    for (const server of [pair.db1, pair.db2]) {
      await server.run("DROP DATABASE session_store_register");
      await rm(path.join(server.directory, "declared-by.json"));
    }
  }

  /** Puts that release's resources into the place of today's. */
  async function importState(): Promise<void> {
    const stored = storedResources(release, { folder: pair.project.folder, ports: pair.ports });
    const exported = JSON.parse(await pair.project.exportState()) as Export;
    let replaced = 0;
    for (const resource of exported.deployment.resources) {
      const former = stored.find(({ urn }) => urn === resource.urn);
      if (!former) continue;
      Object.assign(resource, former);
      replaced++;
    }
    expect(replaced).toBe(stored.length);
    const file = path.join(pair.project.folder, "state.json");
    await writeFile(file, JSON.stringify(exported));
    await pair.project.succeed(["stack", "import", "--file", file]);
  }

  const processes = () => Promise.all([pair.db1.pid(), pair.db2.pid()]);

  test("its first preview shows no property that differs, and says what `up` notes", async () => {
    const output = expectSuccess(await pair.project.preview("--diff"));
    expect(output).toMatch(/`up` notes beside it that this stack declares it/);
    const shown = [...output.matchAll(/^ {4,10}[~+-] (\w+)\s*:/gm)].map(([, property]) => property);
    expect([...new Set(shown)].filter((property) => !KNOWN_SINCE.includes(String(property)))).toEqual([]);
    expect(output).not.toMatch(/to (create|delete|replace)/);
  });

  test("its first up restarts nothing, and is the only one that does something", async () => {
    const before = await processes();
    const output = expectSuccess(await pair.project.up());
    expect(output).not.toMatch(/created|deleted|replaced|restart/);
    expect(await processes()).toEqual(before);
    expectSuccess(await pair.project.preview("--expect-no-changes"));
  });
});
