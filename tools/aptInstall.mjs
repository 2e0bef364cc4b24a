// @ts-check
/** Installs packages of Debian or Ubuntu without starting the services in them. */
import { existsSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { run, Stop } from "./run.mjs";
import { say } from "./say.mjs";

/** Debian's own switch: maintainer scripts ask it before they start a service. It has this one place, whatever PATH says. */
const POLICY = "/usr/sbin/policy-rc.d";
const FORMER = `${POLICY}.before-session-store`;
const NO_SERVICES =
  "#!/bin/sh\n# Put here by pulumi-replicated-session-store while it installs packages. Remove it if that was cut off.\nexit 101\n";

/** @returns {string | undefined} why apt-get can't be used; nothing when it can */
export function whyNoApt() {
  if (process.platform !== "linux" || !existsSync("/usr/bin/apt-get")) return "there is no apt-get here";
  if (process.getuid?.() !== 0) return "apt-get needs root";
  return undefined;
}

/** @param {readonly string[]} names */
export async function aptInstall(...names) {
  // What a run that was killed left.
  await allowServices();
  process.on("SIGINT", stopAfterwards).on("SIGTERM", stopAfterwards);
  try {
    await forbidServices();
    await apt(["update"]);
    await apt(["install", "-y", "--no-install-recommends", ...names]);
  } finally {
    await allowServices();
    process.off("SIGINT", stopAfterwards).off("SIGTERM", stopAfterwards);
  }
  if (existsSync("/run/systemd/system")) {
    say(
      `  A service that came with ${names.join(", ")} was not started. It starts at the next boot; "systemctl disable" prevents that.`,
    );
  }
}

/** apt-get ends by itself at Ctrl-C, and then the switch is put back. */
const stopAfterwards = () => say("  Stopping as soon as apt-get has ended.");

async function forbidServices() {
  if (existsSync(POLICY)) await rename(POLICY, FORMER);
  await writeFile(POLICY, NO_SERVICES, { mode: 0o755 });
}

async function allowServices() {
  if (existsSync(FORMER)) await rename(FORMER, POLICY);
  else if ((await readFile(POLICY, "utf8").catch(() => "")) === NO_SERVICES) await rm(POLICY);
}

/** @param {string[]} args */
async function apt(args) {
  say(`  apt-get ${args.join(" ")}`);
  const { code, output } = await run("apt-get", ["-q", "-o", "DPkg::Lock::Timeout=120", ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (code === 0) return;
  const end = output.trimEnd().split("\n").slice(-15).join("\n");
  throw new Stop(
    `apt-get ${args.join(" ")} failed (exit code ${code}):\n${end}\nInstall the package by hand, or put apt-get right, and start again.`,
  );
}
