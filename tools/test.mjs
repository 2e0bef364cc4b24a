// @ts-check
/** `npm test`: all there is to check, from a bare clone on. */
import path from "node:path";
import { buildLibrary } from "./library.mjs";
import { mariadbReady } from "./mariadb.mjs";
import { installPackages } from "./packages.mjs";
import { repository } from "./places.mjs";
import { pulumiFolder } from "./pulumiCli.mjs";
import { main, runInFront } from "./run.mjs";

await main(async () => {
  await installPackages();
  await buildLibrary();
  await mariadbReady();
  const env = { ...process.env, SESSION_STORE_TEST_BIN: await pulumiFolder() };
  const checked = await runInFront(process.execPath, [path.join("tools", "check.mjs")], { cwd: repository });
  // The unit tests are part of the check. Silent: progress lines of the code under test would bury what failed.
  const jest = path.join("node_modules", "jest", "bin", "jest.js");
  const tested = await runInFront(process.execPath, [jest, "--ignoreProjects", "unit", "--silent"], {
    cwd: repository,
    env,
  });
  return checked || tested;
});
