import type { HostInputs } from "../inputs";

/** What a machine is taken to be where a program does not say, and where its server is. */

/** What an SSH host is taken to be where a program does not say. */
export const SSH_DEFAULTS = { port: 22, user: "root", bootDeadline: 300, install: false } as const;

/** Environment variable with the path of a private key. */
export const SSH_KEY_FILE = "SESSION_STORE_SSH_KEY_FILE";

/** Of the official image: its mariadb.cnf includes mariadb.conf.d first and conf.d last. */
export const DEFAULT_CONFIG_DIRECTORY = "/etc/mysql/conf.d";

/**
 * The part of what is said of a machine that tells where its server is reached, unless a program says otherwise. Undefined: there is none.
 * It may be a value or an output.
 */
export const addressIn = <T>(host: {
  readonly kind: unknown;
  readonly address?: T;
  readonly container?: T;
}): T | undefined => host.address ?? host.container;

/** Which machine is meant, whatever is said of how it lets us in. */
export function machineOf(host: HostInputs): string {
  switch (host.kind) {
    case "local":
      return JSON.stringify([host.kind, host.directory]);
    case "ssh":
      return JSON.stringify([host.kind, host.address, host.port]);
    case "docker":
      return JSON.stringify([host.kind, host.engine, host.container]);
  }
}
