import { testGrants } from "../support/grantsOracle";
import { type TestServer, testServer } from "../support/local/testServer";

/** The installed server is the judge of how we read and write what accounts may do; `hosts/grants` asks other versions. */

let server: TestServer;

beforeAll(async () => {
  server = await testServer({ settings: ["debug-no-sync"] });
}, 60_000);
afterAll(() => server?.[Symbol.asyncDispose]());

testGrants(() => server.root);
