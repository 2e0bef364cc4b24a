import { isDeepStrictEqual } from "node:util";
import type { NotedSettings, Settings } from "../recipe/settings/ofNode";
import { makeRegister, SETTINGS, unlessMissing } from "./register";
import type { Server } from "./server";

/**
 * Notes in a server's register of the settings that it is given. A run that fails after it has set some is not in the state: when the program takes
 * them back, nothing else knows that the server still runs with them.
 */

/** The settings that runs have set on the server, or were about to: those of the last one that ended well, and of all that failed since. */
export async function notedSettings(server: Server): Promise<NotedSettings> {
  const rows = await server.query("SELECT name, value FROM ??.??", [...SETTINGS]).catch(unlessMissing);
  return rows.map((row) => [String(row["name"]), JSON.parse(String(row["value"]))] as const);
}

/** Notes settings before the server is given them. Writes nothing where they are there. */
export async function noteSettings(server: Server, settings: Settings): Promise<void> {
  const noted = await notedSettings(server);
  const missing = Object.entries(settings).filter((setting) => !noted.some((each) => isDeepStrictEqual(each, setting)));
  if (missing.length === 0) return;
  await makeRegister(server);
  await server.query("INSERT INTO ??.?? VALUES ?", [...SETTINGS, missing.map(settingRow)]);
}

/** Strikes out all but these: the server has them, and nothing of the others is left. Writes nothing where there are no others. */
export async function forgetSettings(server: Server, kept: Settings): Promise<void> {
  const others = (await notedSettings(server)).filter(([name, value]) => !isDeepStrictEqual(kept[name], value));
  if (others.length > 0)
    await server.query("DELETE FROM ??.?? WHERE (name, value) IN (?)", [...SETTINGS, others.map(settingRow)]);
}

const settingRow = ([name, value]: NotedSettings[number]): [string, string] => [name, JSON.stringify(value)];
