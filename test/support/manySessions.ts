import type { Server } from "../../provider/src/mariadb/server";
import { SessionClient } from "./sessionClient";

/** Sessions in the amounts that proxies have, each with two attributes. */

const DATABASE = "replicated_session_store";
const TABLES = ["session", "session_attribute"] as const;
/** Rows that one statement makes. */
const BATCH = 20_000;

const ATTRIBUTES = `CREATE TABLE IF NOT EXISTS ${DATABASE}.session_attribute (
  session_id VARCHAR(64), name VARCHAR(32), value BLOB, changed TIMESTAMP(3) NULL, PRIMARY KEY (session_id, name),
  CONSTRAINT of_session FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE) ENGINE=InnoDB`;

/** Makes the tables and fills them, as a client of this server: all of it reaches the peer. In the order of the keys it takes half the time. */
export async function fillSessions(server: Server, count: number): Promise<void> {
  await server.logged(async () => {
    await server.query(SessionClient.TABLE);
    await server.query(ATTRIBUTES);
    for (let from = 1; from <= count; from += BATCH) {
      const rows = `seq_${from}_to_${Math.min(count, from + BATCH - 1)}`;
      await server.query(
        `INSERT INTO ${DATABASE}.session SELECT MD5(seq), CONCAT(seq, ' it''s "a" \\\\ session;\n-- é ', REPEAT('x', 100)) FROM ${DATABASE}.${rows} ORDER BY 1`,
        [],
        120_000,
      );
      await server.query(
        `INSERT INTO ${DATABASE}.session_attribute SELECT MD5(seq), name, UNHEX(REPEAT(MD5(seq), 4)), FROM_UNIXTIME(1700000000 + seq)
           FROM ${DATABASE}.${rows}, (SELECT 'user' AS name UNION SELECT 'roles') AS names ORDER BY 1, 2`,
        [],
        120_000,
      );
    }
  });
}

/** What tells two contents of the tables apart. */
export async function fingerprint(server: Server): Promise<string[]> {
  const rows = await server.query(
    `CHECKSUM TABLE ${TABLES.map((table) => `${DATABASE}.${table}`).join(", ")} EXTENDED`,
    [],
    600_000,
  );
  return rows.map((row) => `${row["Table"]}: ${row["Checksum"]}`);
}
