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
export type {
  AccountInputs,
  AccountState,
  AccountsInputs,
  Admin,
  Advice,
  ClientAccountInputs,
  Connection,
  ContainerHealthInputs,
  DirectAccess,
  DockerHostInputs,
  ExtraAccountInputs,
  HostInputs,
  LocalHostInputs,
  LocalMariaDbInputs,
  MariaDbNodeInputs,
  NodeTls,
  Reminders,
  ReplicationLinkInputs,
  RotatingAccountInputs,
  SessionStoreDatabaseInputs,
  SessionStoreSchemaInputs,
  SshHostInputs,
  SshLogin,
  Viewer,
} from "./inputs";
export type { Profile } from "./recipe/names";
export type { GivenSettings } from "./recipe/settings/ofNode";
export type { SettingInput } from "./recipe/settings/values";
export type { LinkTls, TlsRequirement } from "./recipe/tls";
export type { Args, ConnectionArgs, Defaulted, Nested, WithDefaults } from "./resources/args";
export { ContainerHealth, type ContainerHealthArgs } from "./resources/ContainerHealth";
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
