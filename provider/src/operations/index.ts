import * as operations from "./all";
import { dynamic } from "./dynamic";

/**
 * What the dynamic provider process loads, by the name `pulumi-replicated-session-store/provider`. That name and these are written into
 * users' state: never rename them.
 */
export const ContainerHealth = dynamic(operations.ContainerHealth);
export const LocalMariaDb = dynamic(operations.LocalMariaDb);
export const MariaDbNode = dynamic(operations.MariaDbNode);
export const ReplicationLink = dynamic(operations.ReplicationLink);
export const SessionStoreDatabase = dynamic(operations.SessionStoreDatabase);
export const SessionStoreSchema = dynamic(operations.SessionStoreSchema);
export const SessionStoreUsers = dynamic(operations.SessionStoreUsers);
