// @ts-check
/** `npm run with-hosts -- COMMAND...`: runs a command, such as `npx jest --selectProjects hosts`, while the hosts of the tests can be had. */
import { buildLibrary } from "./library.mjs";
import { installPackages } from "./packages.mjs";
import { main, runInFront, Stop } from "./run.mjs";
import { testHosts } from "./testHosts.mjs";

await main(async () => {
  const [command, ...args] = process.argv.slice(2);
  if (!command) throw new Stop("usage: npm run with-hosts -- COMMAND...");
  await installPackages();
  await buildLibrary();
  const hosts = await testHosts();
  if (hosts.missing) return 1;
  try {
    return await runInFront(command, args, { env: { ...process.env, ...hosts.env } });
  } finally {
    await hosts.close();
  }
});
