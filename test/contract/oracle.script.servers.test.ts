import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { findTool, paths } from "../../provider/src/hosts/local/files";
import { RECIPE_DATABASE, RECIPE_PATTERNS, wildDoTables } from "../../provider/src/recipe/filters";
import { checkScript } from "../../provider/src/recipe/schema/script";
import { type TestServer, testServer } from "../support/local/testServer";
import { oracleTest } from "../support/oracle";
import { sceneFor, scriptComparison } from "../support/scriptOracle";

/** The installed client is the judge of how a script is cut; `hosts/scripts` asks other versions. */

const run = promisify(execFile);
let folder: string;
let server: TestServer;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "session-store-scripts-"));
  server = await testServer();
  for (const statement of sceneFor(folder)) await server.root.query(statement);
}, 60_000);

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test("a dump by this machine's mariadb-dump is taken once it is made as docs/scripts.md has it, and refused as it comes by default", async () => {
  await server.root.query("CREATE DATABASE replicated_session_store CHARACTER SET utf8mb4");
  await server.root.query("CREATE TABLE replicated_session_store.session (id INT PRIMARY KEY COMMENT ';\\'`', v BLOB)");
  await server.root.query("INSERT INTO replicated_session_store.session VALUES (1, X'27000AFF5C'), (2, 'é;\n--')");
  const { host } = server.connection;
  const socket = paths(host.kind === "local" ? host.directory : "").socket;
  const dump = `${findTool("mariadb-dump")} --no-defaults --socket=${socket}`;
  const [made = "", asItComes = ""] = await Promise.all(
    [
      `${dump} --skip-add-drop-table --skip-triggers --hex-blob replicated_session_store session | sed 's/^CREATE TABLE \`/CREATE TABLE IF NOT EXISTS \`/'`,
      `${dump} --hex-blob replicated_session_store`,
    ].map(async (command) => (await run("sh", ["-c", command])).stdout),
  );
  const filters = { database: RECIPE_DATABASE, patterns: wildDoTables([RECIPE_DATABASE], RECIPE_PATTERNS) };
  const { statements, findings } = checkScript(made, filters);
  expect(findings).toEqual([]);
  expect(statements.flatMap(({ kind, table }) => (kind === "session" ? [] : [`${kind} ${table}`]))).toEqual([
    "create session",
    "insert session",
  ]);
  expect(checkScript(asItComes, filters).findings.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/--skip-add-drop-table$/),
    expect.stringMatching(/sed -E/),
  ]);
});

oracleTest(
  "a script is cut into what the client sends",
  scriptComparison(() => {
    const { host } = server.connection;
    const { socket } = paths(host.kind === "local" ? host.directory : "");
    return {
      folder,
      client: `${findTool("mariadb")} --no-defaults --socket=${socket}`,
      sh: (line) => run("sh", ["-c", line], { cwd: folder }),
    };
  }),
);
