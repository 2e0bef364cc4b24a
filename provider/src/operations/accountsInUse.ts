import { machineOf } from "../hosts/defaults";
import { dropAccounts } from "../mariadb/accounts";
import { giveUp } from "../mariadb/register";
import { connectedReplicas } from "../mariadb/replication";
import type { Server } from "../mariadb/server";
import { accountKey } from "../recipe/accounts/accounts";
import { accountsAmong, type Declaration } from "../recipe/claims";
import { ofRun, progress } from "../run";

/** Accounts that a program has no more while a replica still logs in with them: without one, the replica would not come back from any pause. */

type Drop = (source: Server) => Promise<void>;

/** By machine of the source, what waits for its links. */
const waiting = ofRun(() => new Map<string, Drop>());

/**
 * Those of these objects that can be dropped at once. The others wait for the change of a link in this run, and stay if there is none.
 * @param objects former accounts, in the words of the register
 * @param users names that accounts of the program have: what is former of these has another one in its place
 */
export async function withoutThoseInUse(
  server: Server,
  declaration: Declaration,
  objects: readonly string[],
  users: readonly string[],
): Promise<string[]> {
  if (objects.length === 0) return [];
  const using = await connectedReplicas(server);
  const isInUse = (object: string) =>
    accountsAmong([object]).some(({ user }) => using.includes(user) && !users.includes(user));
  const kept = objects.filter(isInUse);
  if (kept.length === 0) return [...objects];
  progress(
    `${server.name}: ${accountsAmong(kept).map(accountKey).join(", ")} stays while a replica logs in with it; it is dropped when that has gone over to another one`,
  );
  waiting().set(machineOf(server.connection.host), (source) =>
    giveUp(source, declaration, kept, (free) => dropAccounts(source, accountsAmong(free))),
  );
  return objects.filter((object) => !isInUse(object));
}

/** Drops what the replica of this source used until now. */
export async function dropThoseNotUsedAnyMore(source: Server): Promise<void> {
  const machine = machineOf(source.connection.host);
  const drop = waiting().get(machine);
  waiting().delete(machine);
  await drop?.(source);
}
