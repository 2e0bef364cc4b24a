import { encodingProblem } from "../../provider/src/recipe/characterSets";
import { type TestServer, testServer } from "../support/local/testServer";

/** Character sets and collations: what is refused without a server is what the server refuses. */

let server: TestServer;

beforeAll(async () => {
  server = await testServer();
}, 60_000);
afterAll(() => server?.[Symbol.asyncDispose]());

const names = async (query: string): Promise<string[]> =>
  (await server.root.query(query)).map(({ name }) => String(name));

/** Which of the two `utf8` is, a variable of the server decides: what we leave to it. */
const isLeftToServer = (set: string, collation: string): boolean =>
  [set, collation].some((name) => /^utf8(_|$)/.test(name));

test("a database can have a collation exactly where the server lets it", async () => {
  const sets = await names("SELECT CHARACTER_SET_NAME AS name FROM information_schema.CHARACTER_SETS");
  const all = await names("SELECT DISTINCT COLLATION_NAME AS name FROM information_schema.COLLATIONS");
  // Hundreds of uca1400 differ in their language only.
  const collations = all.filter(
    (name) => !/^uca1400_(?!ai_ci$|as_cs$)/.test(name) && /_(bin|ci|cs)$|^binary$/.test(name),
  );
  await server.root.query("CREATE DATABASE encodings");
  const pairs = sets
    .flatMap((set) => collations.map((collation) => [set, collation] as const))
    .filter((pair) => !isLeftToServer(...pair));
  const differences: string[] = [];
  for (const [set, collation] of pairs) {
    const refused = await server.root.query(`ALTER DATABASE encodings CHARACTER SET ${set} COLLATE ${collation}`).then(
      () => false,
      () => true,
    );
    if (refused !== (encodingProblem(set, collation) !== undefined)) differences.push(`${set} ${collation}`);
  }
  expect([differences, pairs.length > 5000]).toEqual([[], true]);
}, 120_000);
