// @ts-check
/** `npm run bench:seeding`: a lost node's rows copied by the library, beside `mariadb-dump | mariadb` by hand; and what memory that takes. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Command } from "commander";
import { buildLibrary } from "../tools/library.mjs";
import { mariadbReady } from "../tools/mariadb.mjs";
import { installPackages } from "../tools/packages.mjs";
import { repository } from "../tools/places.mjs";
import { main, run, Stop } from "../tools/run.mjs";
import { say } from "../tools/say.mjs";
import { machineFacts } from "./machine.mjs";
import { wholeNumber } from "./options.mjs";
import { seedingReport } from "./seedingReport.mjs";
import { emptyServers, makeTemplate, removeServers, restartBoth } from "./servers.mjs";

const DATABASE = "replicated_session_store";
/** Rows that one statement makes. A session has two attributes, so a third of all rows are sessions. */
const BATCH = 30_000;

const options = new Command("npm run bench:seeding --")
  .option("--rows <number>", "how many rows are copied", wholeNumber, 1_000_000)
  .option("--few <number>", "how many for the comparison of memory", wholeNumber, 10_000)
  .option("--runs <number>", "how often each is measured", wholeNumber, 3)
  .option(
    "--strict",
    "end with 1 when the library has less than 0.9 of the speed, or takes 20 MB more for many rows than for few",
  )
  .option("--out <file>", "where the table goes", path.join(repository, "bench", "SEEDING.md"))
  .parse()
  .opts();

await main(async () => {
  await installPackages();
  await buildLibrary();
  await mariadbReady();
  const folder = await mkdtemp(path.join(tmpdir(), "session-store-bench-"));
  const template = await makeTemplate(path.join(folder, "template"));
  const pair = await emptyServers(template, path.join(folder, "pair"));
  try {
    const machine = await machineFacts(process.env);
    /** @type {import("./seedingReport.mjs").Measured} */
    const measured = { rows: options.rows, few: options.few, library: [], byHand: [], memoryFew: [], memory: [] };
    await restartBoth(pair, async (number) => `[mariadbd]\nlog-bin\nserver_id=${number}\ngtid_domain_id=${number}\n`);
    await fill(pair.db1.directory, options.few);
    for (let index = 0; index < options.runs; index++) measured.memoryFew.push((await byLibrary(pair)).megabytes);
    await fill(pair.db1.directory, options.rows);
    for (let index = 0; index < options.runs; index++) {
      // In turns, so that what else the machine does meets both.
      const own = await byLibrary(pair);
      measured.library.push(own.seconds);
      measured.memory.push(own.megabytes);
      measured.byHand.push(await byHand(pair));
      say(`run ${index + 1}: ${own.seconds.toFixed(1)} s, by hand ${measured.byHand.at(-1)?.toFixed(1)} s`);
    }
    const { text, isKept } = seedingReport(measured, machine);
    await writeFile(options.out, text);
    process.stdout.write(text);
    return options.strict && !isKept ? 1 : 0;
  } finally {
    await removeServers(pair);
    await rm(folder, { recursive: true, force: true });
  }
});

/** Makes the tables again, with this many rows in all. @param {string} directory @param {number} rows */
async function fill(directory, rows) {
  say(`Making ${rows} rows.`);
  const sessions = Math.ceil(rows / 3);
  const statements = [
    `DROP DATABASE IF EXISTS ${DATABASE}; CREATE DATABASE ${DATABASE} CHARACTER SET utf8mb4; USE ${DATABASE}`,
    "CREATE TABLE session (id VARCHAR(64) PRIMARY KEY, data VARCHAR(200)) ENGINE=InnoDB",
    `CREATE TABLE session_attribute (session_id VARCHAR(64), name VARCHAR(32), value BLOB, changed TIMESTAMP(3) NULL,
       PRIMARY KEY (session_id, name)) ENGINE=InnoDB`,
  ];
  for (let from = 1; from <= sessions; from += BATCH) {
    const numbers = `seq_${from}_to_${Math.min(sessions, from + BATCH - 1)}`;
    statements.push(
      `INSERT INTO session SELECT MD5(seq), CONCAT(seq, ' a session of a user ', REPEAT('x', 100)) FROM ${numbers}`,
      `INSERT INTO session_attribute SELECT MD5(seq), name, UNHEX(REPEAT(MD5(seq), 4)), FROM_UNIXTIME(1700000000 + seq)
         FROM ${numbers}, (SELECT 'user' AS name UNION SELECT 'roles') AS names`,
    );
  }
  await command("mariadb", ["--no-defaults", `--socket=${directory}/mariadb.sock`, "-e", statements.join(";")]);
}

/** @param {import("./servers.mjs").Pair} pair @returns {Promise<{ seconds: number, megabytes: number }>} */
async function byLibrary({ db1, db2 }) {
  const script = path.join(repository, "bench", "copyOnce.mjs");
  const { code, stdout, output } = await run(process.execPath, [script, db1.directory, db2.directory, DATABASE]);
  if (code !== 0) throw new Stop(`the library's copy failed:\n${output}`);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
}

/** @param {import("./servers.mjs").Pair} pair @returns {Promise<number>} seconds */
async function byHand({ db1, db2 }) {
  const began = performance.now();
  await command("bash", [path.join(repository, "bench", "shell", "seed.sh"), db1.directory, db2.directory, DATABASE]);
  return (performance.now() - began) / 1000;
}

/** @param {string} program @param {string[]} args */
async function command(program, args) {
  const { code, output } = await run(program, args);
  if (code !== 0) throw new Stop(`${program} failed:\n${output}`);
}
