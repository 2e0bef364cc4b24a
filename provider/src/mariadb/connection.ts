import type { HostInputs } from "../hosts/inputs";

/** How one server of the pair is reached, and by whom. Other resources get it from `MariaDbNode.connection`. */
export interface Connection {
  /** How messages name the server. @default `<address>:<port>` */
  readonly name?: string;
  /** The machine that runs it. Statements travel through it too, to the server's own socket. */
  readonly host: HostInputs;
  /** Name or IP address at which the peer and the proxies reach the server. */
  readonly address: string;
  /** TCP port of the server. @default 3306 */
  readonly port: number;
  /** The account with which this library changes the server. `MariaDbNode` makes it. */
  readonly admin: Admin;
  /**
   * Statements go straight to `address` and `port`, with TLS, and through the machine only where that fails, as before the server has
   * its certificate. A change touches nothing but the admin's second account. @default they go through the machine
   */
  readonly direct?: DirectAccess;
}

/** How statements go to the server without a detour. */
export interface DirectAccess {
  /** The authority that signed the server's certificate, in PEM format. The certificate must name the server's `address`. */
  readonly ca: string;
  /** From where the admin account may log in then, with TLS only: an address, or a pattern with `%`. @default % */
  readonly from: string;
}

/** The account with which this library changes a server. It may log in on the server's own machine only, unless `direct` is given. */
export interface Admin {
  /** Another name makes another account; the former one is left. @default `session_store_admin` */
  readonly user: string;
  /** A change is made by MariaDB's root through the socket, at once. May be overridden by the environment variable SESSION_STORE_ADMIN_PASSWORD, when the one in the state is out of date. */
  readonly password: string;
}

export function nameOf(connection: Connection): string {
  return connection.name ?? `${connection.address}:${connection.port}`;
}

/** The admin's password, unless the environment has another one. */
export const adminPassword = ({ admin }: Connection): string =>
  process.env["SESSION_STORE_ADMIN_PASSWORD"] ?? admin.password;
