/** A test of a longer series: only `npm run test:lives` runs it, and `npm test` has others that come near. */
export const inWhole: typeof test =
  process.env["LIVES"] === "whole"
    ? test
    : (Object.assign(() => undefined, { each: () => () => undefined }) as unknown as typeof test);
