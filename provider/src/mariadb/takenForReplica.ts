import { accountKey } from "../recipe/accounts/accounts";
import { takenAccount } from "../recipe/accounts/clientHosts";
import type { Client } from "../recipe/accounts/hostPatterns";
import { IS_NO_ROLE } from "./accountRows";
import type { Server } from "./server";

/** Which account a source takes for a replica that it refuses: the error says from where the source sees it come. */
export async function takenForReplica(
  source: Server,
  replica: Server,
  user: string,
  refusal: string,
): Promise<string | undefined> {
  const from = /Access denied for user '.*?'@'([^']*)'/s.exec(refusal)?.[1];
  if (from === undefined) return undefined;
  const rows = await source.query(
    `SELECT User AS user, Host AS host FROM mysql.global_priv WHERE User IN (?, '') AND ${IS_NO_ROLE}`,
    [user],
  );
  const accounts = rows.map(({ user, host }) => ({ user: String(user), host: String(host) }));
  const taken = takenAccount(accounts, user, clientOf(from, replica.connection.address));
  return taken && accountKey(taken);
}

const isAddress = (text: string): boolean => /^[\d.]+$|:/.test(text);

/** A replica comes over the network. Where the source shows its name, its address is the one that it is reached at, if that is one. */
function clientOf(from: string, address: string): Client {
  if (isAddress(from)) return { ip: from };
  if (from === "localhost") return { host: from, ip: "127.0.0.1" };
  return isAddress(address) ? { host: from, ip: address } : { host: from };
}
