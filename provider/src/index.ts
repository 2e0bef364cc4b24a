/** What programs import from `pulumi-replicated-session-store`. */
export {
  type PairDatabaseArgs,
  type PairLink,
  type PairNode,
  type PairNodeArgs,
  ReplicatedSessionStore,
  type ReplicatedSessionStoreArgs,
} from "./components/ReplicatedSessionStore";
export type { HostInputs, LocalHostInputs } from "./hosts/Host";
export type { Connection } from "./mariadb/server";
export type { Advice } from "./recipe/advice";
export type { ConnectionArgs } from "./resources/args";
export { LocalMariaDb, type LocalMariaDbArgs } from "./resources/LocalMariaDb";
export { MariaDbNode, type MariaDbNodeArgs } from "./resources/MariaDbNode";
export { ReplicationLink, type ReplicationLinkArgs } from "./resources/ReplicationLink";
export { SessionStoreDatabase, type SessionStoreDatabaseArgs } from "./resources/SessionStoreDatabase";
export { SessionStoreSchema, type SessionStoreSchemaArgs } from "./resources/SessionStoreSchema";
export { type AccountsArgs, SessionStoreUsers, type SessionStoreUsersArgs } from "./resources/SessionStoreUsers";
