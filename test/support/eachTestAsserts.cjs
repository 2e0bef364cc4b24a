/** Read by jest before each file of tests: a test in which no `expect` was reached fails, whichever way it returned. */
beforeEach(() => expect.hasAssertions());
