import { readFile, rm } from "node:fs/promises";
import * as path from "node:path";
import { named, PairInUse, SCHEMA } from "../support/cli/pairInUse";
import { pairProgram } from "../support/cli/pairProgram";
import { inWhole } from "../support/inWhole";

/**
 * The same lives, cut off: the process in which the provider works is killed at one of its statements and file operations, by the real CLI. The next
 * `up` comes to the same end, and neither of the two refuses a login. `npm run test:lives` cuts each off at many places.
 */

jest.setTimeout(1_800_000);

const CUTS = process.env["LIVES"] === "whole" ? 12 : 1;

let pair: PairInUse;

beforeAll(async () => {
  pair = await PairInUse.thatIsUp();
});
afterAll(() => pair?.[Symbol.asyncDispose]());

/** What a run is asked for; each time something else. */
interface Life {
  readonly program?: (round: number) => string;
  readonly args?: (round: number) => string[];
  /** What somebody does by hand before. */
  readonly before?: () => Promise<unknown>;
}

const text = (change: (text: string) => string) => change(pairProgram(SCHEMA));
const withServers = (suffix: number) =>
  text((program) => program.replace(/LocalMariaDb\("(db\d)"/g, `LocalMariaDb("$1-${suffix}"`));

/** `up` in which the provider's process dies at a point. True: it got that far. */
async function upCutOff(life: Life, round: number, point: number, log?: string): Promise<boolean> {
  const preload = path.resolve(__dirname, "../support/engine/dieInPlugin.cjs");
  const args = ["up", "--yes", "--skip-preview", ...(life.args?.(round) ?? [])];
  const environment = {
    NODE_OPTIONS: `--require ${preload}`,
    DIE_AT: String(point),
    DIE_WHEN: round % 2 === 0 ? "before" : "after",
    ...(log && { DIE_LOG: log }),
  };
  return (await pair.project.run(args, { environment })).code !== 0;
}

let round = 0;

/** Each time the run begins from a pair that is whole. */
async function cutOff(life: Life): Promise<void> {
  const log = path.join(pair.project.folder, "points.log");
  const begin = async () => {
    round++;
    await life.before?.();
    if (life.program) await pair.project.writeProgram(life.program(round));
  };
  await begin();
  await upCutOff(life, round, 0, log);
  const points = (await readFile(log, "utf8")).trim().split("\n").length;
  await rm(log);
  expect(points).toBeGreaterThan(5);
  let died = 0;
  for (let cut = 0; cut < CUTS; cut++) {
    // Not the same ones in each life.
    const point = 1 + Math.floor(((cut + 0.5 + (round % 5) / 10) * points) / CUTS);
    await begin();
    await pair.inUse(`cut-${round}`, async () => {
      if (await upCutOff(life, round, point)) died++;
      await pair.up();
    });
    await pair.expectClean();
  }
  expect(died).toBeGreaterThan(0);
}

test("the component gets another name", () => cutOff({ program: (round) => text(named(`store${round}`)) }));

inWhole("everything is replaced", () =>
  cutOff({
    args: () => ["--replace", "**-db1*", "--replace", "**-db2*", "--replace", "**::db1", "--replace", "**::db2"],
  }),
);

inWhole("the component moves below another parent", () =>
  cutOff({
    program: (round) =>
      text((program) =>
        named(
          "sessions",
          ", { parent }",
        )(program).replace(
          "const store",
          `const parent = new pulumi.ComponentResource("acme:index:Platform${round}", "platform");\n\nconst store`,
        ),
      ),
  }),
);

inWhole("the servers get other names", () => cutOff({ program: withServers }));

inWhole("a node is reached by another name of its machine", () =>
  cutOff({
    program: (round) =>
      text((program) =>
        round % 2 === 0
          ? program
          : program.replace("{ server: db2 }", '{ server: db2, address: "localhost", bindAddress: "127.0.0.1" }'),
      ),
  }),
);

inWhole("a further database is declared", () =>
  cutOff({
    program: (round) =>
      pairProgram(`${SCHEMA} databases: [{ name: "replicated_session_store" }, { name: "more${round}" }],`),
  }),
);

inWhole("settings and accounts come, are taken back, and others come", () =>
  cutOff({
    program: (round) =>
      pairProgram(
        `${SCHEMA} settings: { ${["bulk_insert_buffer_size", "join_buffer_size"][round % 2]}: "${round + 1}M" },
         extraAccounts: [{ user: "auditor${round}", password: config.requireSecret("monitorPassword"), grants: ["PROCESS ON *.*"] }],`,
      ),
  }),
);

inWhole("the admin accounts of both nodes were dropped", () =>
  cutOff({
    before: () =>
      Promise.all([pair.db1, pair.db2].map((server) => server.run("DROP USER session_store_admin@localhost"))),
  }),
);

inWhole("the notes on both servers were dropped", () =>
  cutOff({
    before: () => Promise.all([pair.db1, pair.db2].map((server) => server.run("DROP DATABASE session_store_register"))),
  }),
);
