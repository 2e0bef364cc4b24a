import type { HostPair } from "./hostPair";

/** A table that replicates. */
export const TABLE = "replicated_session_store.a_session";

/** A session that either node gets is on both. */
export async function expectSessionsBothWays(pair: HostPair, id: string, table = TABLE): Promise<void> {
  const [one, two] = pair.hosts;
  await one.sql(`INSERT INTO ${table} (id) VALUES ('${id}-1')`);
  await two.sql(`INSERT INTO ${table} (id) VALUES ('${id}-2')`);
  await pair.catchUp();
  for (const host of pair.hosts) {
    expect(await host.sql(`SELECT id FROM ${table} WHERE id LIKE '${id}-_' ORDER BY 1`)).toBe(`${id}-1\n${id}-2`);
  }
}
