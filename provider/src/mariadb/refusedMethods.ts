import { isDeepStrictEqual } from "node:util";
import type { Connection } from "../inputs";
import type { WantedAccount } from "../recipe/accounts/accounts";
import { NATIVE } from "../recipe/accounts/password";
import { openToRemove } from "./admin";
import { nameOf } from "./connection";
import { askIfThere } from "./open";
import { whyNoHashes } from "./passwordPolicy";
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

/** An account that gets a password, where one of these servers takes none from this library. They are asked where they can be. */
export async function refusedPasswords(
  servers: readonly Connection[],
  wanted: readonly WantedAccount[],
  known: readonly WantedAccount[],
): Promise<{ property: string; reason: string }[]> {
  const gets = wanted.find((account) => !known.some((one) => isDeepStrictEqual(loginOf(one), loginOf(account))));
  if (!gets) return [];
  for (const server of servers) {
    const reason = await askIfThere(server, whyNoHashes, openToRemove);
    if (reason) return [{ property: `${gets.property}.password`, reason }];
  }
  return [];
}

const loginOf = ({ user, host, authentication, passwords }: WantedAccount) => [user, host, authentication, passwords];
