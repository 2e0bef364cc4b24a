/** Tests that are only in a longer series, a command of its own that sets this variable; `npm test` has others that come near. */
const inSeries = (variable: "LIVES" | "NETWORK" | "EVERY_MARIADB" | "REWIND_RUNS" | "BENCH"): typeof test =>
  process.env[variable] !== undefined
    ? test
    : (Object.assign(() => undefined, { each: () => () => undefined }) as unknown as typeof test);

/** In `npm run test:lives`. */
export const inWhole = inSeries("LIVES");
/** In `npm run test:network`. */
export const inNetworkSeries = inSeries("NETWORK");
/** In `npm run test:rewind`. */
export const inRewindSeries = inSeries("REWIND_RUNS");
/** In `npm run test:versions` or `npm run test:seeding-hosts`. */
export const inVersionSeries = inSeries("EVERY_MARIADB");
/** In `npm run test:bench`. */
export const inBenchSeries = inSeries("BENCH");
