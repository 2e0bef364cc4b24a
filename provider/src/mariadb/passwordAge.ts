import { accountKey } from "../recipe/accounts/accounts";
import { accountsAmong } from "../recipe/claims";
import { declaredObjects } from "./register";
import type { Server } from "./server";

/** When the server's clock last saw the passwords of declared accounts change, by account: ours, and those of the accounts' resources. */
export async function passwordChanges(server: Server): Promise<ReadonlyMap<string, Date>> {
  const accounts = accountsAmong(await declaredObjects(server));
  if (accounts.length === 0) return new Map();
  const rows = await server.query(
    `SELECT User, Host, JSON_VALUE(Priv, '$.password_last_changed') AS changed FROM mysql.global_priv
      WHERE (User, Host) IN (?) ORDER BY 1, 2`,
    [accounts.map(({ user, host }) => [user, host])],
  );
  const dated = rows.filter(({ changed }) => Number(changed) > 0);
  return new Map(
    dated.map(({ User, Host, changed }) => [
      accountKey({ user: String(User), host: String(Host) }),
      new Date(Number(changed) * 1000),
    ]),
  );
}
