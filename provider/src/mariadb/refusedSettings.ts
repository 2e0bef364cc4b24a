import { posix } from "node:path";
import type { Connection } from "../inputs";
import { didYouMean } from "../recipe/nearest";
import { meaningOf, placesLog } from "../recipe/settings/foreignLines";
import { likelyMisspelt, type Settings } from "../recipe/settings/ofNode";
import { describeLine, isReadBy, type OptionLine } from "../recipe/settings/optionFile";
import { noSuchSetting, variableOnly } from "../recipe/settings/settingNames";
import { LOG_IN_INNODB, settingOf } from "../recipe/settings/table";
import { refusal, sameValue } from "../recipe/settings/values";
import { progress } from "../run";
import { openToRemove } from "./admin";
import { nameOf } from "./connection";
import { askIfThere } from "./open";
import { readOptions } from "./optionFiles";
import { refusedAddress } from "./refusedAddress";
import { refusedInitConnect } from "./refusedInitConnect";
import type { Server } from "./server";
import { readVariables, type Variable } from "./settings";

/** Which of the wanted settings a server can't take, or would not start with, found before anything is touched. */

/** What this server can't take of the wanted settings. Its own catalogue of variables decides. */
async function refusedSettings(server: Server, wanted: Settings): Promise<{ option: string; reason: string }[]> {
  const variables = await readVariables(server, wanted);
  const refused = [
    ...(await refusedLog(server)),
    ...refusedAddress(server, wanted),
    ...(await refusedInitConnect(server, wanted)),
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
