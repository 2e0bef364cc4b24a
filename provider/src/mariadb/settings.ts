import type { Connection } from "../inputs";
import { nearestOption, type Settings } from "../recipe/settings/ofNode";
import { type Effect, SOURCE_FILTERS, settingOf, UNWRITTEN } from "../recipe/settings/table";
import { canonical, refusal, type SettingKind, type SettingValue, sameValue, toSql } from "../recipe/settings/values";
import { askIfThere } from "./open";
import { sourceStatus } from "./replication";
import type { Row, Server } from "./server";

/** One server variable as the server itself describes it. */
interface Variable {
  readonly name: string;
  readonly running: string;
  readonly kind: SettingKind;
  readonly readOnly: boolean;
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
 * The running values of the wanted settings; one that means the same stands in the wanted spelling. Also what the pair runs without, where
 * the server has it.
 */
export async function runningSettings(server: Server, wanted: Settings): Promise<Settings> {
  const variables = await readVariables(server, [...Object.keys(wanted), ...UNWRITTEN]);
  const running = Object.entries(wanted)
    .filter(([option]) => !UNWRITTEN.includes(option))
    .map(([option, value]) => {
      const variable = variables.get(option);
      if (!variable) return [option, settingOf(option)?.since ? value : `unknown to MariaDB ${server.version.number}`];
      return [option, sameValue(variable.kind, variable.running, value) ? value : shown(variable)];
    });
  return { ...Object.fromEntries(running), ...unwanted(variables) };
}

/** Filters beyond those of the pair: what they keep back does not arrive, though its GTIDs do. */
export const unwantedFilters = async (server: Server): Promise<Settings> =>
  unwanted(await readVariables(server, UNWRITTEN));

const unwanted = (variables: ReadonlyMap<string, Variable>): Settings =>
  Object.fromEntries(
    [...variables].flatMap(([option, variable]) => {
      const only = settingOf(option)?.only;
      const isWanted = only === undefined || sameValue(variable.kind, variable.running, only);
      return isWanted ? [] : [[option, shown(variable)]];
    }),
  );

/** What has to be done so that the server runs with the wanted settings, and no longer with those of `former` that are not wanted. */
export async function settingChanges(server: Server, former: Settings, wanted: Settings): Promise<SettingChange[]> {
  const dropped = Object.keys(former).filter((option) => !(option in wanted));
  const variables = await readVariables(server, [...Object.keys(wanted), ...dropped, ...UNWRITTEN]);
  const changes: SettingChange[] = [];
  for (const [option, variable] of variables) {
    const value = settingOf(option)?.only ?? wanted[option];
    if (value !== undefined && sameValue(variable.kind, variable.running, value)) continue;
    const takesEffect = settingOf(option)?.takesEffect ?? (variable.readOnly ? "restart" : "at once");
    changes.push({ option, variable: variable.name, kind: variable.kind, takesEffect, wanted: value });
  }
  return changes;
}

/** What this server can't take of the wanted settings. Its own catalogue of variables decides. */
async function refusedSettings(server: Server, wanted: Settings): Promise<{ option: string; reason: string }[]> {
  const variables = await readVariables(server, Object.keys(wanted));
  const refused: { option: string; reason: string }[] = [];
  for (const [option, value] of Object.entries(wanted)) {
    const variable = variables.get(option);
    if (variable) {
      const reason = refusal(variable.kind, value);
      if (reason) refused.push({ option, reason: `${reason} (${server.name}, MariaDB ${server.version.number})` });
    } else if (!settingOf(option)?.since) {
      const nearest = settingOf(option) ? undefined : nearestOption(option, await variableNames(server));
      const hint = nearest ? `; did you mean "${nearest}"?` : "";
      const reason = `${server.name} (MariaDB ${server.version.number}) has no such option${hint}`;
      refused.push({ option, reason });
    }
  }
  return refused;
}

/** The same of a server that can be asked already. Of another it is asked before anything is touched there. */
export async function refusedIfThere(
  where: Connection,
  wanted: Settings,
): Promise<{ option: string; reason: string }[]> {
  return (await askIfThere(where, (server) => refusedSettings(server, wanted))) ?? [];
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
  const value = change.wanted;
  if (value === undefined) await server.query(`SET GLOBAL ${change.variable} = DEFAULT`);
  else await server.query(`SET GLOBAL ${change.variable} = ?`, [toSql(change.kind, value)]);
}

async function readVariables(server: Server, options: readonly string[]): Promise<Map<string, Variable>> {
  const names = new Map(options.map((option) => [variableName(server, option), option]));
  const rows = await server.query(
    `SELECT VARIABLE_NAME, GLOBAL_VALUE, VARIABLE_TYPE, NUMERIC_MIN_VALUE, NUMERIC_MAX_VALUE, NUMERIC_BLOCK_SIZE,
            ENUM_VALUE_LIST, READ_ONLY
       FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME IN (?)`,
    [[...names.keys()].map((name) => name.toUpperCase())],
  );
  const variables = new Map<string, Variable>();
  for (const option of options) {
    const name = variableName(server, option);
    const row = rows.find((candidate) => String(candidate["VARIABLE_NAME"]).toLowerCase() === name);
    if (row) variables.set(option, variableOf(option, name, row));
  }
  if (options.some((option) => option in SOURCE_FILTERS)) {
    for (const filter of await sourceFilters(server)) variables.set(filter.name, filter);
  }
  return variables;
}

/** The filters of the binary log; none while it is off. */
async function sourceFilters(server: Server): Promise<Variable[]> {
  const status = await sourceStatus(server);
  return Object.entries(SOURCE_FILTERS).map(([name, column]) => ({
    name,
    running: String(status?.[column] ?? ""),
    kind: settingOf(name)?.kind ?? { is: "text" },
    readOnly: true,
  }));
}

function variableOf(option: string, name: string, row: Row): Variable {
  const setting = settingOf(option);
  const text = String(row["GLOBAL_VALUE"] ?? "");
  const step = stepOf(row);
  return {
    name,
    running: setting?.readBack?.(text) ?? text,
    kind: setting?.kind.is === "number" ? { step, ...setting.kind } : (setting?.kind ?? kindFromCatalogue(row)),
    readOnly: row["READ_ONLY"] === "YES",
  };
}

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
      return { is: "set" };
    case "FLAGSET":
      return { is: "switches" };
    case "VARCHAR":
      return { is: /^\w+$/.test(String(row["GLOBAL_VALUE"])) ? "name" : "text" };
    default:
      return {
        is: "number",
        min: Number(row["NUMERIC_MIN_VALUE"]),
        max: Number(row["NUMERIC_MAX_VALUE"]),
        step: stepOf(row),
      };
  }
}

const stepOf = (row: Row): number => Number(row["NUMERIC_BLOCK_SIZE"] ?? 1);

function shown({ kind, running }: Variable): SettingValue {
  if (kind.is === "patterns") return running === "" ? [] : running.split(",");
  return kind.is === "number" || kind.is === "boolean" ? canonical(kind, running) : running;
}

const variableName = (server: Server, option: string): string =>
  settingOf(option)?.variable?.(server.version) ?? option;
