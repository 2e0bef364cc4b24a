// @ts-check
/** Prints the environment of the pulumi CLI for the state of one folder, as JSON: for tests, which can't import this. */
import path from "node:path";
import { pulumiEnvironment } from "./environment.mjs";
import { main, Stop } from "./run.mjs";

await main(async () => {
  const folder = process.argv[2];
  if (!folder) throw new Stop("usage: node tools/printEnvironment.mjs STATE-FOLDER");
  process.stdout.write(`${JSON.stringify(await pulumiEnvironment({ stateFolder: path.resolve(folder) }))}\n`);
});
