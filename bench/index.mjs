// @ts-check
/** `npm run bench`: what `pulumi` takes with this library, beside the engine's own floor and a script that does the same by hand. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Command } from "commander";
import { openEngine } from "../tools/dockerEngine.mjs";
import { hostImages } from "../tools/hostImages.mjs";
import { buildLibrary } from "../tools/library.mjs";
import { mariadbReady } from "../tools/mariadb.mjs";
import { installPackages } from "../tools/packages.mjs";
import { repository } from "../tools/places.mjs";
import { main, Stop } from "../tools/run.mjs";
import { say } from "../tools/say.mjs";
import { ansibleReady } from "./ansiblePair.mjs";
import { hostReport, hostTargetsOf } from "./hostReport.mjs";
import { CONTENDERS, hostRound } from "./hostRound.mjs";
import { machineFacts } from "./machine.mjs";
import { wholeNumber } from "./options.mjs";
import { environment } from "./project.mjs";
import { isMet, report, targetsOf } from "./report.mjs";
import { engineRound, restartRound, shellRound } from "./round.mjs";
import { runtimes } from "./runtimes.mjs";
import { makeTemplate } from "./servers.mjs";
import { machineTable } from "./tables.mjs";

const options = new Command("npm run bench --")
  .option("--runs <number>", "how often each is measured", wholeNumber, 5)
  .option(
    "--compile-cache",
    "also with Node 22, without and with NODE_COMPILE_CACHE (npm's package `node`, if this is older)",
  )
  .option("--out <folder>", "where RESULTS.md and raw.json go", path.join(repository, "bench"))
  .option("--no-warm-up", "measure at once, with cold caches")
  .option("--no-local", "leave the pair on this machine out")
  .option("--no-hosts", "leave the pair over SSH out")
  .option("--no-ansible", "leave Ansible out")
  .option("--strict", "end with 1 when a target is missed")
  .parse()
  .opts();

await main(async () => {
  await installPackages();
  await buildLibrary();
  await mariadbReady();
  const folder = await mkdtemp(path.join(tmpdir(), "session-store-bench-"));
  try {
    const [runtime] = await runtimes({ folder });
    const machine = await machineFacts(await environment(path.join(folder, "state"), runtime));
    const local = options.local ? await measureLocal(path.join(folder, "local")) : undefined;
    const hosts = options.hosts ? await measureHosts(path.join(folder, "hosts")) : [];
    const results = { machine, ...local, hosts };
    const parts = [
      local && report(local),
      ...hosts.map(hostReport),
      machineTable({ ...machine, ...hosts[0]?.versions }),
    ];
    const text = `# Measured\n\n${parts.filter(Boolean).join("\n\n")}\n`;
    await mkdir(options.out, { recursive: true });
    await writeFile(path.join(options.out, "RESULTS.md"), text);
    await writeFile(path.join(options.out, "raw.json"), `${JSON.stringify(results, null, 2)}\n`);
    process.stdout.write(text);
    const targets = [...(local ? targetsOf(local) : []), ...hosts.flatMap(hostTargetsOf)];
    return options.strict && !targets.every(isMet) ? 1 : 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** @param {string} folder @returns {Promise<import("./report.mjs").Results>} */
async function measureLocal(folder) {
  const engine = (await runtimes({ compileCache: options.compileCache, folder })).map((runtime) => ({
    runtime,
    rounds: /** @type {import("./report.mjs").Results["engine"][number]["rounds"]} */ ([]),
  }));
  const template = await makeTemplate(path.join(folder, "template"));
  const place = (/** @type {string} */ name) => ({ folder: path.join(folder, name), template });

  if (options.warmUp) {
    say("Once around, unmeasured: afterwards the files that are read are in memory, and caches are filled.");
    for (const { runtime } of engine) await engineRound(place("unmeasured"), runtime);
  }

  const shell = [];
  const restarts = [];
  for (let run = 1; run <= options.runs; run++) {
    say(`run ${run} of ${options.runs}`);
    for (const { runtime, rounds } of engine) rounds.push(await engineRound(place("engine"), runtime));
    shell.push(await shellRound(place("shell")));
    restarts.push(await restartRound(place("restart")));
  }
  return { engine: engine.map(({ runtime, rounds }) => ({ runtime: runtime.name, rounds })), shell, restarts };
}

/** @param {string} folder @returns {Promise<import("./hostReport.mjs").HostResults[]>} by runtime; none: there are no such hosts here, which is said */
async function measureHosts(folder) {
  const engine = await openEngine().catch((error) => {
    if (!(error instanceof Stop)) throw error;
    say(`NOT MEASURED: the pair over SSH. There are no hosts for it here: ${error.message}`);
  });
  if (!engine) return [];
  try {
    const { bookworm: image } = await hostImages(engine, ["bookworm"]);
    const ansible = options.ansible ? await ansibleReady() : undefined;
    const contenders = CONTENDERS.filter((who) => who !== "ansible" || ansible);
    const all = await runtimes({ compileCache: options.compileCache, folder });
    const results = [];
    // The slowest and the fastest.
    for (const runtime of new Set([all[0], all[all.length - 1]])) {
      const place = (/** @type {string} */ name) => ({ folder: path.join(folder, name), image, engine, runtime });
      if (options.warmUp) {
        say(`Once around over SSH, unmeasured (${runtime.name}).`);
        await hostRound(place("unmeasured"), contenders);
      }
      const rounds = [];
      for (let run = 1; run <= options.runs; run++) {
        say(`run ${run} of ${options.runs}, over SSH (${runtime.name})`);
        const first = run % contenders.length;
        rounds.push(await hostRound(place(`run${run}`), [...contenders.slice(first), ...contenders.slice(0, first)]));
      }
      results.push({
        runtime: runtime.name,
        versions: { "MariaDB of the hosts": rounds[0]?.mariadb ?? "", Ansible: ansible ?? "not measured" },
        rounds,
      });
    }
    return results;
  } finally {
    await engine.close();
  }
}
