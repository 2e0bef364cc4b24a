// @ts-check
/** `npm run pulumi -- ARGS`: the pulumi CLI with this repository's private state. */
import { buildLibrary } from "./library.mjs";
import { installPackages } from "./packages.mjs";
import { repository } from "./places.mjs";
import { main, runInFront } from "./run.mjs";
import { stackEnvironment } from "./stack.mjs";

await main(async () => {
  await installPackages();
  await buildLibrary();
  return runInFront("pulumi", process.argv.slice(2), { cwd: repository, env: await stackEnvironment() });
});
