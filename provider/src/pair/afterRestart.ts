import type { Connection } from "../inputs";
import { openServer } from "../mariadb/open";
import { runningSettings, type SettingChange, settingChanges, unwantedSettings } from "../mariadb/settings";
import { settingOf, UNWRITTEN } from "../recipe/settings/table";

/** What a server has after its restart, and should not have. */

/** What the pair runs without, and only a start takes away. */
export const isOfStart = (option: string): boolean =>
  UNWRITTEN.includes(option) && settingOf(option)?.takesEffect === "restart";

/** What is in no option file comes from the command line, or from a file that only the server reads. */
export async function refuseLeft(connection: Connection): Promise<void> {
  await using server = await openServer(connection);
  const left = Object.entries(await unwantedSettings(server)).filter(([option]) => isOfStart(option));
  if (left.length === 0) return;
  throw new Error(
    `${server.name} has restarted and still runs with ${left.map(([option, value]) => `${option}=${value}`).join(", ")}, with which no pair ` +
      "works. No option file says so: take it off the command line that starts the server, such as the container's or the service's.",
  );
}

/** A server that makes something else of a value at each start would be restarted for it by each `up`. */
export async function refuseOtherValues(connection: Connection, changes: readonly SettingChange[]): Promise<void> {
  const restarted = changes.flatMap(({ option, takesEffect, wanted }) =>
    takesEffect === "restart" && wanted !== undefined && isSaidByFile(option) ? [[option, wanted] as const] : [],
  );
  if (restarted.length === 0) return;
  await using server = await openServer(connection);
  const wanted = Object.fromEntries(restarted);
  const left = (await settingChanges(server, [], wanted)).filter(({ option }) => option in wanted);
  if (left.length === 0) return;
  const running = await runningSettings(server, wanted);
  const told = left.map(({ option }) => `${option}=${running[option]} where its option file says ${wanted[option]}`);
  throw new Error(
    `${server.name} has restarted and runs with ${told.join(", ")}. Either the command line that starts it says so, or the server itself makes that of the value. ` +
      'Take it off the command line, or give the value with which it runs in "settings".',
  );
}

/** What our file says, and no other input does. */
const isSaidByFile = (option: string): boolean => !UNWRITTEN.includes(option) && settingOf(option)?.of === undefined;
