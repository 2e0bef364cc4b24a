import type { Version } from "../version";

/** MariaDB's privileges as a table: the names they have, where they can be granted, and since when they exist. */

/** What a privilege is given on. */
export type Level = "global" | "database" | "table" | "column" | "routine";

interface Privilege {
  /** The name by which we compare it. */
  readonly name: string;
  /** Other names of it: in other versions, or in the newer vocabulary. */
  readonly aliases?: readonly string[];
  /** Where it can be granted, besides `*.*`. */
  readonly on: readonly Level[];
  readonly since?: string;
  /** What the accounts of the pair get instead before that version. Absent: nothing, since nothing allows the same there. */
  readonly before?: string;
}

export const ALL = "ALL PRIVILEGES";
export const GRANT_OPTION = "GRANT OPTION";

const row = (name: string, on: readonly Level[], more: Partial<Privilege> = {}): Privilege => ({ name, on, ...more });

const TABLE: readonly Level[] = ["database", "table"];
const COLUMN: readonly Level[] = ["database", "table", "column"];
const ROUTINE: readonly Level[] = ["database", "routine"];
const DATABASE: readonly Level[] = ["database"];
/** Before 10.5.2 all that administers was one privilege. */
const FROM_SUPER = { since: "10.5.2", before: "SUPER" };

const PRIVILEGES: readonly Privilege[] = [
  row("SELECT", COLUMN),
  row("INSERT", COLUMN),
  row("UPDATE", COLUMN),
  row("REFERENCES", COLUMN),
  row("DELETE", TABLE),
  row("CREATE", TABLE),
  row("DROP", TABLE),
  row("INDEX", TABLE),
  row("ALTER", TABLE),
  row("CREATE VIEW", TABLE),
  row("SHOW VIEW", TABLE),
  row("TRIGGER", TABLE),
  row("DELETE HISTORY", TABLE, { aliases: ["DELETE VERSIONING ROWS"], since: "10.3.4", before: "DELETE" }),
  row("CREATE TEMPORARY TABLES", DATABASE),
  row("LOCK TABLES", DATABASE),
  row("EVENT", DATABASE),
  row("CREATE ROUTINE", DATABASE),
  row("ALTER ROUTINE", ROUTINE),
  row("EXECUTE", ROUTINE),
  row("SHOW CREATE ROUTINE", ROUTINE, { since: "11.3.0" }),
  row("RELOAD", []),
  row("SHUTDOWN", []),
  row("PROCESS", []),
  row("FILE", []),
  row("SHOW DATABASES", []),
  row("SUPER", []),
  row("CREATE USER", []),
  row("CREATE TABLESPACE", []),
  row("REPLICATION CLIENT", [], { aliases: ["BINLOG MONITOR"] }),
  row("REPLICATION SLAVE", [], { aliases: ["REPLICATION REPLICA"] }),
  row("SLAVE MONITOR", [], { aliases: ["REPLICA MONITOR"], since: "10.5.9", before: "REPLICATION CLIENT" }),
  row("REPLICATION SLAVE ADMIN", [], { aliases: ["REPLICATION REPLICA ADMIN"], ...FROM_SUPER }),
  row("REPLICATION MASTER ADMIN", [], FROM_SUPER),
  row("BINLOG ADMIN", [], FROM_SUPER),
  row("BINLOG REPLAY", [], FROM_SUPER),
  row("CONNECTION ADMIN", [], FROM_SUPER),
  row("FEDERATED ADMIN", [], FROM_SUPER),
  row("READ_ONLY ADMIN", [], { aliases: ["READ ONLY ADMIN"], ...FROM_SUPER }),
  row("SET USER", [], FROM_SUPER),
];

const BY_NAME = new Map(
  PRIVILEGES.flatMap((privilege) => [privilege.name, ...(privilege.aliases ?? [])].map((name) => [name, privilege])),
);

/** The name by which we compare a privilege. One that we don't know keeps its name: a newer server may have it. */
export function canonical(name: string): string {
  const upper = name.toUpperCase();
  return upper === "ALL" ? ALL : (BY_NAME.get(upper)?.name ?? upper);
}

export const isKnown = (name: string): boolean =>
  [ALL, GRANT_OPTION, "USAGE"].includes(canonical(name)) || BY_NAME.has(name.toUpperCase());

export function canBeGrantedOn(name: string, level: Level): boolean {
  if (canonical(name) === "USAGE" || level === "global") return true;
  if (canonical(name) === ALL) return level !== "column";
  return BY_NAME.get(name.toUpperCase())?.on.includes(level) ?? false;
}

/** All that `ALL PRIVILEGES` stands for on a server of this version. */
export function allOn(level: Level, version: Version): string[] {
  return PRIVILEGES.filter(({ on }) => level === "global" || on.includes(level))
    .filter(({ since }) => !since || version.atLeast(since))
    .map(({ name }) => name);
}

/** The privileges that a server of this version needs for what the wanted one is meant to allow. */
export function meaning(wanted: string, level: Level, version: Version): string[] {
  if (wanted === "USAGE") return [];
  // An upgrade from before 11.3 leaves accounts that had all privileges without this one; nothing of the session store needs it.
  if (wanted === ALL) return allOn(level, version).filter((name) => name !== "SHOW CREATE ROUTINE");
  // From 11.0.1 on SUPER alone neither purges nor lists binary logs, which is what the recipe gives it for.
  if (wanted === "SUPER" && version.has("SUPER without binary logs"))
    return ["SUPER", "BINLOG ADMIN", "REPLICATION CLIENT"];
  if (!missingOn(version, wanted)) return [wanted];
  const { before } = BY_NAME.get(wanted) ?? {};
  return before ? meaning(before, level, version) : [];
}

/** The version that brought a privilege, where a server of this one does not have it yet. */
export function missingOn(version: Version, name: string): string | undefined {
  const { since } = BY_NAME.get(name.toUpperCase()) ?? {};
  return since && !version.atLeast(since) ? since : undefined;
}

/** What an upgrade adds to an account that has the wanted privilege, so that it can still do what it could before. */
export function addedByUpgrades(wanted: string): readonly string[] {
  switch (wanted) {
    case ALL:
      return ["SHOW CREATE ROUTINE"];
    case "SUPER":
      return [
        ...PRIVILEGES.filter(({ before }) => before === "SUPER").map(({ name }) => name),
        "REPLICATION CLIENT",
        "SLAVE MONITOR",
      ];
    case "REPLICATION SLAVE":
      return ["SLAVE MONITOR", "REPLICATION MASTER ADMIN"];
    case "REPLICATION CLIENT":
      return ["SLAVE MONITOR"];
    default:
      return [];
  }
}
