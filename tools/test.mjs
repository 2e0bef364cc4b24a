// @ts-check
/** `npm test`: all there is to check, from a bare clone on. */
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { accountOf, figuresOf } from "./budgets.mjs";
import { buildLibrary } from "./library.mjs";
import { mariadbReady } from "./mariadb.mjs";
import { installPackages } from "./packages.mjs";
import { repository } from "./places.mjs";
import { pulumiFolder } from "./pulumiCli.mjs";
import { main, runInFront } from "./run.mjs";
import { say } from "./say.mjs";
import { sayMissing, testHosts } from "./testHosts.mjs";

await main(async () => {
  await installPackages();
  await buildLibrary();
  await mariadbReady();
  const folder = await mkdtemp(path.join(tmpdir(), "session-store-results-"));
  const [ofCheck, ofRest] = ["check", "rest"].map((name) => path.join(folder, `${name}.json`));
  try {
    const checked = await timed(() => check(ofCheck));
    const hosts = await testHosts();
    const rest = await pulumiFolder()
      .then((bin) => timed(() => jest(bin, hosts, ofRest)))
      .finally(hosts.close);
    const { text, exceeded } = await accountOf(await figuresOf(ofCheck, ofRest), checked.seconds + rest.seconds);
    say(`\n${text}`);
    if (hosts.missing) sayMissing(hosts.missing);
    return checked.code || rest.code || (exceeded ? 1 : 0);
  } finally {
    await rm(folder, { recursive: true });
  }
});

/**
 * @param {() => Promise<number>} work answers its exit code
 * @returns {Promise<{ code: number, seconds: number }>}
 */
async function timed(work) {
  const began = Date.now();
  return { code: await work(), seconds: (Date.now() - began) / 1000 };
}

/** @param {string} results where the figures of the unit tests, which are part of it, go */
function check(results) {
  return runInFront(process.execPath, [path.join("tools", "check.mjs"), results], { cwd: repository });
}

/**
 * The rest of the tests. Silent: progress lines of the code under test would bury what failed.
 * @param {string} bin folder of the CLI
 * @param {import("./testHosts.mjs").TestHosts} hosts
 * @param {string} results
 */
function jest(bin, hosts, results) {
  const program = path.join("node_modules", "jest", "bin", "jest.js");
  // Two also on two cores, where jest itself takes one: the tests wait for servers and machines most of the time.
  const workers = Math.max(2, availableParallelism() - 1);
  const args = [
    "--ignoreProjects",
    "unit",
    "--maxWorkers",
    String(workers),
    "--silent",
    "--json",
    "--outputFile",
    results,
  ];
  return runInFront(process.execPath, [program, ...args], {
    cwd: repository,
    env: { ...process.env, ...hosts.env, SESSION_STORE_TEST_BIN: bin },
  });
}
