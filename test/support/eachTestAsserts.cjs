/** Read by jest before each file of tests: a test in which no `expect` was reached fails, whichever way it returned. */
beforeEach(() => {
  // Those of a beforeAll would count for the first test after it.
  expect.setState({ assertionCalls: 0 });
  expect.hasAssertions();
});
