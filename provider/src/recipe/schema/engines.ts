/** Storage engines that don't keep the rows of a replicated table on both nodes, and what becomes of the rows. */

const ELSEWHERE = "its rows lie in another place, which both nodes would write";
const NO_ROWS = "it keeps no rows of its own";

/** A clean restart empties its tables. Then the server logs a TRUNCATE for each. */
const LOST_AT_RESTART = "MEMORY";

const UNFIT: Readonly<Record<string, string>> = {
  [LOST_AT_RESTART]: "a restart empties it, on the peer too, because the server then logs TRUNCATE TABLE",
  BLACKHOLE: NO_ROWS,
  MRG_MYISAM: NO_ROWS,
  SEQUENCE: NO_ROWS,
  OQGRAPH: NO_ROWS,
  SPHINX: ELSEWHERE,
  FEDERATED: ELSEWHERE,
  SPIDER: ELSEWHERE,
  CONNECT: ELSEWHERE,
  S3: ELSEWHERE,
};

/** Other names of the same, as statements may have them. The server shows those above. */
const ALIASES: Readonly<Record<string, string>> = { HEAP: "MEMORY", MERGE: "MRG_MYISAM", FEDERATEDX: "FEDERATED" };

export const UNFIT_ENGINES: readonly string[] = Object.keys(UNFIT);
export const ENGINES_LOST_AT_RESTART: readonly string[] = [LOST_AT_RESTART];

/** Why rows in tables of this engine don't last; undefined where they do. */
export function unfitness(engine: string): string | undefined {
  const name = engine.toUpperCase();
  return UNFIT[ALIASES[name] ?? name];
}

/** A table whose engine doesn't keep its rows. */
export interface UnfitTable {
  /** With its database. */
  readonly table: string;
  readonly engine: string;
}

/** What is wrong with such tables, and the statements that repair it. */
export function describeUnfit(tables: readonly UnfitTable[]): string {
  const each = tables.map(({ table, engine }) => `${table} is ENGINE=${engine}: ${unfitness(engine)}`).join("; ");
  const repairs = tables.map(({ table }) => `ALTER TABLE ${table} ENGINE=InnoDB`).join("; ");
  return `${each}. Run on one node, from where it reaches the other: ${repairs}. Where a table may lose its rows, give it a name that does not replicate`;
}
