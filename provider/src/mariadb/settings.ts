import { posix } from "node:path";
import type { Connection } from "../inputs";
import { didYouMean } from "../recipe/nearest";
import { meaningOf, placesLog } from "../recipe/settings/foreignLines";
import { likelyMisspelt, type NotedSettings, type Settings } from "../recipe/settings/ofNode";
import { describeLine, isReadBy, type OptionLine } from "../recipe/settings/optionFile";
import { noSuchSetting, variableOnly } from "../recipe/settings/settingNames";
import { type Effect, LOG_IN_INNODB, SOURCE_FILTERS, settingOf, UNWRITTEN } from "../recipe/settings/table";
import {
  canonical,
  type NumberKind,
  refusal,
  type SettingKind,
  type SettingValue,
  sameValue,
  toSql,
} from "../recipe/settings/values";
import { progress } from "../run";
import { openToRemove } from "./admin";
import { nameOf } from "./connection";
import { askIfThere } from "./open";
import { readOptions } from "./optionFiles";
import { refusedAddress } from "./refusedAddress";
import { sourceStatus } from "./replication";
import { setGlobal } from "./rights";
import type { Row, Server } from "./server";

/** One server variable as the server itself describes it. */
interface Variable {
  readonly name: string;
  readonly running: string;
  readonly kind: SettingKind;
  readonly readOnly: boolean;
  /** False: with it in an option file no server starts. */
  readonly isOption: boolean;
  /** Undefined: the server does not say. */
  readonly byDefault: string | undefined;
}

/** A setting whose running value is not the wanted one. */
export interface SettingChange {
  readonly option: string;
  readonly variable: string;
  readonly kind: SettingKind;
  readonly takesEffect: Effect;
  /** Undefined: back to the server's default. */
  readonly wanted: SettingValue | undefined;
}

/**
 * The running values of the wanted settings; one that means the same stands in the wanted spelling. Also what the pair runs without, and what
 * it was given and is not wanted, where the server has it.
 */
export async function runningSettings(server: Server, wanted: Settings, noted: NotedSettings = []): Promise<Settings> {
  const variables = await readVariables(server, { ...UNWRITTEN_VALUES, ...Object.fromEntries(noted), ...wanted });
  const running = Object.entries(wanted)
    .filter(([option]) => !UNWRITTEN.includes(option))
    .map(([option, value]) => {
      const variable = variables.get(option);
      if (!variable) return [option, settingOf(option)?.since ? value : `unknown to MariaDB ${server.version.number}`];
      return [option, sameValue(variable.kind, variable.running, value) ? value : shown(variable)];
    });
  const left = [...variables].filter(([option, variable]) => !(option in wanted) && isLeft(option, variable, noted));
  return {
    ...Object.fromEntries([...running, ...left.map(([option, variable]) => [option, shown(variable)])]),
    ...unwanted(variables),
  };
}

/** True while a server runs with what it was given, which is not what it runs with by default. */
const isLeft = (option: string, { kind, running, byDefault }: Variable, noted: NotedSettings): boolean =>
  noted.some(([name, value]) => name === option && sameValue(kind, running, value)) &&
  !(byDefault !== undefined && sameValue(kind, running, byDefault));

/** What the pair runs without, where the server has it: as filters beyond those of the pair, which keep rows back though their GTIDs arrive. */
export const unwantedSettings = async (server: Server): Promise<Settings> =>
  unwanted(await readVariables(server, UNWRITTEN_VALUES));

const unwanted = (variables: ReadonlyMap<string, Variable>): Settings =>
  Object.fromEntries(
    [...variables].flatMap(([option, variable]) => {
      const only = settingOf(option)?.only;
      const isWanted = only === undefined || sameValue(variable.kind, variable.running, only);
      return isWanted ? [] : [[option, shown(variable)]];
    }),
  );

/** What has to be done so that the server runs with the wanted settings, and no longer with those of `former` that are not wanted. */
export async function settingChanges(
  server: Server,
  former: NotedSettings,
  wanted: Settings,
): Promise<SettingChange[]> {
  const values = { ...UNWRITTEN_VALUES, ...wanted, ...Object.fromEntries(former), ...wanted };
  const variables = await readVariables(server, values);
  const changes: SettingChange[] = [];
  for (const [option, variable] of variables) {
    const value = settingOf(option)?.only ?? wanted[option];
    if (value !== undefined && sameValue(variable.kind, variable.running, value)) continue;
    // Else it was refused, the server never started with it, or somebody else has given it another value.
    if (value === undefined && !isLeft(option, variable, former)) continue;
    const takesEffect = settingOf(option)?.takesEffect ?? (variable.readOnly ? "restart" : "at once");
    changes.push({ option, variable: variable.name, kind: variable.kind, takesEffect, wanted: value });
  }
  return changes;
}

/** What this server can't take of the wanted settings. Its own catalogue of variables decides. */
async function refusedSettings(server: Server, wanted: Settings): Promise<{ option: string; reason: string }[]> {
  const variables = await readVariables(server, wanted);
  const refused = [
    ...(await refusedLog(server)),
    ...refusedAddress(server, wanted),
    ...(await refusedPlaces(server, wanted, variables)),
    ...(await unknownNames(server, wanted)),
  ];
  for (const [option, value] of Object.entries(wanted)) {
    const variable = variables.get(option);
    if (variable) {
      const reason = variable.isOption ? refusal(variable.kind, value) : variableOnly(option);
      if (reason) refused.push({ option, reason: `${reason} (${server.name}, MariaDB ${server.version.number})` });
    } else if (!settingOf(option)?.since) {
      const seen = `${server.name} (MariaDB ${server.version.number})`;
      refused.push({ option, reason: noSuchSetting(option, seen, await variableNames(server)) });
    }
  }
  return refused;
}

/**
 * The same of a server that can be asked already, also where our account is still to be made. Of another it is asked before anything is touched
 * there.
 */
export async function refusedIfThere(
  where: Connection,
  wanted: Settings,
): Promise<{ option: string; reason: string }[]> {
  const refused = await askIfThere(where, (server) => refusedSettings(server, wanted), openToRemove);
  if (refused) return refused;
  for (const { option, meant } of likelyMisspelt(wanted)) {
    progress(
      `${nameOf(where)}: settings.${option}: did you mean "${meant}"? The server knows whether there is such an option; it is asked before anything is changed on it`,
    );
  }
  return [];
}

/** A server that has its binary log in InnoDB: to take it back into files would leave the log that the peer reads. */
async function refusedLog(server: Server): Promise<{ option: string; reason: string }[]> {
  if (!server.version.has("binary log in InnoDB")) return [];
  const engine = await server.value("SELECT @@GLOBAL.binlog_storage_engine");
  if (!engine) return [];
  const reason =
    `${server.name} runs with ${engine}: ${LOG_IN_INNODB}. Before it joins a pair, remove that line from its option files and restart it; the log ` +
    "that it has now can't be read then, so its peer is to be seeded from it";
  return [{ option: "binlog_storage_engine", reason }];
}

/** Settings with which the next start would leave the binary log that the server has, and begin another. */
async function refusedPlaces(server: Server, wanted: Settings, variables: ReadonlyMap<string, Variable>) {
  const moved = [...variables].filter(([option, { kind, running }]) => {
    const value = wanted[option];
    return settingOf(option)?.placesLog && value !== undefined && !sameValue(kind, running, value);
  });
  const option = moved.at(0)?.[0];
  if (option === undefined) return [];
  const log = await server.row(
    "SELECT @@log_bin_basename AS base, @@log_bin_index AS `index`, @@datadir AS datadir, @@gtid_binlog_state AS state",
  );
  if (!log?.["base"]) return [];
  const lines = await linesOnPlace(server);
  // It has nothing in it that a new one would count again, and nobody says where it should be.
  if (!log["state"] && !lines.some(({ value }) => value !== undefined)) return [];
  const [base, index] = [log["base"], log["index"]].map((file) => posix.resolve(String(log["datadir"]), String(file)));
  const told = [`log_bin: ${JSON.stringify(base)}`];
  if (index !== `${base}.index`) told.push(`log_bin_index: ${JSON.stringify(index)}`);
  const saidBy = lines.length === 0 ? "" : ` (${lines.map(describeLine).join("; ")})`;
  const at = log["state"] ? `it is at ${log["state"]}` : "it has none yet";
  const reason =
    `the binary log of ${server.name} is ${base}.*${saidBy}. With ${option}=${wanted[option]} its next start would leave that log and ` +
    `begin another, whose transactions get the numbers of earlier ones (${at}): the peer would take new sessions for ones that it has, and lose ` +
    `them. To keep the log where it is, say so in the node's settings: { ${told.join(", ")} }; log_basename is left out then`;
  return [{ option, reason }];
}

/** The operator's last lines on the place of the log. */
async function linesOnPlace({ host, version }: Server): Promise<OptionLine[]> {
  const ours = await host.settingsFile();
  const lines = (await readOptions(host)).lines.filter((line) => line.file !== ours && isReadBy(line, version.number));
  return [...new Map(lines.filter(placesLog).map((line) => [meaningOf(line).option, line])).values()];
}

/** What servers have of the kinds that settings name: with another name, one of them would not start. */
const NAMED = [
  { options: /^character_set_(?!s_dir)/, column: "CHARACTER_SET_NAME", table: "CHARACTER_SETS" },
  { options: /^collation_/, column: "COLLATION_NAME", table: "COLLATIONS" },
  { options: /_storage_engine$|^default_tmp_storage_engine$/, column: "ENGINE", table: "ENGINES" },
];

async function unknownNames(server: Server, wanted: Settings): Promise<{ option: string; reason: string }[]> {
  const given = Object.entries(wanted).flatMap(([option, name]) => {
    const named = NAMED.find(({ options }) => options.test(option));
    return named && name !== "" ? [{ option, name: String(name), ...named }] : [];
  });
  const refused = [];
  for (const { option, name, column, table } of given) {
    const rows = await server.query(`SELECT DISTINCT ${column} AS name FROM information_schema.${table}`);
    const names = rows.map((row) => String(row["name"]).toLowerCase());
    // A collation that fits several character sets is listed without them.
    if (names.some((one) => `_${name.toLowerCase()}`.endsWith(`_${one}`))) continue;
    const hint = didYouMean(name.toLowerCase(), names);
    refused.push({ option, reason: `${server.name} (MariaDB ${server.version.number}) knows no "${name}"${hint}` });
  }
  return refused;
}

async function variableNames(server: Server): Promise<string[]> {
  const rows = await server.query("SELECT LOWER(VARIABLE_NAME) AS name FROM information_schema.SYSTEM_VARIABLES");
  return rows.map((row) => String(row["name"]));
}

/** Refuses, before anything is touched, what this server can't take. */
export async function refuseSettings(server: Server, settings: Settings): Promise<void> {
  const refused = await refusedSettings(server, settings);
  if (refused.length === 0) return;
  throw new Error(
    `nothing was touched: ${refused.map(({ option, reason }) => `settings.${option}: ${reason}`).join("; ")}`,
  );
}

/** Gives a running server the wanted value. What needs a restart is for the restart to do. */
export async function setRunning(server: Server, change: SettingChange): Promise<void> {
  const value = change.wanted ?? settingOf(change.option)?.byDefault;
  await setGlobal(server, change.variable, value === undefined ? undefined : toSql(change.kind, value));
}

/** @param values what is wanted of each option, which decides where its running value is looked for */
async function readVariables(server: Server, values: Settings): Promise<Map<string, Variable>> {
  const names = new Map(Object.entries(values).map(([option, value]) => [option, variableName(server, option, value)]));
  const rows = await server.query(
    `SELECT VARIABLE_NAME, GLOBAL_VALUE, DEFAULT_VALUE, VARIABLE_TYPE, NUMERIC_MIN_VALUE, NUMERIC_MAX_VALUE, NUMERIC_BLOCK_SIZE,
            ENUM_VALUE_LIST, READ_ONLY, COMMAND_LINE_ARGUMENT
       FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME IN (?)`,
    [[...names.values(), ...READ_BACK_BY].map((name) => name.toUpperCase())],
  );
  for (const row of rows) {
    if (String(row["GLOBAL_VALUE"]).length < SHOWN_AT_MOST) continue;
    row["GLOBAL_VALUE"] = await server.value("SELECT @@GLOBAL.??", [String(row["VARIABLE_NAME"])]);
  }
  const rowOf = (name: string) => rows.find((row) => String(row["VARIABLE_NAME"]).toLowerCase() === name);
  const textOf = (name: string) => String(rowOf(name)?.["GLOBAL_VALUE"] ?? "");
  const variables = new Map<string, Variable>();
  for (const [option, name] of names) {
    const row = rowOf(name);
    if (row) variables.set(option, variableOf(option, name, row, textOf));
  }
  if (Object.keys(values).some((option) => option in SOURCE_FILTERS)) {
    for (const filter of await sourceFilters(server)) variables.set(filter.name, filter);
  }
  return variables;
}

/** So many characters of a value, its catalogue has. */
const SHOWN_AT_MOST = 2048;

/** The filters of the binary log; none while it is off. */
async function sourceFilters(server: Server): Promise<Variable[]> {
  const status = await sourceStatus(server);
  return Object.entries(SOURCE_FILTERS).map(([name, column]) => ({
    name,
    running: String(status?.[column] ?? ""),
    kind: settingOf(name)?.kind ?? { is: "text" },
    readOnly: true,
    isOption: true,
    byDefault: undefined,
  }));
}

function variableOf(option: string, name: string, row: Row, textOf: (variable: string) => string): Variable {
  const setting = settingOf(option);
  const text = textOf(name);
  return {
    name,
    running: setting?.readBack?.(text, textOf) ?? text,
    kind: setting?.kind.is === "number" ? within(setting.kind, row) : (setting?.kind ?? kindFromCatalogue(row)),
    readOnly: row["READ_ONLY"] === "YES",
    // Of the pair's own options some have another name in files than the variable.
    isOption: setting !== undefined || row["COMMAND_LINE_ARGUMENT"] !== null || UNTOLD_OPTIONS.includes(name),
    byDefault: setting?.byDefault ?? (setting?.readBack ? undefined : defaultIn(row)),
  };
}

const defaultIn = (row: Row): string | undefined =>
  row["DEFAULT_VALUE"] === null ? undefined : String(row["DEFAULT_VALUE"]);

/** Options of which servers don't tell that they are. */
const UNTOLD_OPTIONS = [
  "character_set_filesystem",
  "character_set_server",
  "collation_server",
  "default_tmp_storage_engine",
  "gtid_pos_auto_engines",
  "lc_messages",
  "lc_time_names",
  "relay_log_index",
  "slave_parallel_mode",
];

/** The kind of a variable that our own table doesn't have. */
function kindFromCatalogue(row: Row): SettingKind {
  switch (String(row["VARIABLE_TYPE"])) {
    case "BOOLEAN":
      return { is: "boolean" };
    case "ENUM": {
      const list = row["ENUM_VALUE_LIST"];
      return list === null ? { is: "name" } : { is: "choice", of: String(list).split(",") };
    }
    case "SET":
      return { is: "set", of: String(row["ENUM_VALUE_LIST"]).split(",") };
    case "FLAGSET":
      return { is: "switches", of: String(row["ENUM_VALUE_LIST"]).split(",") };
    case "VARCHAR":
      // By what it is set to, a text may look like a name.
      return { is: /^\w+$/.test(defaultIn(row) ?? String(row["GLOBAL_VALUE"])) && !isFile(row) ? "name" : "text" };
    default:
      return within({ is: "number" }, row);
  }
}

/** Names of files differ by case. */
const isFile = (row: Row): boolean =>
  /file|dir$|_log$|_index$|basename|socket|path/i.test(String(row["VARIABLE_NAME"]));

/** What both the pair and this server take: other versions have other limits. */
const within = ({ isDecimal: _, ...kind }: NumberKind, row: Row): NumberKind => ({
  ...kind,
  ...(row["VARIABLE_TYPE"] === "DOUBLE" && { isDecimal: true }),
  min: Math.max(kind.min ?? Number.NEGATIVE_INFINITY, Number(row["NUMERIC_MIN_VALUE"])),
  max: Math.min(kind.max ?? Number.POSITIVE_INFINITY, Number(row["NUMERIC_MAX_VALUE"])),
  step: Number(row["NUMERIC_BLOCK_SIZE"] ?? 1),
});

function shown({ kind, running }: Variable): SettingValue {
  if (kind.is === "patterns") return running === "" ? [] : running.split(",");
  return kind.is === "number" || kind.is === "boolean" ? canonical(kind, running) : running;
}

const variableName = (server: Server, option: string, wanted: SettingValue): string =>
  settingOf(option)?.variable?.(server.version, wanted) ?? option;

/** What the pair runs without, by option. */
const UNWRITTEN_VALUES: Settings = Object.fromEntries(
  UNWRITTEN.map((option) => [option, settingOf(option)?.only ?? ""]),
);

/** Variables by which the place of a log is read back. */
const READ_BACK_BY = ["datadir", "log_bin_index"];
