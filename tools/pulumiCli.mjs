// @ts-check
/** Finds the pulumi CLI of this machine, or gets one. */
import { existsSync, realpathSync } from "node:fs";
import { copyFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { buildPulumi, whyNoBuild } from "./buildPulumi.mjs";
import { installPulumi } from "./installPulumi.mjs";
import { cacheFolder, repository } from "./places.mjs";
import { run, Stop } from "./run.mjs";
import { say } from "./say.mjs";
import { inUnfinishedFolder } from "./unfinished.mjs";

/** Older CLIs show drift without saying which property drifted. */
const OLDEST = [3, 216];
/** The one we get when there is none. */
const VERSION = "3.259.0";
/** What a TypeScript program with dynamic resources needs beside it. Pulumi's own releases have both. */
const LANGUAGE_HOST = "pulumi-language-nodejs";
const DYNAMIC_RESOURCES = "pulumi-resource-pulumi-nodejs";
const INSTRUCTIONS = "https://www.pulumi.com/docs/install/";

/** @returns {Promise<string>} the folder that holds `pulumi` with its language host */
export async function pulumiFolder() {
  const folder = path.join(cacheFolder, `pulumi-${VERSION}`);
  return (await findOnPath()) ?? (complete(folder) ? path.join(folder, "bin") : get(folder));
}

/**
 * @param {string} [searchPath]
 * @returns {Promise<string | undefined>} the folder of the first CLI on PATH that serves
 */
export async function findOnPath(searchPath = process.env["PATH"] ?? "") {
  const folders = searchPath.split(path.delimiter).filter(Boolean);
  for (const folder of folders.filter((candidate) => existsSync(path.join(candidate, "pulumi")))) {
    const program = path.join(folder, "pulumi");
    const { stdout } = await run(program, ["version"], {
      deadline: 20_000,
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
    });
    const found = /^v?(\d+)\.(\d+)/.exec(stdout.trim())?.slice(1).map(Number) ?? [0, 0];
    const newEnough = found[0] === OLDEST[0] && found[1] >= OLDEST[1];
    const near = [...folders, path.dirname(realpathSync(program))];
    const missing = [LANGUAGE_HOST, DYNAMIC_RESOURCES].filter(
      (name) => !near.some((place) => existsSync(path.join(place, name))),
    );
    if (newEnough && missing.length === 0) return folder;
    const reason = newEnough
      ? `it came without ${missing.join(" and ")}`
      : `it is not a version 3 from ${OLDEST.join(".")} on`;
    say(`${program} is not used: ${reason}.`);
  }
  return undefined;
}

/** @param {string} folder */
const complete = (folder) =>
  ["pulumi", LANGUAGE_HOST, DYNAMIC_RESOURCES].every((name) => existsSync(path.join(folder, "bin", name)));

/**
 * Gets the CLI beside its place; only a whole one is moved there, so that one cut short is never taken for ready.
 * @param {string} folder
 */
const get = (folder) =>
  inUnfinishedFolder(async (unfinished) => {
    const noInstall = await installPulumi(VERSION, unfinished);
    if (noInstall) {
      say(`  not that way: ${noInstall}`);
      const noBuild = await whyNoBuild();
      if (noBuild) {
        throw new Stop(
          `There is no pulumi CLI on this machine, and no way to get one: ${noInstall}; ${noBuild}.\n` +
            `Install pulumi ${OLDEST.join(".")} or newer (${INSTRUCTIONS}), or Go 1.25 or newer (https://go.dev/dl/), and start again.`,
        );
      }
      await buildPulumi(VERSION, unfinished);
      // A script that Pulumi's npm package brings along.
      const script = path.join(repository, "node_modules", "@pulumi", "pulumi", DYNAMIC_RESOURCES);
      await copyFile(script, path.join(unfinished, "bin", DYNAMIC_RESOURCES));
    }
    if (!complete(unfinished))
      throw new Stop(`The pulumi CLI came without ${LANGUAGE_HOST}. Install it by hand: ${INSTRUCTIONS}`);
    // Another run may have been faster: its result is as good.
    if (!complete(folder)) {
      await rm(folder, { recursive: true, force: true });
      await rename(unfinished, folder);
    }
    return path.join(folder, "bin");
  });
