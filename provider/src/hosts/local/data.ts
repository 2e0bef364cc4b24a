import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { recorded } from "../../record/recorder";
import { errorLines } from "../errorLog";
import { recordedFile, recordedRemoval } from "../recorded";
import {
  baseText,
  findTool,
  isOurs,
  type LocalServerPlace,
  localUser,
  paths,
  unfinishedName,
  writeWhole,
} from "./files";
import { findProcess, stop } from "./server";

/** The data directory of a private server on this machine: how it is made and removed. */

/** Makes data directory and option file. Data that is there is kept, also that of an attempt that was cut off after it was made. */
export async function initialise(place: LocalServerPlace): Promise<void> {
  const { baseFile, includeFolder, data, accounts, temporary } = paths(place.directory);
  await fs.mkdir(place.directory, { recursive: true, mode: 0o700 });
  // What stands there when we were cut off while we wrote our first file.
  const begun = path.basename(unfinishedName(baseFile));
  if (!(await isOurs(place.directory)) && (await fs.readdir(place.directory)).some((name) => name !== begun)) {
    throw new Error(
      `${place.directory} is not empty and was not made by LocalMariaDb. Nothing was touched. Name another "directory", or empty it.`,
    );
  }
  const base = { host: place.directory, path: baseFile, text: baseText(place), mode: 0o600 };
  await recordedFile(base, () => writeWhole(base.path, base.text, base.mode));
  await fs.mkdir(includeFolder, { recursive: true, mode: 0o700 });
  await fs.mkdir(temporary, { recursive: true, mode: 0o700 });
  if (existsSync(accounts)) return;
  await refuseOtherData(data);
  const pid = await findProcess(place.directory);
  if (pid !== undefined) {
    throw new Error(
      `the data directory ${data} was removed while its server runs (process ${pid}). That goes on with files that nobody sees any more; ` +
        `nothing was touched. Save what it alone has, if anything; end it (kill -9 ${pid}), then run \`pulumi up\`, which makes it anew.`,
    );
  }

  const unfinished = unfinishedName(data);
  // An installation whose run was cut off may still be writing there.
  await fs.rm(unfinished, { recursive: true, force: true, maxRetries: 10 });
  // The script can't take a path with blanks in it: it gets one without.
  const detour = await fs.mkdtemp(path.join(os.tmpdir(), "session-store-"));
  const link = path.join(detour, "server");
  await fs.symlink(place.directory, link);
  const command = [
    "mariadb-install-db",
    "--no-defaults",
    `--datadir=${path.join(link, path.basename(unfinished))}`,
    `--tmpdir=${path.join(link, path.basename(temporary))}`,
    `--user=${localUser()}`,
    "--auth-root-authentication-method=socket",
    `--auth-root-socket-user=${localUser()}`,
    "--skip-test-db",
    // A machine whose own name does not resolve is no reason to have no database.
    "--force",
  ];
  try {
    await recorded(
      () => ({ event: "command", host: place.directory, command }),
      () => runTool(command),
    );
  } catch (error) {
    throw new Error(`the data of a server in ${place.directory} can't be made: ${errorLines(errorText(error))}`);
  } finally {
    await fs.rm(detour, { recursive: true });
  }
  // An empty one may stand there: a new disk's mount point, or what was left after somebody emptied it.
  if (existsSync(data)) await fs.rmdir(data);
  await fs.rename(unfinished, data);
}

/** What has no accounts in it is no server's data. */
async function refuseOtherData(data: string): Promise<void> {
  if (!existsSync(data) || (await fs.readdir(data)).length === 0) return;
  throw new Error(
    `${data} has files in it, but not those without which no server starts (the folder "mysql"). Nothing was touched. Save what matters of it and move it ` +
      "away, then run `pulumi up` again, which makes new data.",
  );
}

/** Refuses to remove data with tables in them, whether a server runs on them or not. */
export async function refuseToRemoveTables(directory: string): Promise<void> {
  const tables = await usersTables(paths(directory).data);
  if (tables.length === 0) return;
  throw new Error(
    `${directory} holds tables (${tables.join(", ")}), so it is not removed without \`forceDestroy\`; its server was not touched. To remove it with ` +
      "all that it holds, set `forceDestroy: true`, run `pulumi up`, then the same command again. To keep the server and only forget it: `pulumi state delete` " +
      "with the URN of this LocalMariaDb",
  );
}

/** Tables that users have made, by the files of their definitions: MariaDB's own databases and our notes don't count. */
async function usersTables(data: string): Promise<string[]> {
  const folders = await fs.readdir(data, { withFileTypes: true }).catch(() => []);
  const found = folders
    .filter((folder) => folder.isDirectory() && !OWN.test(folder.name))
    .map(async ({ name }) => {
      const definitions = (await fs.readdir(path.join(data, name))).filter((file) => file.endsWith(".frm"));
      return definitions.map((file) => `${name}.${path.parse(file).name}`);
    });
  return (await Promise.all(found)).flat().sort();
}

const OWN = /^(mysql|sys|performance_schema|#.*|session_store_(register|closed|seeding|copy))$/;

/** Removes the directory with the data in it. Refuses one that we didn't make. */
export async function remove(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  if (!(await isOurs(directory))) {
    throw new Error(
      `${directory} was not made by LocalMariaDb (its my.cnf is not ours), so it is not removed. Remove it by hand.`,
    );
  }
  await recorded(
    () => ({ event: "stop service", host: directory }),
    () => stop(directory, true),
  );
  await recordedRemoval(directory, directory, async () => {
    // Data first and the mark of ownership with the rest: a removal that was cut off can be taken up again.
    await fs.rm(paths(directory).data, { recursive: true, force: true });
    await fs.rm(directory, { recursive: true, force: true });
  });
}

async function runTool([name = "", ...args]: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(findTool(name), args, { maxBuffer: 1 << 24 });
  return stdout;
}

/** What a program said before it failed; MariaDB's scripts say it on either stream. */
function errorText(error: unknown): string {
  const { stderr = "", stdout = "", message } = error as { stderr?: string; stdout?: string; message: string };
  return `${stdout}\n${stderr}`.trim() || message;
}
