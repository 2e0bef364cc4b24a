// @ts-check
/** `npm start`: from a bare clone to a running pair. */
import { buildLibrary } from "./library.mjs";
import { mariadbReady } from "./mariadb.mjs";
import { installPackages } from "./packages.mjs";
import { repository } from "./places.mjs";
import { main, run, runInFront, Stop } from "./run.mjs";
import { say } from "./say.mjs";
import { STACK, stackEnvironment } from "./stack.mjs";
import { removeStaleLock } from "./staleLock.mjs";
import { summary } from "./summary.mjs";

await main(async () => {
  await installPackages();
  await buildLibrary();
  await mariadbReady();
  const env = await stackEnvironment();
  await removeStaleLock(env);

  say("Bringing the pair up (pulumi up).");
  const args = ["up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", STACK];
  const code = await runInFront("pulumi", args, { cwd: repository, env });
  if (code !== 0) {
    throw new Stop(
      `pulumi up ended with exit code ${code}: see its error above. What was done is kept: "npm start" goes on from there.`,
    );
  }

  const [[update], outputs] = await Promise.all([
    ask(env, ["stack", "history", "--json", "--page-size", "1"]),
    ask(env, ["stack", "output", "--json", "--show-secrets"]),
  ]);
  process.stdout.write(`\n${await summary(outputs)}\n`);
  if (changesOf(update) === 0) process.stdout.write("Nothing to change: the pair is as described.\n");
});

/**
 * @param {{ resourceChanges?: Record<string, number> }} update
 * @returns {number} of resources
 */
function changesOf({ resourceChanges = {} }) {
  return Object.entries(resourceChanges).reduce((sum, [kind, number]) => sum + (kind === "same" ? 0 : number), 0);
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string[]} args
 */
async function ask(env, args) {
  const { code, stdout, output } = await run("pulumi", [...args, "--non-interactive", "--stack", STACK], {
    cwd: repository,
    env,
  });
  if (code !== 0) throw new Stop(`"pulumi ${args.join(" ")}" failed (exit code ${code}):\n${output}`);
  return JSON.parse(stdout);
}
