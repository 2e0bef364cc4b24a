import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { paths } from "../../provider/src/hosts/local/files";
import type { CommandResult } from "../support/cli/cli";
import { expectSuccess, PASSWORDS, type Pair, pairProgram, pairThatIsUp } from "../support/cli/pairProgram";
import { previewedChanges } from "../support/cli/previewedChanges";
import type { Row } from "./driftRow";
import { ROUNDS } from "./driftRows";

jest.setTimeout(300_000);

/**
 * Each row is one change made by hand: preview shows it with the live and the wanted value and nothing else, `up` repairs it on the
 * server, and the preview of the next round (after the last one, a final preview) shows nothing of it any more. Rows of a round
 * touch resources that have nothing to do with each other, and share the commands. SESSION_STORE_DRIFT_ALONE=1 gives each row its own.
 */
const rounds: Row[][] = process.env["SESSION_STORE_DRIFT_ALONE"] ? ROUNDS.flat().map((row) => [row]) : ROUNDS;

let pair: Pair;

beforeAll(async () => {
  pair = await pairThatIsUp();
  await pair.db1.write(
    "CREATE TABLE replicated_session_store.a_session (id BIGINT AUTO_INCREMENT PRIMARY KEY, v TEXT)",
    "INSERT INTO replicated_session_store.a_session (v) VALUES ('one'), ('two'), ('three')",
  );
  await pair.db2.catchUpWith(pair.db1);
});

afterAll(async () => {
  await pair?.[Symbol.asyncDispose]();
});

describe.each(rounds.map((rows, index) => [index + 1, rows] as const))("round %i", (_round, rows) => {
  let shown: Record<string, string[]>;
  let up: CommandResult;

  beforeAll(async () => {
    for (const row of rows) await row.byHand(pair);
    // Its preview, and what it does then.
    up = await pair.project.run(["up", "--yes", "--diff"]);
    const [preview = ""] = up.output.split(/^Updating \(/m);
    // What is another one in each run stands in the rows by its name.
    const [port1, port2] = pair.ports.map(String) as [string, string];
    shown = previewedChanges(
      preview.replaceAll(pair.project.folder, "FOLDER").replaceAll(port1, "PORT1").replaceAll(port2, "PORT2"),
    );
  });

  it("up succeeds", () => {
    expect(expectSuccess(up)).toMatch(/^Resources:$/m);
  });

  it.each(rows)("$name", async ({ shows, repaired }) => {
    for (const [resource, lines] of Object.entries(shows))
      expect({ [resource]: shown[resource] }).toEqual({ [resource]: lines });
    await repaired(pair);
  });

  it("nothing else is shown, so that what was healthy, or repaired before, is not", () => {
    expect(Object.keys(shown).sort()).toEqual(rows.flatMap(({ shows }) => Object.keys(shows)).sort());
  });
});

it("after all of it the pair is as at first: preview shows nothing, sessions go both ways", async () => {
  expectSuccess(await pair.project.preview("--expect-no-changes"));
  await pair.db1.write("INSERT INTO replicated_session_store.a_session (v) VALUES ('last of db1')");
  await pair.db2.write("INSERT INTO replicated_session_store.a_session (v) VALUES ('last of db2')");
  await pair.db1.catchUpWith(pair.db2);
  await pair.db2.catchUpWith(pair.db1);
  const sessions = await pair.db1.rows("SELECT * FROM replicated_session_store.a_session ORDER BY id");
  expect(sessions.map((row) => row["v"])).toEqual(
    expect.arrayContaining(["one", "two", "three", "last of db1", "last of db2"]),
  );
  expect(await pair.db2.rows("SELECT * FROM replicated_session_store.a_session ORDER BY id")).toEqual(sessions);
});

it("what depends on a node whose restart is refused is repaired meanwhile by an up of it alone, as README says", async () => {
  const byHand = path.join(paths(pair.db1.directory).includeFolder, "10-by-hand.cnf");
  await writeFile(byHand, "[mariadbd]\nno_such_option = 1\n");
  await pair.project.writeProgram(pairProgram('settings: { innodb_buffer_pool_chunk_size: "4M" },'));
  await pair.db1.run("DROP USER nevisproxy_user@'%'");
  const { code, output } = await pair.project.up();
  expect(code).not.toBe(0);
  expect(output).toMatch(/db1 would not start with its option files: .*no_such_option.*Nothing was stopped/s);
  expectSuccess(await pair.project.up("--target", "**::sessions-db1-users"));
  expect(await pair.db1.login("nevisproxy_user", PASSWORDS.proxyPassword)).toBe("in");
  await rm(byHand);
  expectSuccess(await pair.project.up());
});
