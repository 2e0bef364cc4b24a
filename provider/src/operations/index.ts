/**
 * What the dynamic provider process loads, by the name `pulumi-replicated-session-store/provider`. That name and these are written into
 * users' state: never rename them.
 */
export { LocalMariaDb } from "./LocalMariaDb";
export { MariaDbNode } from "./MariaDbNode";
export { ReplicationLink } from "./ReplicationLink";
export { SessionStoreDatabase } from "./SessionStoreDatabase";
export { SessionStoreSchema } from "./SessionStoreSchema";
export { SessionStoreUsers } from "./SessionStoreUsers";
