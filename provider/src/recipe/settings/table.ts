import { posix } from "node:path";
import { type ByProfile, inProfile, type Profile } from "../names";
import { unfitness } from "../schema/engines";
import type { Version } from "../version";
import { isLogPath, type NumberKind, type SettingKind, type SettingValue } from "./values";

/** What the values of one node follow from. */
export interface NodeFacts {
  /** 1 or 2: the place of this node in the pair. */
  readonly nodeNumber: number;
  /** Address on which the server listens. */
  readonly bindAddress: string;
  /** `database.table` patterns of what is replicated, as `replicate_wild_do_table` takes them. */
  readonly patterns: readonly string[];
  /** Paths of its certificates. Absent: it has no certificate from us. */
  readonly tls?: { readonly ca: string; readonly certificate: string } | undefined;
}

/** How a change of the running value takes effect. Everything but `restart` is done with SET GLOBAL. */
export type Effect = "at once" | "new sessions" | "replica threads stopped" | "replica IO thread restarted" | "restart";

/** Values follow from the node. */
export interface Setting extends ByProfile<(node: NodeFacts) => SettingValue | undefined> {
  /** Name in the option file, with underscores. */
  readonly option: string;
  readonly kind: SettingKind;
  readonly takesEffect: Effect;
  /** The server variable that shows the running value of what is wanted. Absent: named like the option. */
  readonly variable?: (version: Version, wanted?: SettingValue) => string;
  /** Makes of the variable's text the option's value. Two values that a start tells apart must not read back as one. */
  readonly readBack?: (text: string, other: (variable: string) => string) => string;
  /** What a server has without it, where it does not say so itself. */
  readonly byDefault?: string;
  /** The first version that knows the option. It is written so that older servers ignore it. */
  readonly since?: string;
  /** Why a value would break the pair; undefined when it doesn't. */
  readonly refuses?: (value: string) => string | undefined;
  /** True: the two nodes must differ in it. */
  readonly differs?: true;
  /** True: with another value a start begins another binary log, which counts its GTIDs from the beginning. */
  readonly placesLog?: true;
  /** The option whose value it must not exceed, because MariaDB ignores it then. */
  readonly atMost?: string;
  /** What a pair runs with, though its file does not say so: any other value is drift, and so is a line of another file that gives one. */
  readonly only?: SettingValue;
  /** True: with another value than `only`, rows stay on one node though their GTIDs arrive on both. */
  readonly isFilter?: true;
  /** The input of the node from which it follows, and beside which it can't be given. */
  readonly of?: "tls";
  /** What a linked pair is told after its running value was another, with the peer's name. */
  readonly afterChange?: (peer: string) => string;
  /** Stands as a comment above the line. */
  readonly why: string;
  /** What the recipe's value costs, said as advice when it runs with another than the better one. */
  readonly risk?: string;
  /** `danger`: sessions can be lost without notice then. @default `warning` */
  readonly severity?: "danger";
  readonly source: string;
}

const RECIPE = "recipe step 6";
const ON_OFF: SettingKind = { is: "boolean" };
/** What servers take: a foreign line with less or more counts as this. What the pair takes less of, `refuses` says. */
const number = (min: number, max?: number): NumberKind => ({
  is: "number",
  min,
  ...(max === undefined ? {} : { max }),
});
/** In the server's order: option files may give the number. */
const choice = (...of: string[]): SettingKind => ({ is: "choice", of });
const only =
  (wanted: string, because: string) =>
  (value: string): string | undefined =>
    value === wanted ? undefined : `only ${wanted} is possible here: ${because}`;

const PATTERNS: SettingKind = { is: "patterns" };

/** A filter besides the pair's own: GTIDs arrive all the same, so replication looks healthy. */
const filter = (option: string, takesEffect: Effect, why: string): Setting => ({
  option,
  kind: PATTERNS,
  only: [],
  takesEffect,
  isFilter: true,
  refuses: () => 'keeps rows from the other node; what is replicated, "databases" and "tables" say',
  afterChange: (peer) =>
    `rows that it kept back meanwhile are on one node only, here or on ${peer}. Compare the tables of both nodes, and copy by hand what is missing.`,
  why,
  source: "MariaDB: Replication Filters",
});

/** With another value proxies can't write here, while replication looks healthy. */
const writable = (option: string, takesEffect: Effect, because: string, why: string, value = "OFF"): Setting => ({
  option,
  kind: ON_OFF,
  only: value,
  takesEffect,
  refuses: () => `is ${value} on both nodes without being said: ${because}`,
  why,
  source: "the pair",
});

/** Why a pair can't have its binary log in tables of InnoDB, as MariaDB 12.3 offers it. */
export const LOG_IN_INNODB =
  "a binary log in InnoDB excludes semi-sync (error 4248), a name of the log, and sync_binlog: acknowledged sessions would be on one node only. Keep it in files";

/** Everything this library knows of settings. File text, SET GLOBAL, drift, restarts, advice and documentation come from here. */
export const SETTINGS: readonly Setting[] = [
  {
    option: "log_bin",
    kind: { is: "log" },
    vendor: () => "ON",
    takesEffect: "restart",
    variable: (_version, wanted) => (isLogPath(wanted) ? "log_bin_basename" : "log_bin"),
    refuses: (value) =>
      value === "OFF" ? "only ON is possible here: the peer replicates from the binary log" : undefined,
    placesLog: true,
    afterChange: (peer) =>
      `its binary log was off: what was written here meanwhile is on this node only, and does not reach ${peer}. ` +
      "Compare the tables of both nodes, and copy by hand what is missing there.",
    why: "Enabling the binary log",
    source: RECIPE,
  },
  {
    option: "server_id",
    kind: number(1, 4294967295),
    vendor: (node) => String(node.nodeNumber),
    takesEffect: "restart",
    differs: true,
    why: "The ID of this master",
    source: RECIPE,
  },
  {
    option: "gtid_domain_id",
    kind: number(0, 4294967295),
    vendor: (node) => String(node.nodeNumber),
    takesEffect: "new sessions",
    differs: true,
    why: "The ID of the replication stream created by this master",
    source: RECIPE,
  },
  {
    option: "log_basename",
    kind: { is: "text" },
    vendor: () => "mariadbmaster",
    takesEffect: "restart",
    variable: () => "log_bin_basename",
    // It names the log's files and their index, both in the data directory. What lies elsewhere has no such name.
    readBack: (path, other) => {
      const name = path.split("/").pop()?.replace(/-bin$/, "") ?? "";
      const isNamed =
        path === posix.join(other("datadir"), `${name}-bin`) && other("log_bin_index") === `${path}.index`;
      return isNamed ? name : path;
    },
    refuses: (value) =>
      /^[\w-]+$/.test(value) ? undefined : "a file name without a path, and without a dot, is needed",
    placesLog: true,
    why: "The basename of the binary log",
    source: RECIPE,
  },
  {
    option: "log_bin_index",
    kind: { is: "log" },
    takesEffect: "restart",
    placesLog: true,
    why: "The list of the binary log's files",
    source: "MariaDB: Replication and Binary Log System Variables",
  },
  {
    option: "binlog_format",
    kind: choice("MIXED", "STATEMENT", "ROW"),
    vendor: () => "MIXED",
    takesEffect: "new sessions",
    refuses: (value) =>
      value === "STATEMENT" ? "writes under READ-COMMITTED would fail with error 1665; use MIXED or ROW" : undefined,
    why: "The format of the binary log",
    source: RECIPE,
  },
  {
    option: "flashback",
    kind: ON_OFF,
    only: "OFF",
    takesEffect: "restart",
    refuses: () => "sets binlog_format=ROW at each start, whatever is said of that; give binlog_format",
    why: "Whether the binary log can be turned back",
    source: "MariaDB: mariadbd Options",
  },
  {
    option: "replicate_wild_do_table",
    kind: PATTERNS,
    vendor: (node) => node.patterns,
    takesEffect: "replica threads stopped",
    why: "Setting which tables are replicated",
    source: RECIPE,
  },
  filter("replicate_do_db", "replica threads stopped", "Takes only these databases from the peer"),
  filter("replicate_ignore_db", "replica threads stopped", "Takes all but these databases from the peer"),
  filter("replicate_do_table", "replica threads stopped", "Takes these tables from the peer too"),
  filter("replicate_ignore_table", "replica threads stopped", "Takes all but these tables from the peer"),
  filter("replicate_wild_ignore_table", "replica threads stopped", "Takes all but tables of these names from the peer"),
  filter("replicate_rewrite_db", "replica threads stopped", "Writes what comes from the peer to another database"),
  {
    ...filter(
      "replicate_events_marked_for_skip",
      "replica threads stopped",
      "Whether what a session marks for that stays on its node",
    ),
    kind: choice("REPLICATE", "FILTER_ON_SLAVE", "FILTER_ON_MASTER"),
    only: "REPLICATE",
  },
  filter("binlog_do_db", "restart", "Logs only what is written to these databases"),
  filter("binlog_ignore_db", "restart", "Logs all but what is written to these databases"),
  {
    option: "auto_increment_increment",
    kind: number(1, 65535),
    vendor: () => "2",
    takesEffect: "new sessions",
    refuses: (value) =>
      value === "1" ? "1 is below the smallest value, 2: both nodes would give the same IDs" : undefined,
    why: "Avoiding collisions of auto-incremented primary IDs: step",
    source: RECIPE,
  },
  {
    option: "auto_increment_offset",
    kind: number(1, 65535),
    vendor: (node) => String(node.nodeNumber),
    takesEffect: "new sessions",
    differs: true,
    atMost: "auto_increment_increment",
    why: "Avoiding collisions of auto-incremented primary IDs: start",
    source: RECIPE,
  },
  {
    option: "slave_exec_mode",
    kind: choice("STRICT", "IDEMPOTENT"),
    vendor: () => "IDEMPOTENT",
    takesEffect: "at once",
    refuses: only(
      "IDEMPOTENT",
      "with STRICT the first row that both nodes wrote stops replication (errors 1032, 1062)",
    ),
    why: "Suppressing duplicated keys errors for multi-master setup",
    source: RECIPE,
  },
  {
    option: "slave_skip_errors",
    kind: { is: "set" },
    vendor: () => "1452,1062",
    takesEffect: "restart",
    // `all` reads back as the list of all errors.
    readBack: (list) => (/^0,1,2,3,/.test(list) ? "all" : list),
    why: "Ignoring rows without their parent row, and duplicate keys",
    source: RECIPE,
  },
  {
    option: "expire_logs_days",
    kind: { is: "number", min: 0, max: 99, isDecimal: true },
    vendor: () => "1",
    takesEffect: "at once",
    why: "Removing binary logs after so many days; a peer that is down for longer must be seeded anew",
    source: RECIPE,
  },
  {
    option: "binlog_storage_engine",
    kind: { is: "name" },
    only: "",
    takesEffect: "restart",
    refuses: () => LOG_IN_INNODB,
    why: "Where the binary log is kept; empty: in files",
    source: "MariaDB: InnoDB-based Binary Log",
  },
  {
    option: "binlog_expire_logs_seconds",
    kind: number(0, 8553600),
    takesEffect: "at once",
    refuses: () =>
      "is expire_logs_days in another unit, and would be at odds with it; give expire_logs_days, such as 0.5",
    why: "The same as expire_logs_days, from MariaDB 10.6 on",
    source: "MariaDB: Replication and Binary Log System Variables",
  },
  {
    option: "slave_connections_needed_for_purge",
    kind: number(0),
    vendor: () => "0",
    takesEffect: "at once",
    since: "11.4.1",
    why: "Removing them regardless of the replication status, as the recipe says",
    source: "recipe step 6; the server's default changed with MariaDB 11.4",
  },
  {
    option: "max_connections",
    kind: number(10, 100000),
    vendor: () => "1000",
    takesEffect: "at once",
    why: "Maximum number of connections",
    source: RECIPE,
  },
  {
    option: "max_binlog_size",
    kind: { ...number(4096, 1073741824), step: 4096 },
    vendor: () => "500M",
    takesEffect: "at once",
    why: "Size of each of the binary log files (default: 1GB)",
    source: RECIPE,
  },
  {
    option: "slave_parallel_threads",
    kind: number(0, 16383),
    vendor: () => "10",
    takesEffect: "replica threads stopped",
    why: "Enabling writing to the DB in parallel threads for the replication",
    source: RECIPE,
  },
  {
    option: "rpl_semi_sync_master_enabled",
    kind: ON_OFF,
    vendor: () => "ON",
    takesEffect: "at once",
    risk: "sessions are acknowledged before a second copy exists, and are lost with this node",
    severity: "danger",
    why: "Enabling semi-synchronous replication, as source",
    source: RECIPE,
  },
  {
    option: "rpl_semi_sync_slave_enabled",
    kind: ON_OFF,
    vendor: () => "ON",
    takesEffect: "replica IO thread restarted",
    risk: "this node acknowledges nothing, so the peer gives up the second copy of its sessions",
    severity: "danger",
    why: "Enabling semi-synchronous replication, as replica",
    source: RECIPE,
  },
  {
    option: "transaction_isolation",
    kind: choice("READ-UNCOMMITTED", "READ-COMMITTED", "REPEATABLE-READ", "SERIALIZABLE"),
    vendor: () => "READ-COMMITTED",
    takesEffect: "new sessions",
    variable: (version) => (version.has("transaction_isolation") ? "transaction_isolation" : "tx_isolation"),
    why: "READ COMMITTED: no gap locks, and rows in the binary log",
    source: RECIPE,
  },
  {
    option: "innodb_deadlock_detect",
    kind: ON_OFF,
    vendor: () => "OFF",
    takesEffect: "at once",
    why: "Makes sure that replication does not stop after a deadlock; two clients then wait innodb_lock_wait_timeout",
    source: RECIPE,
  },
  {
    option: "default_time_zone",
    kind: { is: "name" },
    takesEffect: "new sessions",
    variable: () => "time_zone",
    byDefault: "SYSTEM",
    refuses: (zone) =>
      /^[+-]\d:|^-00?:00$/.test(zone) ? 'an offset has two digits for the hours, such as "+01:00"' : undefined,
    why: "The time zone of sessions that name none",
    source: "MariaDB: Time Zones",
  },
  {
    option: "open_files_limit",
    kind: number(0),
    takesEffect: "restart",
    refuses: () =>
      "a server raises or lowers it by what its system allows and its other settings need, so that no value could be kept; set the limit of its service, such as systemd's LimitNOFILE",
    why: "How many files the server may have open",
    source: "MariaDB: Server System Variables",
  },
  {
    option: "bind_address",
    kind: { is: "address" },
    vendor: (node) => node.bindAddress,
    takesEffect: "restart",
    why: "The address the peer and the proxies reach; Debian's own files say 127.0.0.1",
    source: "needed for the recipe to work",
  },
  {
    option: "ssl_ca",
    kind: { is: "text" },
    vendor: (node) => node.tls?.ca,
    takesEffect: "restart",
    of: "tls",
    why: "Whose certificates are trusted",
    source: "the node's `tls`",
  },
  {
    option: "ssl_cert",
    kind: { is: "text" },
    vendor: (node) => node.tls?.certificate,
    takesEffect: "restart",
    of: "tls",
    why: "With what this server proves itself",
    source: "the node's `tls`",
  },
  {
    option: "ssl_key",
    kind: { is: "text" },
    vendor: (node) => node.tls?.certificate,
    takesEffect: "restart",
    of: "tls",
    why: "The key that belongs to it, in the same file",
    source: "the node's `tls`",
  },
  {
    option: "ssl",
    kind: ON_OFF,
    vendor: (node) => node.tls && "ON",
    takesEffect: "restart",
    of: "tls",
    variable: () => "have_ssl",
    readBack: (text) => (text === "YES" ? "ON" : "OFF"),
    why: "Connections may use TLS, unless a later line says skip_ssl",
    source: "the node's `tls`",
  },
  {
    option: "sync_binlog",
    kind: number(0),
    hardened: () => "1",
    takesEffect: "at once",
    risk: "after a power cut the binary log may have lost its end: rows missing on the peer, with a healthy link",
    why: "The binary log survives a power cut",
    source: "measured; MariaDB: Replication and Binary Log System Variables",
  },
  {
    option: "rpl_semi_sync_master_wait_point",
    kind: choice("AFTER_SYNC", "AFTER_COMMIT"),
    hardened: () => "AFTER_SYNC",
    takesEffect: "at once",
    risk: "other clients see a session before its second copy exists; it can vanish when this node is lost",
    why: "No session is seen before its second copy exists",
    source: "measured; MariaDB: Semisynchronous Replication",
  },
  {
    option: "rpl_semi_sync_master_timeout",
    kind: number(0),
    hardened: () => "2000",
    takesEffect: "at once",
    risk: "when the peer dies, every commit in flight stalls for 10 seconds",
    why: "Longest stall when the peer dies, in milliseconds; the second copy is given up then",
    source: "measured; MariaDB: Semisynchronous Replication",
  },
  {
    option: "slave_net_timeout",
    kind: number(1, 31536000),
    hardened: () => "10",
    takesEffect: "at once",
    risk: "a peer that froze or was cut off is noticed only after 60 seconds",
    why: "A frozen peer is noticed after so many seconds",
    source: "measured",
  },
  {
    option: "gtid_strict_mode",
    kind: ON_OFF,
    hardened: () => "ON",
    takesEffect: "at once",
    risk: "a transaction that would make the binary log inconsistent is written all the same",
    why: "Refuses transactions out of order instead of logging them",
    source: "measured; MariaDB: Global Transaction ID",
  },
  {
    option: "innodb_lock_wait_timeout",
    kind: number(0, 1073741824),
    hardened: () => "5",
    takesEffect: "new sessions",
    risk: "with innodb_deadlock_detect=OFF two deadlocked clients hang for 50 seconds, then both fail",
    why: "Deadlocked clients wait at most so many seconds",
    source: "measured",
  },
  ...["default_storage_engine", "enforce_storage_engine"].map(
    (option): Setting => ({
      option,
      kind: { is: "name" },
      takesEffect: "at once",
      refuses: (engine) => {
        const because = unfitness(engine);
        return because && `of a table with that engine, ${because}`;
      },
      why: "The engine of new tables",
      source: "the pair",
    }),
  ),
  {
    option: "log_slave_updates",
    kind: ON_OFF,
    takesEffect: "restart",
    refuses: only("OFF", "two nodes need no relaying, and each one's binary log must hold its own sessions only"),
    why: "Whether what comes from the peer is logged again",
    source: "verified with the pair",
  },
  writable("read_only", "at once", "both nodes take sessions", "Whether clients may only read"),
  {
    ...writable(
      "transaction_read_only",
      "new sessions",
      "both nodes take sessions",
      "Whether transactions may only read",
    ),
    variable: (version) => (version.has("transaction_isolation") ? "transaction_read_only" : "tx_read_only"),
  },
  writable("innodb_read_only", "restart", "both nodes take sessions", "Whether InnoDB may only read"),
  {
    ...writable(
      "innodb_force_recovery",
      "restart",
      "with another value InnoDB keeps rows from being written or cleaned up",
      "How much InnoDB leaves out in order to start with damaged files",
      "0",
    ),
    kind: number(0, 6),
  },
  writable(
    "autocommit",
    "new sessions",
    "what a client writes and does not commit by itself is rolled back when it leaves",
    "Whether each statement is committed by itself",
    "ON",
  ),
  {
    ...writable(
      "sql_select_limit",
      "new sessions",
      "with less proxies find no session",
      "How many rows a SELECT gives at the most",
      "18446744073709551615",
    ),
    kind: number(0),
  },
  {
    ...writable(
      "read_binlog_speed_limit",
      "at once",
      "with a limit rows of the peer arrive late",
      "How many KB of its source's binary log a replica reads in a second; 0: as many as come",
      "0",
    ),
    kind: number(0),
  },
  {
    ...writable(
      "slave_max_statement_time",
      "at once",
      "with a limit a statement of the peer that takes longer stops replication",
      "How many seconds a replica gives a statement of its source; 0: as many as it takes",
      "0",
    ),
    kind: { is: "number", min: 0, isDecimal: true },
  },
  writable("sql_safe_updates", "new sessions", "proxies change rows without a key", "Whether a change needs a key"),
  writable(
    "skip_networking",
    "restart",
    "the peer and the proxies come over the network",
    "Whether nobody may come over it",
  ),
];

/** Belong to where the server runs, and are given there. */
export const SETTINGS_OF_THE_HOST: readonly string[] = ["port", "socket", "datadir", "pid_file", "log_error", "user"];

/** Filters of the binary log, which most versions show in SHOW MASTER STATUS only, and there under these names. */
export const SOURCE_FILTERS: Readonly<Record<string, string>> = {
  binlog_do_db: "Binlog_Do_DB",
  binlog_ignore_db: "Binlog_Ignore_DB",
};

/** Options that a pair runs without, or with one value only, and that its file does not name: filters, and what keeps proxies from writing. */
export const UNWRITTEN: readonly string[] = SETTINGS.filter(({ only }) => only !== undefined).map(
  ({ option }) => option,
);

/** While the server resizes its redo log, the new file lies beside the former one: `pair/room.ts` asks for that room. */
export const REDO_LOG_SIZE = "innodb_log_file_size";

const BY_OPTION = new Map(SETTINGS.map((setting) => [setting.option, setting]));

export const settingOf = (option: string): Setting | undefined => BY_OPTION.get(option);

/** `slave-skip-errors` and `slave_skip_errors` are the same option. */
export const optionName = (given: string): string => given.trim().toLowerCase().replaceAll("-", "_");

/** The values of a profile, by option. */
export function profileValues(profile: Profile, node: NodeFacts): Map<string, SettingValue> {
  const values = new Map<string, SettingValue>();
  for (const setting of SETTINGS) {
    const value = inProfile(profile, setting)?.(node);
    if (value !== undefined) values.set(setting.option, value);
  }
  return values;
}
