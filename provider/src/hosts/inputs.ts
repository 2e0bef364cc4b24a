/** Where servers run, as programs say it: one type for each kind of machine. */

export type { DockerHostInputs, HostInputs, LocalHostInputs, SshHostInputs, SshLogin } from "../inputs";

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
