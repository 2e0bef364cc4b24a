import { isDeepStrictEqual } from "node:util";
import type { Connection } from "../inputs";
import type { WantedAccount } from "../recipe/accounts/accounts";
import { EXTRA } from "../recipe/accounts/accounts";
import { versionProblem } from "../recipe/accounts/grants";
import { NATIVE } from "../recipe/accounts/password";
import { Version } from "../recipe/version";
import { openToRemove } from "./admin";
import { nameOf } from "./connection";
import { askIfThere } from "./open";
import { whyNoHashes } from "./passwordPolicy";
import type { Server } from "./server";

/** What a server can't give to the accounts of a program, though MariaDB as such can. Each is asked where it can be. */

/** Accounts whose passwords the server has nothing to check by. */
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

/** What accounts of a program's own are to be allowed, and a server of this version has no name for. */
export async function refusedPrivileges(
  where: Connection,
  wanted: readonly WantedAccount[],
): Promise<{ property: string; reason: string }[]> {
  const given = wanted.filter(({ role, grants }) => role === EXTRA && grants.some(isRecent));
  if (given.length === 0) return [];
  return (await askIfThere(where, async (server) => missingPrivileges(server, given), openToRemove)) ?? [];
}

/** Whether some server lacks what is wanted. */
const isRecent = (grant: string): boolean => versionProblem(grant, Version.parse("0.0.0")) !== undefined;

/** The same of a server that could not be asked before: nothing is touched then. */
export function refuseMissingPrivileges(server: Server, wanted: readonly WantedAccount[]): void {
  const [first] = missingPrivileges(
    server,
    wanted.filter(({ role }) => role === EXTRA),
  );
  if (first) throw new Error(`${first.property}: ${first.reason}. None of its accounts was changed`);
}

const missingPrivileges = (server: Server, given: readonly WantedAccount[]) => {
  const found = given.flatMap(({ property, grants }) =>
    grants.flatMap((text, index) => {
      const problem = versionProblem(text, server.version);
      return problem ? [[`${property}.grants.${index}`, `${server.name}: ${problem}`] as const] : [];
    }),
  );
  return [...new Map(found)].map(([property, reason]) => ({ property, reason }));
};

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
