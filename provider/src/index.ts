/** What programs import from `pulumi-replicated-session-store`. */
export type {
  PairDatabaseArgs,
  PairLink,
  PairNode,
  PairNodeArgs,
  PairSchemaArgs,
  ReplicatedSessionStoreArgs,
} from "./components/pairArgs";
export { ReplicatedSessionStore } from "./components/ReplicatedSessionStore";
export type { DockerHostInputs, HostInputs, LocalHostInputs, SshHostInputs, SshLogin } from "./hosts/inputs";
export type { Admin, Connection, DirectAccess } from "./mariadb/connection";
export type { LocalMariaDbInputs } from "./operations/LocalMariaDb";
export type { MariaDbNodeInputs } from "./operations/MariaDbNode";
export type { ReplicationLinkInputs } from "./operations/ReplicationLink";
export type { SessionStoreDatabaseInputs } from "./operations/SessionStoreDatabase";
export type { SessionStoreSchemaInputs } from "./operations/SessionStoreSchema";
export type {
  AccountInputs,
  AccountState,
  AccountsInputs,
  ExtraAccountInputs,
  RotatingAccountInputs,
} from "./recipe/accounts/accounts";
export type { Advice } from "./recipe/advice";
export type { Profile } from "./recipe/names";
export type { GivenSettings } from "./recipe/settings/ofNode";
export type { SettingInput } from "./recipe/settings/values";
export type { LinkTls, NodeTls, TlsRequirement } from "./recipe/tls";
export type { Args, ConnectionArgs, Defaulted, Nested } from "./resources/args";
export { LocalMariaDb, type LocalMariaDbArgs } from "./resources/LocalMariaDb";
export { MariaDbNode, type MariaDbNodeArgs } from "./resources/MariaDbNode";
export { ReplicationLink, type ReplicationLinkArgs } from "./resources/ReplicationLink";
export { SessionStoreDatabase, type SessionStoreDatabaseArgs } from "./resources/SessionStoreDatabase";
export { SessionStoreSchema, type SessionStoreSchemaArgs } from "./resources/SessionStoreSchema";
export {
  type AccountsArgs,
  type RoleAccount,
  SessionStoreUsers,
  type SessionStoreUsersArgs,
} from "./resources/SessionStoreUsers";
