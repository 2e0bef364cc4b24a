import type { Server } from "../mariadb/server";
import { allTables, replicatedTables } from "../mariadb/tables";
import { isBeingSeeded } from "./seeding";

/** Tables of the database that the peer replicates and this server doesn't have. A peer that is not whole yet has no say in that. */
export async function lackingTables(server: Server, peer: Server, database: string): Promise<string[]> {
  if (await isBeingSeeded(peer)) return [];
  const [own, others] = await Promise.all([allTables(server, database), replicatedTables(peer, database)]);
  return others.map(({ table }) => table).filter((table) => !own.includes(table));
}
