import type { Advice } from "../inputs";
import type { Version } from "./version";

/** What is known against releases of MariaDB, from the vendor's release notes. */

/** Long-term series, and the release that is recommended of each. No other series below the newest gets fixes. */
const MAINTAINED: Readonly<Record<string, string>> = {
  "10.11": "10.11.19 or later",
  "11.4": "the newest release of 11.4",
  "11.8": "11.8.9 or later",
  "12.3": "12.3.3 or later",
};

interface Fault {
  readonly issue: string;
  readonly what: string;
  /** The first releases without it. A series that is not there does not have it, or nobody says. */
  readonly fixed: readonly string[];
  /** The first releases with it. @default the first of each series */
  readonly since?: readonly string[];
  /** `danger`: sessions are lost without notice. @default `warning` */
  readonly severity?: "danger";
}

const FAULTS: readonly Fault[] = [
  {
    issue: "MDEV-33465",
    what: "after a crash, transactions are cut off its binary log when semi-sync is on",
    fixed: ["10.6.19", "10.11.9", "11.1.6", "11.2.5", "11.4.3"],
    severity: "danger",
  },
  { issue: "MDEV-36934", what: "a semi-sync source hangs when its replica stops", fixed: ["10.11.14", "11.8.3"] },
  { issue: "MDEV-36959", what: "a deadlock is not rolled back as a whole", fixed: ["10.11.14", "11.8.3"] },
  {
    issue: "MDEV-38216",
    what: "a dump of tables with constraints is not restored, so a node of this release can't be seeded from an older one",
    since: ["11.8.4"],
    fixed: ["11.8.6"],
  },
  { issue: "MDEV-20586", what: "a replica hangs on gtid_slave_pos", fixed: ["10.11.16", "11.8.6"] },
  { issue: "MDEV-37541", what: "a rollback may reach the binary log as a commit", fixed: ["10.11.16", "11.8.6"] },
  {
    issue: "MDEV-37662",
    what: "with a full tmpdir a transaction is logged without its data",
    fixed: ["10.11.16", "11.8.6"],
    severity: "danger",
  },
  { issue: "MDEV-37133", what: "a replica with parallel threads hangs", fixed: ["10.11.17", "11.8.7"] },
  { issue: "MDEV-38776", what: "a replica gives up after 10 tries in vain", fixed: ["10.11.17", "11.8.7"] },
  { issue: "MDEV-38731", what: "a replica writes wrong values", fixed: ["10.11.17", "11.8.7"], severity: "danger" },
  { issue: "MDEV-34135", what: "a replica stands still without an error", fixed: ["10.11.19", "11.8.9"] },
  {
    issue: "MDEV-40298",
    what: "SHOW SLAVE STATUS during STOP SLAVE can crash the server",
    fixed: ["10.11.19", "11.8.9"],
  },
  { issue: "MDEV-40648", what: "an event may be applied twice", fixed: ["10.11.19", "11.8.9"] },
  {
    issue: "MDEV-39788",
    what: "an upgrade to it drops MASTER_USE_GTID of the links",
    since: ["12.3.0"],
    fixed: ["12.3.3"],
  },
];

/** Advice on the release that a node runs: one piece for what loses sessions, one for all the rest. */
export function releaseAdvice(name: string, version: Version): Advice[] {
  const recommended = MAINTAINED[version.series];
  const upgrade = `upgrade to ${recommended ?? `${MAINTAINED["10.11"]}, or to 11.8`}`;
  const advice = (severity: Advice["severity"], text: string, source: string): Advice => ({
    severity,
    where: name,
    about: `MariaDB ${version.number}`,
    text: `${text}; ${upgrade}`,
    source,
  });
  const faults = FAULTS.filter((fault) => hasFault(version, fault));
  const found = (["danger", "warning"] as const).flatMap((severity) => {
    const those = faults.filter((fault) => (fault.severity ?? "warning") === severity);
    if (those.length === 0) return [];
    const issues = those.map(({ issue }) => issue).join(", ");
    return [advice(severity, those.map(({ what }) => what).join("; "), `MariaDB ${issues}`)];
  });
  if (recommended !== undefined || version.atLeast(NEWEST)) return found;
  const tried = version.atLeast("10.5") ? "" : " and was not tried with this library";
  return [...found, advice("warning", `its series gets no fixes any more${tried}`, "MariaDB's maintenance policy")];
}

const NEWEST = "12.3";

const hasFault = (version: Version, { since, fixed }: Fault): boolean =>
  fixed.some((release) => {
    const series = release.replace(/\.\d+$/, "");
    const from = since?.find((one) => one.startsWith(`${series}.`)) ?? series;
    return version.series === series && version.between(from, release);
  });
