import { compareGrants } from "../recipe/accounts/grants";
import { renderGrant } from "../recipe/accounts/grantText";
import type { Server } from "./server";

/** Those of these privileges that the account of a session no longer has. Whoever lacks some is answered as if less were there. */
export async function lackingRights(server: Server, privileges: readonly string[]): Promise<string[]> {
  const rows = await server.query("SHOW GRANTS");
  const grants = rows.map((row) => String(Object.values(row)[0]));
  const { missing } = compareGrants([renderGrant("*.*", privileges)], grants, {
    version: server.version,
    lowerCaseNames: false,
  });
  return missing.flatMap((part) => part.privileges);
}
