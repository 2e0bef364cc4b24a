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
  const [ofCheck, ofAlone, ofRest] = ["check", "alone", "rest"].map((name) => path.join(folder, `${name}.json`));
  try {
    const check = await timed(() => node(["tools/check.mjs", ofCheck]));
    const hosts = await testHosts();
    const tests = await withTools(hosts, (env) => timed(() => runTests(env, ofAlone, ofRest)));
    const figures = await figuresOf(ofCheck, ofAlone, ofRest);
    const { text, exceeded } = await accountOf(figures, check.seconds + tests.seconds);
    say(`\n${text}`);
    if (hosts.missing) sayMissing(hosts.missing);
    return check.code || tests.code || (exceeded ? 1 : 0);
  } finally {
    await rm(folder, { recursive: true });
  }
});

/**
 * @template T
 * @param {import("./testHosts.mjs").TestHosts} hosts closed afterwards
 * @param {(env: NodeJS.ProcessEnv) => Promise<T>} work
 */
async function withTools(hosts, work) {
  try {
    return await work({ ...process.env, ...hosts.env, SESSION_STORE_TEST_BIN: await pulumiFolder() });
  } finally {
    await hosts.close();
  }
}

/**
 * All but the unit tests, which are part of the check.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} ofAlone
 * @param {string} ofRest
 */
async function runTests(env, ofAlone, ofRest) {
  // How long a client waits is measured there: nothing may run beside it.
  const alone = "failures/linkedPair";
  const one = await jest(["--selectProjects", "failures", "--testPathPatterns", alone], ofAlone, env);
  // Two at a time also on two cores, where jest itself takes one: these wait for servers and machines most of the time.
  const workers = String(Math.max(2, availableParallelism() - 1));
  const others = ["--ignoreProjects", "unit", "--testPathIgnorePatterns", alone, "/node_modules/"];
  const rest = await jest([...others, "--maxWorkers", workers], ofRest, env);
  return one || rest;
}

/**
 * @param {() => Promise<number>} work answers its exit code
 * @returns {Promise<{ code: number, seconds: number }>}
 */
async function timed(work) {
  const began = Date.now();
  return { code: await work(), seconds: (Date.now() - began) / 1000 };
}

/**
 * Silent: progress lines of the code under test would bury what failed.
 * @param {string[]} which
 * @param {string} results
 * @param {NodeJS.ProcessEnv} env
 */
function jest(which, results, env) {
  return node(["node_modules/jest/bin/jest.js", ...which, "--silent", "--json", "--outputFile", results], env);
}

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
function node(args, env) {
  return runInFront(process.execPath, args, { cwd: repository, env });
}
