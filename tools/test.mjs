// @ts-check
/** `npm test`: all there is to check, from a bare clone on. */
import path from "node:path";
import { buildLibrary } from "./library.mjs";
import { mariadbReady } from "./mariadb.mjs";
import { installPackages } from "./packages.mjs";
import { repository } from "./places.mjs";
import { pulumiFolder } from "./pulumiCli.mjs";
import { main, runInFront } from "./run.mjs";
import { sayMissing, testHosts } from "./testHosts.mjs";

await main(async () => {
  await installPackages();
  await buildLibrary();
  await mariadbReady();
  const checked = await runInFront(process.execPath, [path.join("tools", "check.mjs")], { cwd: repository });
  const hosts = await testHosts();
  try {
    return (await jest(await pulumiFolder(), hosts)) || checked;
  } finally {
    await hosts.close();
    if (hosts.missing) sayMissing(hosts.missing);
  }
});

/**
 * The unit tests are part of the check. Silent: progress lines of the code under test would bury what failed.
 * @param {string} bin folder of the CLI
 * @param {import("./testHosts.mjs").TestHosts} hosts
 */
function jest(bin, hosts) {
  const program = path.join("node_modules", "jest", "bin", "jest.js");
  const left = ["unit", ...(hosts.missing ? ["hosts"] : [])];
  return runInFront(process.execPath, [program, "--ignoreProjects", ...left, "--silent"], {
    cwd: repository,
    env: { ...process.env, ...hosts.env, SESSION_STORE_TEST_BIN: bin },
  });
}
