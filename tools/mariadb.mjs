// @ts-check
/** Finds MariaDB's server on this machine. */
import { existsSync } from "node:fs";
import path from "node:path";
import { aptInstall, whyNoApt } from "./aptInstall.mjs";
import { Stop } from "./run.mjs";
import { say } from "./say.mjs";

/** What the local servers need; provider/src/hosts/local/files.ts looks in the same places. */
const PROGRAMS = ["mariadbd", "mariadb-install-db"];
const USUAL_PLACES = [
  "/usr/sbin",
  "/usr/bin",
  "/usr/local/sbin",
  "/usr/libexec",
  "/usr/local/mysql/bin",
  "/opt/homebrew/opt/mariadb/bin",
  "/usr/local/opt/mariadb/bin",
];

/** @param {readonly string[]} [places] */
export async function mariadbReady(places = [...(process.env["PATH"] ?? "").split(path.delimiter), ...USUAL_PLACES]) {
  const missing = () => PROGRAMS.filter((name) => !places.some((place) => place && existsSync(path.join(place, name))));
  if (missing().length === 0) return;
  const noApt = whyNoApt();
  if (noApt) {
    throw new Stop(
      `${missing().join(" and ")} of MariaDB's server: neither on PATH nor in the usual places, and not installed from here because ${noApt}.\n` +
        "Install it and start again. Debian, Ubuntu: apt-get install mariadb-server. Fedora, RHEL: dnf install mariadb-server. macOS: brew install mariadb.",
    );
  }
  say(
    "There is no MariaDB server on this machine. Installing mariadb-server with apt-get, which takes about a minute.",
  );
  await aptInstall("mariadb-server");
  if (missing().length > 0)
    throw new Stop(`apt-get installed mariadb-server, but ${missing().join(" and ")} did not come with it.`);
}
