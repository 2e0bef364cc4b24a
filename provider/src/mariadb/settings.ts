import type { NotedSettings, Settings } from "../recipe/settings/ofNode";
import { type Effect, SOURCE_FILTERS, settingOf, UNWRITTEN } from "../recipe/settings/table";
import {
  canonical,
  type NumberKind,
  type SettingKind,
  type SettingValue,
  sameValue,
  toSql,
} from "../recipe/settings/values";
import { sourceStatus } from "./replication";
import { setGlobal } from "./rights";
import type { Row, Server } from "./server";

/** One server variable as the server itself describes it. */
export interface Variable {
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

/** Gives a running server the wanted value. What needs a restart is for the restart to do. */
export async function setRunning(server: Server, change: SettingChange): Promise<void> {
  const value = change.wanted ?? settingOf(change.option)?.byDefault;
  await setGlobal(server, change.variable, value === undefined ? undefined : toSql(change.kind, value));
}

/** @param values what is wanted of each option, which decides where its running value is looked for */
export async function readVariables(server: Server, values: Settings): Promise<Map<string, Variable>> {
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
export const UNTOLD_OPTIONS = [
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
