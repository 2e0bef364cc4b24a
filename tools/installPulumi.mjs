// @ts-check
/** Installs the pulumi CLI with the vendor's own installer. */
import { rm } from "node:fs/promises";
import path from "node:path";
import { run } from "./run.mjs";
import { say } from "./say.mjs";

const INSTALLER = "https://get.pulumi.com/install.sh";
/** A machine that cannot reach the vendor learns so fast; some drop packets instead of refusing. */
const SECONDS_TO_ANSWER = 20;
const SECONDS_TO_DOWNLOAD = 300;

/**
 * Nothing outside the folder is touched: neither the home folder nor PATH.
 * @param {string} version
 * @param {string} folder the programs are in its `bin` afterwards
 * @returns {Promise<string | undefined>} why it did not work; nothing when it did
 */
export async function installPulumi(version, folder) {
  say(
    `There is no pulumi CLI on PATH. Getting ${version} with Pulumi's own installer (at most ${SECONDS_TO_ANSWER} s to reach it).`,
  );
  const script = path.join(folder, "install.sh");
  const limits = ["--connect-timeout", "10", "--max-time", String(SECONDS_TO_ANSWER)];
  const download = await run("curl", ["-fsSL", ...limits, "-o", script, INSTALLER]);
  if (download.code !== 0) return `${INSTALLER} was not reached (${lastLine(download.output)})`;

  const args = [script, "--version", version, "--install-root", folder, "--no-edit-path"];
  const install = await run("sh", args, { cwd: folder, deadline: SECONDS_TO_DOWNLOAD * 1000 });
  await rm(script);
  if (install.code === 124) return `Pulumi's installer did not end within ${SECONDS_TO_DOWNLOAD} s`;
  if (install.code !== 0) return `Pulumi's installer failed (${lastLine(install.output)})`;
  return undefined;
}

/** @param {string} text */
const lastLine = (text) => text.trim().split("\n").at(-1) ?? "";
