/** The operations of each resource type, for every front end. */
export { ContainerHealth } from "./ContainerHealth";
export { LocalMariaDb } from "./LocalMariaDb";
export { MariaDbNode } from "./MariaDbNode";
export { ReplicationLink } from "./ReplicationLink";
export { SessionStoreDatabase } from "./SessionStoreDatabase";
export { SessionStoreSchema } from "./SessionStoreSchema";
export { SessionStoreUsers } from "./SessionStoreUsers";
