// @ts-check
/** What tests need that work on whole machines: a Docker engine, and images of the machines. */
import { openEngine } from "./dockerEngine.mjs";
import { hostImages } from "./hostImages.mjs";
import { Stop } from "./run.mjs";
import { say } from "./say.mjs";

/**
 * @typedef {object} TestHosts
 * @property {NodeJS.ProcessEnv} env what test/support/hosts/dockerEngine.ts reads; where there are no such hosts, what makes test/support/hosts/skipWithoutHosts.cjs skip
 * @property {string | undefined} missing why there are none
 * @property {() => Promise<void>} close removes what the tests left, and ends the engine if it was started for them
 */

/** @returns {Promise<TestHosts>} */
export async function testHosts() {
  /** @type {import("./dockerEngine.mjs").Engine | undefined} */
  let engine;
  try {
    engine = await openEngine();
    const images = await hostImages(engine);
    const env = { SESSION_STORE_TEST_DOCKER: engine.address, SESSION_STORE_TEST_HOST_IMAGES: JSON.stringify(images) };
    return { env, missing: undefined, close: engine.close };
  } catch (error) {
    await engine?.close();
    if (!(error instanceof Stop)) throw error;
    sayMissing(error.message);
    return { env: { SESSION_STORE_TEST_NO_HOSTS: error.message }, missing: error.message, close: async () => {} };
  }
}

/** Said before and after the tests: what was not tried must not look as if it had passed. @param {string} why */
export const sayMissing = (why) =>
  say(`\nNOT TESTED: machines over SSH and containers (the project "hosts"). There are no such hosts here: ${why}\n`);
