import type { Connection } from "../inputs";

export function nameOf(connection: Connection): string {
  return connection.name ?? placeOf(connection);
}

/** Where it is reached, by which servers are told apart. */
export const placeOf = ({ address, port }: Connection): string => `${address}:${port}`;

export const ADMIN_PASSWORD = "SESSION_STORE_ADMIN_PASSWORD";

/** The admin's password, unless the environment has another one. */
export const adminPassword = ({ admin }: Connection): string => process.env[ADMIN_PASSWORD] ?? admin.password;
