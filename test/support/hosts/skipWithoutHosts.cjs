/** Read by jest before each file of tests on whole machines: `npm test` has said why there are none here, so that each is skipped. */
if (process.env["SESSION_STORE_TEST_NO_HOSTS"]) globalThis.test = globalThis.it = globalThis.it.skip;
