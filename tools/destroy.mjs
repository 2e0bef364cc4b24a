// @ts-check
/** `npm run destroy`: takes away all that `npm start` made. */
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { buildLibrary } from "./library.mjs";
import { installPackages } from "./packages.mjs";
import { privateFolder, repository } from "./places.mjs";
import { main, run, runInFront, Stop } from "./run.mjs";
import { say } from "./say.mjs";
import { STACK, stackEnvironment, stackExists } from "./stack.mjs";
import { removeStaleLock } from "./staleLock.mjs";

await main(async () => {
  if (!stackExists()) return say("There is no pair here: nothing to take away.");
  await installPackages();
  await buildLibrary();
  const env = await stackEnvironment();
  await removeStaleLock(env);

  const args = ["destroy", "--yes", "--skip-preview", "--suppress-outputs", "--remove", "--stack", STACK];
  const code = await runInFront("pulumi", args, { cwd: repository, env });
  if (code !== 0) {
    throw new Stop(
      `pulumi destroy ended with exit code ${code}: see its error above. ` +
        'What it did not take away is still known: "npm run destroy" goes on from there.',
    );
  }

  await removeForgottenServers();
  const others = await otherStacks(env);
  if (others.length > 0) {
    return say(
      `The pair is gone. The folder .local/ stays: it holds the state of the ${others.length === 1 ? "stack" : "stacks"} ${others.join(", ")}.`,
    );
  }
  await rm(privateFolder, { recursive: true, force: true });
  say("All is gone: servers, data, state.");
});

/** Servers of a run that was killed before it could note them. */
async function removeForgottenServers() {
  const require = createRequire(import.meta.url);
  /** @type {typeof import("../provider/dist/run.js")} */
  const { Run } = require("../provider/dist/run.js");
  /** @type {typeof import("../provider/dist/hosts/local/data.js")} */
  const localData = require("../provider/dist/hosts/local/data.js");
  for (const entry of await readdir(privateFolder)) {
    const folder = path.join(privateFolder, entry);
    if (existsSync(path.join(folder, "my.cnf"))) await new Run(say).within(() => localData.remove(folder));
  }
}

/** @param {NodeJS.ProcessEnv} env @returns {Promise<string[]>} */
async function otherStacks(env) {
  const { code, stdout, output } = await run("pulumi", ["stack", "ls", "--json", "--all", "--non-interactive"], {
    cwd: repository,
    env,
  });
  if (code !== 0)
    throw new Stop(`"pulumi stack ls" failed (exit code ${code}), so .local/ was left as it is:\n${output}`);
  return JSON.parse(stdout).map((/** @type {{ name: string }} */ stack) => stack.name);
}
