import type { Connection } from "../inputs";
import type { WantedAccount } from "../recipe/accounts/accounts";
import { NATIVE } from "../recipe/accounts/password";
import { openToRemove } from "./admin";
import { nameOf } from "./connection";
import { askIfThere } from "./open";
import type { Server } from "./server";

/** Accounts whose passwords the server has nothing to check by. It is asked where it can be. */
export async function refusedMethods(
  where: Connection,
  wanted: readonly WantedAccount[],
): Promise<{ property: string; reason: string }[]> {
  const others = wanted.filter(({ authentication }) => authentication !== NATIVE);
  if (others.length === 0) return [];
  const missing = await askIfThere(where, (server) => missingPlugins(server, others), openToRemove);
  return others
    .filter(({ authentication }) => missing?.includes(authentication))
    .map(({ property, authentication }) => ({
      property: `${property}.authentication`,
      reason: `${nameOf(where)} does not have the plugin ${authentication}: run INSTALL SONAME 'auth_${authentication}' on both nodes, or leave this out`,
    }));
}

async function missingPlugins(server: Server, accounts: readonly WantedAccount[]): Promise<string[]> {
  const names = [...new Set(accounts.map(({ authentication }) => authentication))];
  const rows = await server.query(
    "SELECT PLUGIN_NAME AS name FROM information_schema.PLUGINS WHERE PLUGIN_STATUS = 'ACTIVE' AND PLUGIN_NAME IN (?)",
    [names],
  );
  return names.filter((name) => !rows.some((row) => row["name"] === name));
}
