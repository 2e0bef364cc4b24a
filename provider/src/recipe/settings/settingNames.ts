import { didYouMean } from "../nearest";
import { SETTINGS } from "./table";

/** What is said of a setting by whose name servers have no variable. */

/** Options of which servers show no value: of MariaDB 10.5 to 11.8, those that an operator may want. */
export const WITHOUT_VALUE: ReadonlySet<string> = new Set(
  `binlog_row_event_max_size character_set_client_handshake chroot console core_file debug_gdb des_key_file external_locking feedback gdb
  init_rpl_role innodb innodb_status_file log_ddl_recovery log_isam log_short_format log_tc master_info_file master_retry_count memlock
  old_style_user_limits partition performance_schema_instrument plugin_load plugin_load_add port_open_timeout replicate_same_server_id
  safe_user_create sequence show_slave_auth_info silent_startup skip_grant_tables skip_slave_start stack_trace symbolic_links sysdate_is_now
  tc_heuristic_recover temp_pool transaction_registry unix_socket user_variables wsrep_new_cluster`.split(/\s+/),
);

/** Variables with another name than the option that gives them at a start. */
const OPTION_OF: ReadonlyMap<string, string> = new Map([
  ["log_bin_basename", "log_bin"],
  ["storage_engine", "default_storage_engine"],
  ["time_zone", "default_time_zone"],
  ["tx_isolation", "transaction_isolation"],
  ["tx_read_only", "transaction_read_only"],
]);

/** Why a name is none that can be given. @param names all variables of the server */
export function noSuchSetting(option: string, server: string, names: readonly string[]): string {
  if (WITHOUT_VALUE.has(option) || option.startsWith("performance_schema_consumer_"))
    return `is an option of which servers show no value, so that it could not be kept; put it into an option file of your own (${server})`;
  return `${server} has no such option${hint(option, [...names, ...SETTINGS.map((setting) => setting.option)])}`;
}

function hint(option: string, names: readonly string[]): string {
  const [, prefix, rest = ""] = /^(skip|disable|enable|loose)_(.+)$/.exec(option) ?? [];
  const [plain] = prefix ? begun(rest, names) : [];
  if (plain) return `; give ${plain}${prefix === "loose" ? "" : `: ${prefix === "enable"}`}`;
  const longer = begun(option, names).slice(0, 3);
  if (longer.length > 0) return `; did you mean ${longer.map((name) => `"${name}"`).join(" or ")}?`;
  return didYouMean(option, names);
}

/** Names that a beginning may stand for, the pair's own first. */
function begun(beginning: string, names: readonly string[]): string[] {
  const isOwn = (name: string) => SETTINGS.some(({ option }) => option === name);
  const all = [...new Set(names)].filter((name) => name.startsWith(beginning));
  if (all.includes(beginning)) return [beginning];
  return [...all.filter(isOwn).sort(), ...all.filter((name) => !isOwn(name)).sort()];
}

/** Why a variable that is no option can't be given. */
export function variableOnly(name: string): string {
  const option = OPTION_OF.get(name);
  return `is a variable only, which no option file may have${option ? `; give the option "${option}"` : ""}`;
}
