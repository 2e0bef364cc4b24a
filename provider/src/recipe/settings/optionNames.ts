import { SETTINGS, SETTINGS_OF_THE_HOST } from "./table";

/** Which option the server takes a name in an option file for. Its rules are those of MariaDB's my_getopt. */

/** Options that name a file, and that a later `log_basename` takes the word from. The service itself says where its pid file is. */
export const NAMED_BY_BASENAME = [
  "relay_log",
  "relay_log_index",
  "slow_query_log_file",
  "log_slow_query_file",
  "general_log_file",
  "log_error",
];

/** Options that no line may change between two starts of a server. */
export const LASTING = [
  "port",
  "socket",
  "datadir",
  "innodb_page_size",
  "innodb_data_file_path",
  "lower_case_table_names",
  // No variable: a server that has it lets everybody in.
  "skip_grant_tables",
] as const;

/** What the pair has to do with, whatever a program sets. */
export const KNOWN_OPTIONS: ReadonlySet<string> = new Set([
  ...SETTINGS.map(({ option }) => option),
  ...SETTINGS_OF_THE_HOST,
  ...NAMED_BY_BASENAME,
  ...LASTING,
]);

/** An option with another name, or one that also sets another option; and what the value is there. */
const ALIASES = new Map<string, readonly [option: string, value?: (given: string | undefined) => string]>([
  ["ansi", ["transaction_isolation"]],
  ["binlog_expire_logs_seconds", ["expire_logs_days", (seconds) => String(Number.parseFloat(seconds ?? "1") / 86400)]],
  ["debug_gdb", ["gdb"]],
  ["log_slow_min_examined_row_limit", ["min_examined_row_limit"]],
  ["log_slow_query", ["slow_query_log"]],
  ["log_slow_query_file", ["slow_query_log_file"]],
  ["log_slow_query_time", ["long_query_time"]],
  ["old_alter_table", ["alter_algorithm"]],
  ["slave_parallel_workers", ["slave_parallel_threads"]],
  ["table_cache", ["table_open_cache"]],
  ["tmp_memory_table_size", ["tmp_table_size"]],
]);

/** Options that begin the names of others: their own names stand for themselves. Of MariaDB 10.5 to 11.8, without plugins. */
const BEGIN_OTHERS: ReadonlySet<string> = new Set(
  `aria_group_commit binlog_gtid_index debug feedback flush general_log innodb
  innodb_adaptive_flushing innodb_adaptive_hash_index innodb_buffer_page innodb_buffer_pool_size innodb_cmp
  innodb_cmp_per_index innodb_cmpmem innodb_defragment innodb_defragment_fill_factor innodb_io_capacity
  innodb_max_dirty_pages_pct innodb_max_purge_lag innodb_monitor_reset innodb_read_only innodb_stats_persistent
  innodb_scrub_log innodb_status_output innodb_sys_foreign innodb_sys_tables lc_messages log_bin log_bin_compress log_slow_query log_tc
  old optimizer_trace performance_schema performance_schema_consumer_events_stages_history
  performance_schema_consumer_events_statements_history performance_schema_consumer_events_transactions_history
  performance_schema_consumer_events_waits_history plugin_load port relay_log slow_query_log ssl ssl_ca ssl_crl
  sync_relay_log table_open_cache user version wsrep_provider wsrep_sst_donor`.split(/\s+/),
);

/** An option as a line says it. */
export interface Said {
  readonly option: string;
  readonly value: string | undefined;
}

/** An option as the server takes it. */
export interface Meant extends Said {
  /** True of `skip-log-bin`, which no value says: `log-bin=0` names a file. */
  readonly isOff?: true;
  /** What the line says besides. */
  readonly also?: Said;
}

/** @param known names that a beginning may stand for */
export function optionMeant({ option, value }: Said, known: ReadonlySet<string>): Meant {
  // What is before the first dot names a cache or a connection; most options take no notice of it.
  let name = option.replace(/^[^.]+\.(?=.)/, "");
  let prefix = "";
  for (;;) {
    const found = find(name, known);
    if (found) return withoutAlias(negated(prefix, { option: found, value }));
    const [, word, rest] = /^(skip|disable|enable|loose)_(.+)$/.exec(name) ?? [];
    if (!word || !rest) return { option, value };
    [prefix, name] = [word, rest];
  }
}

/** The option of that name, or the only one that begins so. */
function find(name: string, known: ReadonlySet<string>): string | undefined {
  if (known.has(name) || ALIASES.has(name) || BEGIN_OTHERS.has(name)) return name;
  const all = new Set([...known, ...ALIASES.keys()].filter((one) => one.startsWith(name)));
  return all.size === 1 ? [...all][0] : undefined;
}

/** `skip-log-bin=0` is `log-bin`. */
function negated(prefix: string, { option, value }: Said): Meant {
  if (prefix === "" || prefix === "loose") return { option, value };
  const isOn = (prefix === "enable") !== (value === "0");
  return isOn ? { option, value: undefined } : { option, value: "0", isOff: true };
}

function withoutAlias(meant: Meant): Meant {
  const [option, valueThere] = ALIASES.get(meant.option) ?? [];
  if (!option) return meant;
  if (meant.option === "ansi") return { option, value: "SERIALIZABLE", also: { option: "sql_mode", value: "ANSI" } };
  return valueThere ? { option, value: valueThere(meant.value) } : { ...meant, option };
}
