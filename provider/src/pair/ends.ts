import { nameOf } from "../mariadb/connection";
import type { Server } from "../mariadb/server";

/** The two servers of one direction. */
export interface Ends {
  readonly replica: Server;
  readonly source: Server;
}

/** `db1<-db2`: db1 replicates from db2. */
export const direction = (replica: Server, source: Server): string =>
  `${nameOf(replica.connection)}<-${nameOf(source.connection)}`;
